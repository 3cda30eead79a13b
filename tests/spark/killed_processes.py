"""Answer a DataFrame on two executor processes, and kill one of the processes midway; prints what came of it as JSON.

python tests/spark/killed_processes.py MODEL FOLDER executor|python
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pyspark

import tfbert.spark

EXECUTOR, PYTHON_WORKER = "CoarseGrainedExecutorBackend", "pyspark.daemon"
ROWS, PARTITIONS = 6000, 24


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
        .config("spark.executor.memory", "1g")
        .config("spark.sql.files.maxPartitionBytes", "4m")  # a partition for each file, so that nothing is shuffled
        .getOrCreate()
    )


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


def kill_midway(spark, named, killed):
    """Wait until two tasks of many are done, then kill the youngest process of that name."""
    tracker = spark.sparkContext.statusTracker()
    while not killed:
        for stage in tracker.getActiveStageIds():
            info = tracker.getStageInfo(stage)
            if info and info.numTasks == PARTITIONS and info.numCompletedTasks >= 2:
                process = descendants(named)[-1]
                os.kill(process, signal.SIGKILL)
                killed.append({"process": process, "stage": stage, "done": info.numCompletedTasks})
                return
        time.sleep(0.02)


def main(model, folder, target):
    spark = session(Path(folder) / "spark")
    spark.sparkContext.setLogLevel("ERROR")
    rows = [(row, None if row % 97 == 0 else f"cat {'good ' * (row % 9)}{row}") for row in range(ROWS)]
    spark.createDataFrame(rows, "id int, text string").repartition(PARTITIONS).write.parquet(f"{folder}/texts")
    killed = []
    named = {"executor": EXECUTOR, "python": PYTHON_WORKER}[target]
    killer = threading.Thread(target=kill_midway, args=(spark, named, killed), daemon=True)
    killer.start()
    texts = spark.read.parquet(f"{folder}/texts")
    tfbert.spark.predict(texts, model, archive=True).write.parquet(f"{folder}/answers")
    failed = spark.sparkContext.statusTracker().getStageInfo(killed[0]["stage"]).numFailedTasks
    rows = spark.read.parquet(f"{folder}/answers").count()
    spark.stop()
    print(json.dumps({"done": killed[0]["done"], "failed": failed, "rows": rows}))


if __name__ == "__main__":
    main(*sys.argv[1:])
