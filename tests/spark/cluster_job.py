"""Answer two DataFrames on a cluster, of which a process is killed midway, and then a stream; prints facts as JSON.

python tests/spark/cluster_job.py SAVED_MODEL LITERT ONNX FOLDER
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyspark

import tfbert.spark

EXECUTOR, PYTHON_WORKER = "CoarseGrainedExecutorBackend", "pyspark.daemon"
ROWS, PARTITIONS, BATCHES = 1200, 12, 2


def session(home):
    """A cluster on this machine: a master, and two workers that start an executor process each.

    Workers start executors by the scripts and libraries of SPARK_HOME, which are those of the package, and put what
    they write into its folder `work`: hence a home of links.
    """
    home.mkdir()
    for part in Path(pyspark.__file__).parent.iterdir():
        (home / part.name).symlink_to(part)
    os.environ["SPARK_HOME"] = str(home)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    return (
        pyspark.sql.SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.liveUpdate.period", "0")  # else the status of a stage is 100 ms behind
        .config("spark.executor.memory", "1g")
        .config("spark.sql.files.maxPartitionBytes", "4m")  # a partition for each file, so that nothing is shuffled
        .getOrCreate()
    )


def write_texts(folder):
    """Parquet files with the rows of a partition each."""
    folder.mkdir()
    rows = range(ROWS)
    texts = [None if row % 97 == 0 else f"cat {'good ' * (row % 9)}{row}" for row in rows]
    table = pa.table({"id": pa.array(rows, pa.int32()), "text": texts})
    for part in range(PARTITIONS):
        pq.write_table(table.slice(part * ROWS // PARTITIONS, ROWS // PARTITIONS), folder / f"{part:02}.parquet")


def descendants(named):
    """The processes below this one whose command line holds a name, youngest last."""
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            names[int(folder.name)] = (folder / "cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked

    def is_ours(process):
        while process in parents and process != os.getpid():
            process = parents[process]
        return process == os.getpid()

    return sorted(process for process, name in names.items() if named in name and is_ours(process))


def stages(spark, group):
    """What the stages of a group of jobs have come to, those with a task for each partition."""
    tracker = spark.sparkContext.statusTracker()
    ids = [stage for job in tracker.getJobIdsForGroup(group) for stage in tracker.getJobInfo(job).stageIds]
    found = [tracker.getStageInfo(stage) for stage in ids]
    return [stage for stage in found if stage and stage.numTasks == PARTITIONS]


def kill_midway(spark, named, facts):
    """Wait until two tasks of many are done, then kill the youngest process of that name while it has a task."""
    while not any(stage.numCompletedTasks >= 2 for stage in stages(spark, named)):
        time.sleep(0.02)
    process = descendants(named)[-1]
    os.kill(process, signal.SIGSTOP)  # between two tasks, it is given the next now and keeps it
    time.sleep(0.5)
    facts["done"] = stages(spark, named)[0].numCompletedTasks
    os.kill(process, signal.SIGKILL)


def answer_and_kill(spark, texts, model, output, named):
    """Write the answers of a model sent with the job, though a process is killed; return what came of it."""
    facts = {}
    spark.sparkContext.setJobGroup(named, f"{named} is killed")  # by which the killer tells this run from others
    killer = threading.Thread(target=kill_midway, args=(spark, named, facts), daemon=True)
    killer.start()
    tfbert.spark.predict(texts, model, archive=True).write.parquet(output)
    killer.join(10)
    return {**facts, "failed": stages(spark, named)[0].numFailedTasks}


def answer_stream(spark, texts, model, folder):
    """Write the answers to all files as a stream; return the rows of each batch that it had."""
    stream = spark.readStream.schema(texts.schema).option("maxFilesPerTrigger", PARTITIONS // BATCHES)
    query = (
        tfbert.spark.predict(stream.parquet(f"{folder}/texts"), model)
        .writeStream.format("parquet")
        .option("checkpointLocation", f"{folder}/checkpoint")
        .trigger(availableNow=True)
        .start(f"{folder}/stream")
    )
    query.awaitTermination()
    return [progress.numInputRows for progress in query.recentProgress if progress.numInputRows]


def main(saved_model, litert, onnx, folder):
    write_texts(Path(folder) / "texts")
    spark = session(Path(folder) / "spark")
    spark.sparkContext.setLogLevel("ERROR")
    texts = spark.read.schema("id int, text string").parquet(f"{folder}/texts")
    facts = {
        "python": answer_and_kill(spark, texts, saved_model, f"{folder}/python", PYTHON_WORKER),
        "executor": answer_and_kill(spark, texts, litert, f"{folder}/executor", EXECUTOR),
        "stream": answer_stream(spark, texts, onnx, folder),
    }
    spark.stop()
    print(json.dumps(facts))


if __name__ == "__main__":
    main(*sys.argv[1:])
