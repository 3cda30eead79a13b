"""models.config: what exports write, what operators wrote, and what is refused."""

import re

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tfbert.export.serving.batching_config import BATCH_SIZES, batching_text, check_batching
from tfbert.export.serving.models_config import (
    CONFIG_FILE,
    check_model_name,
    dns_name,
    read_models_config,
    serve_version,
    write_models_config,
)
from tfbert.serving import ServerOptions

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


def line(versions, label):
    specific = " ".join(f"versions: {version}" for version in versions)
    policy = f"model_version_policy {{ specific {{ {specific} }} }}"
    return f'    {policy} version_labels {{ key: "stable" value: {label} }}'


def test_upgrade_promotion_and_roll_back_are_one_line(tmp_path):
    first = served(tmp_path, "a", 1).splitlines()
    second = served(tmp_path, "a", 2).splitlines()
    assert len(first) == len(second)
    changed = [(old, new) for old, new in zip(first, second) if old != new]
    assert changed == [(line([1], 1), line([1, 2], 1))]  # the label stays with what is loaded
    assert line([1, 3], 1) in served(tmp_path, "a", 3).splitlines()
    promoted = (tmp_path / CONFIG_FILE).read_text().replace(line([1, 3], 1), line([1, 3], 3))
    (tmp_path / CONFIG_FILE).write_text(promoted)
    assert line([3, 4], 3) in served(tmp_path, "a", 4).splitlines()
    rolled_back = (tmp_path / CONFIG_FILE).read_text().replace("versions: 4 ", "")
    assert line([3], 3) in rolled_back.splitlines()
    theirs(rolled_back)


def test_labels_that_an_operator_took_away_stay_away(tmp_path):
    text = served(tmp_path, "a", 1)
    (tmp_path / CONFIG_FILE).write_text(text.replace(' version_labels { key: "stable" value: 1 }', ""))
    entry = theirs(served(tmp_path, "a", 2))["a"]
    assert (list(entry.model_version_policy.specific.versions), dict(entry.version_labels)) == ([2], {})


def test_what_operators_wrote_stays(tmp_path):
    (tmp_path / CONFIG_FILE).write_text(OF_AN_OPERATOR)
    before = theirs(OF_AN_OPERATOR)
    after = theirs(served(tmp_path, "a", 4))
    assert after["old"] == before["old"]
    assert after["a"].base_path == "gs://bucket/a"
    assert dict(after["a"].version_labels) == {"canary": 3, "stable": 2}
    assert list(after["a"].model_version_policy.specific.versions) == [2, 3, 4]
    assert after["a"].logging_config == before["a"].logging_config
    after = theirs(served(tmp_path, "old", 9))
    assert after["old"].model_version_policy.HasField("all")
    assert dict(after["old"].version_labels) == {}


@pytest.mark.parametrize("text", ["model_config_list {", "modells {}", "\udcff"])
def test_what_cannot_be_read_is_refused_and_kept(tmp_path, text):
    content = text.encode("utf-8", "surrogateescape")
    (tmp_path / CONFIG_FILE).write_bytes(content)
    with pytest.raises(ValueError, match=r"models\.config.*Repair or remove it"):
        read_models_config(tmp_path)
    assert (tmp_path / CONFIG_FILE).read_bytes() == content


@pytest.mark.parametrize("name", ["a b", "a/b", "..", "", "é", "12", 3, "a\n", None, "a" * 101])
def test_names_that_are_no_part_of_a_url_are_refused(name):
    with pytest.raises(ValueError, match="`name` must be of letters"):
        check_model_name(name)


def test_long_names_will_do_as_folders_and_are_cut_for_kubernetes():
    name = check_model_name("a" * 100)
    assert dns_name(name) == "a" * 40
    assert dns_name("a" * 39 + "_b") == "a" * 39
    assert [dns_name(name) for name in ("_", "-_-", "9", "A_b", "on")] == ["m", "m", "m-9", "a-b", "on"]


def test_the_batching_config_is_one_that_is_taken(tmp_path):
    path = tmp_path / "batching.config"
    path.write_text(batching_text())
    assert check_batching(path) == list(BATCH_SIZES)
    path.write_text("max_batch_size { value: 8 }")
    assert check_batching(path) == []
    path.write_text("max_batch_size { value: 8 } allowed_batch_sizes: 8 field_of_tomorrow { value: 3 }")
    assert check_batching(path) == [8]
    path.write_text("allowed_batch_sizes: 1000")
    assert check_batching(path) == [1000]


def test_the_largest_request_of_the_embedded_server_fits_the_batching_config():
    values = dict(re.findall(r"(\w+) { value: (\w+) }", batching_text()))
    assert int(values["max_batch_size"]) == ServerOptions().max_rows
    assert values["enable_large_batch_splitting"] == "true"
    parts = int(values["max_batch_size"]) / int(values["max_execution_batch_size"])
    assert int(values["max_enqueued_batches"]) >= parts  # or TF Serving's queue is too short for it, even empty


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("allowed_batch_sizes: 32\n", ""), "last of allowed_batch_sizes must be max_execution_batch_size, 32"),
        (("value: true", "value: false"), "last of allowed_batch_sizes must be max_batch_size, 4096"),
        (("max_execution_batch_size", "of_tomorrow"), "last of allowed_batch_sizes must be max_batch_size, 4096"),
        (("value: 4096", "value: 16"), "max_execution_batch_size must be at most max_batch_size, 16"),
        (("allowed_batch_sizes: 2\n", "allowed_batch_sizes: 9\n"), "must ascend"),
        (("value: 32", "value: x"), "BatchingParameters"),
    ],
)
def test_batching_configs_that_servers_refuse_are_refused(tmp_path, change, complaint):
    path = tmp_path / "batching.config"
    path.write_text(batching_text().replace(*change))
    with pytest.raises(ValueError, match=complaint):
        check_batching(path)
