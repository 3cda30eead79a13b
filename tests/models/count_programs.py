"""Print how many programs XLA has compiled after each use of a classifier: python count_programs.py FOLDER SCRATCH."""

import os
import sys
from pathlib import Path

folder, scratch = map(Path, sys.argv[1:])
os.environ["XLA_FLAGS"] = f"--xla_dump_to={scratch / 'programs'} --xla_dump_hlo_as_text"


from tfbert.tasks import TextClassifier  # noqa: E402
from tfbert.tasks.served_task import ServedTask  # noqa: E402


def count() -> int:
    """How many programs there are now."""
    return len(list((scratch / "programs").glob("*.before_optimizations.txt")))


def answer(task) -> None:
    """Ask for 15 lengths of text in batches of three sizes."""
    for rows in (1, 2, 3):
        task.predict(["cat " * words for words in range(2, 32, 2) for _ in range(rows)], batch_size=rows, verbose=0)


classifier = TextClassifier.from_pretrained(folder, max_length=32, execution="xla")
assert classifier.warm_up(batch_sizes=[1, 2, 3]) == 6
print(count())
answer(classifier)
print(count())
path = classifier.export(scratch / "served", jit_compile=True)
for file in (scratch / "programs").iterdir():
    file.unlink()
served = ServedTask(path)
assert served.warm_up(batch_sizes=[1, 2, 3]) == 6
print(count())
answer(served)
print(count())
