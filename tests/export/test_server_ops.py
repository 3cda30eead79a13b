"""The table of the stock server's ops against what the installed tensorflow-text registers."""

import tensorflow_text  # noqa: F401  # registers the ops
from tensorflow.core.framework.op_def_pb2 import OpList
from tensorflow.python.client import pywrap_tf_session

from tfbert.export.server_ops import SERVER_TEXT_OPS
from tfbert.export.verify import TEXT_OPS


def test_the_table_names_ops_that_there_are_and_all_that_exports_use():
    buffer = pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
    registered = {op.name for op in OpList.FromString(buffer).op}
    assert registered >= SERVER_TEXT_OPS >= TEXT_OPS
