"""models.config: what exports write, what operators wrote, and what is refused."""

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tfbert.export.serving.batching_config import BATCH_SIZES, batching_text, check_batching
from tfbert.export.serving.models_config import (
    CONFIG_FILE,
    check_model_name,
    read_models_config,
    serve_version,
    write_models_config,
)

OF_AN_OPERATOR = """
# the old one stays for a while
model_config_list: {
  config: { name: 'old' base_path: '/models/old' model_platform: 'tensorflow' model_version_policy: { all: {} } }
  config: { name: "a" base_path: "gs://bucket/a" model_platform: "tensorflow"
    model_version_policy { specific { versions: 3 versions: 2 } }
    version_labels { key: "canary" value: 3 } version_labels { key: "stable" value: 2 }
    logging_config { sampling_config { sampling_rate: 0.5 } } }
}
"""


def served(root, name, version):
    config = read_models_config(root)
    serve_version(config, name, version)
    write_models_config(root, config)
    return (root / CONFIG_FILE).read_text()


def theirs(text):
    """The config as TF Serving's own class reads it, its models by name."""
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    return {entry.name: entry for entry in config.model_config_list.config}


def test_a_new_config_serves_one_version_with_a_label(tmp_path):
    entry = theirs(served(tmp_path, "a", 1))["a"]
    assert (entry.base_path, entry.model_platform) == ("/models/a", "tensorflow")
    assert list(entry.model_version_policy.specific.versions) == [1]
    assert dict(entry.version_labels) == {"stable": 1}


def test_rolling_back_is_one_line(tmp_path):
    first = served(tmp_path, "a", 1).splitlines()
    second = served(tmp_path, "a", 2).splitlines()
    assert len(first) == len(second)
    assert [(old, new) for old, new in zip(first, second) if old != new] == [
        (
            '    model_version_policy { specific { versions: 1 } } version_labels { key: "stable" value: 1 }',
            '    model_version_policy { specific { versions: 2 } } version_labels { key: "stable" value: 2 }',
        )
    ]


def test_what_operators_wrote_stays(tmp_path):
    (tmp_path / CONFIG_FILE).write_text(OF_AN_OPERATOR)
    before = theirs(OF_AN_OPERATOR)
    after = theirs(served(tmp_path, "a", 4))
    assert after["old"] == before["old"]
    assert after["a"].base_path == "gs://bucket/a"
    assert dict(after["a"].version_labels) == {"canary": 3, "stable": 4}
    assert list(after["a"].model_version_policy.specific.versions) == [3, 4]
    assert after["a"].logging_config == before["a"].logging_config
    after = theirs(served(tmp_path, "old", 9))
    assert after["old"].model_version_policy.HasField("all")
    assert dict(after["old"].version_labels) == {"stable": 9}


@pytest.mark.parametrize("text", ["model_config_list {", "modells {}", "\udcff"])
def test_what_cannot_be_read_is_refused_and_kept(tmp_path, text):
    content = text.encode("utf-8", "surrogateescape")
    (tmp_path / CONFIG_FILE).write_bytes(content)
    with pytest.raises(ValueError, match=r"models\.config.*Repair or remove it"):
        read_models_config(tmp_path)
    assert (tmp_path / CONFIG_FILE).read_bytes() == content


@pytest.mark.parametrize("name", ["a b", "a/b", "..", "", "é", "12", 3, "a\n", None])
def test_names_that_are_no_part_of_a_url_are_refused(name):
    with pytest.raises(ValueError, match="`name` must be of letters"):
        check_model_name(name)


def test_the_batching_config_is_one_that_is_taken(tmp_path):
    path = tmp_path / "batching.config"
    path.write_text(batching_text())
    assert check_batching(path) == list(BATCH_SIZES)
    path.write_text("max_batch_size { value: 8 }")
    assert check_batching(path) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("allowed_batch_sizes: 32\n", ""), "last of allowed_batch_sizes must be max_batch_size, 32"),
        (("allowed_batch_sizes: 2\n", "allowed_batch_sizes: 9\n"), "must ascend"),
        (("max_batch_size", "most"), "BatchingParameters"),
        (("value: 32", "value: x"), "BatchingParameters"),
    ],
)
def test_batching_configs_that_servers_refuse_are_refused(tmp_path, change, complaint):
    path = tmp_path / "batching.config"
    path.write_text(batching_text().replace(*change))
    with pytest.raises(ValueError, match=complaint):
        check_batching(path)
