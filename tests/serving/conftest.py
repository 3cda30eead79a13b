"""Every task of the table, exported once."""

import functools

import pytest

from tests.tasks.pipelines.references import make_folder
from tests.tasks.task_table import TASKS

ROWS = {row.task: row for row in TASKS}


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """Return a function from a task's class name to the folder of its export, made once."""
    folder = tmp_path_factory.mktemp("served")

    @functools.cache
    def export(name):
        row = ROWS[name]
        return row.load(make_folder(folder, row.folder)).export(folder / name / "1")

    return export
