"""Files of texts and labels: every format, what is refused with file and row, what is skipped and counted."""

import itertools
import json
import logging
import subprocess
import sys

import pytest
import tensorflow as tf

from tfbert.training import read_table
from tfbert.training.callbacks.epochs import Epochs
from tfbert.training.data.table import Table

CONTEXT = "I live in Berlin, 北京 and Rome."
SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "Homes",
            "paragraphs": [
                {
                    "context": CONTEXT,
                    "qas": [
                        {"id": "1", "question": "Where?", "answers": [{"text": "Rome", "answer_start": 25}]},
                        {"id": "2", "question": "Who?", "is_impossible": True, "answers": []},
                    ],
                }
            ],
        }
    ],
}
SCORED = {"task": "text-embedding", "columns": {"score": "score"}}
SPAN = '{"text": "Ann", "spans": [{"start": 0, "end": 9, "label": "PER"}]}\n'


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file and returns its path."""

    def make(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def lines_of(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def rows_of(*arguments, **options):
    return [(row.inputs, row.target) for row in Table(*arguments, **options)]


def test_formats_of_a_table_hold_the_same(write, tmp_path):
    import pyarrow
    import pyarrow.parquet

    rows = [{"review": 'a "good", one', "stars": "5", "id": 1}, {"review": "bad\nbook", "stars": "1", "id": 2}]
    cells = [[f'"{row["review"]}"'.replace(' "good"', ' ""good""'), row["stars"], str(row["id"])] for row in rows]
    table = [["review", "stars", "id"], *cells]
    files = [
        write("a.csv", "﻿" + "\n".join(map(",".join, table))),
        write("a.tsv", "\r\n".join(map("\t".join, table)) + "\r\n\r\n"),
        write("a.jsonl", lines_of(rows) + "\n"),
        write("lines.json", lines_of(rows)),
        write("array.json", json.dumps(rows, indent=1)),
        tmp_path / "a.parquet",
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), files[-1])
    columns = {"text": "review", "label": "stars"}
    expected = [({"text": row["review"]}, row["stars"]) for row in rows]
    for file in files:
        assert rows_of(file, columns=columns) == expected, file
    both = Table([tmp_path / "a.csv", str(tmp_path / "*.json")], columns=columns)
    assert [path.name for path in both.paths] == ["a.csv", "array.json", "lines.json"]
    assert len(list(both)) == both.used == 6


def test_cells_may_have_marks_that_quote_nothing(write):
    path = write("a.tsv", 'text\tlabel\n"he" said\tx\n"never closed\ty\n')
    assert [inputs["text"] for inputs, _ in rows_of(path, quotes=False)] == ['"he" said', '"never closed']


def test_rows_of_every_task(write):
    squad = write("squad.json", json.dumps(SQUAD))
    inputs, answers = zip(*rows_of(squad, "question-answering"))
    assert inputs[0] == {"question": "Where?", "context": CONTEXT}
    assert answers == ({"answer_start": 25, "text": "Rome"}, {"answer_start": 0, "text": ""})
    lines = [
        {**question, "answers": {name: [value] for name, value in a.items()}} for question, a in zip(inputs, answers)
    ]
    assert rows_of(write("squad.jsonl", lines_of(lines)), "question-answering") == list(zip(inputs, answers))

    conll = write("a.conll", "-DOCSTART- -X- O\n\nEU NNP B-ORG\nrejects VBZ O\n\nPeter\tB-PER")
    assert rows_of(conll, "token-classification") == [
        ({"tokens": ["EU", "rejects"]}, ["B-ORG", "O"]),
        ({"tokens": ["Peter"]}, ["B-PER"]),
    ]
    words = write("words.csv", 'w,t\nEU rejects,1 0\n"[""New York""]",[0]\n')
    options = {"columns": {"tokens": "w", "tags": "t"}, "labels": ["O", "B-ORG"]}
    assert rows_of(words, "token-classification", **options) == [
        ({"tokens": ["EU", "rejects"]}, ["B-ORG", "O"]),
        ({"tokens": ["New York"]}, ["O"]),
    ]
    spans = [{"text": "Ann is here", "entities": [{"start": 0, "end": 3, "label": "PER"}]}]
    read = rows_of(write("spans.jsonl", lines_of(spans)), "token-classification", {"spans": "entities"})
    assert read == [({"text": "Ann is here"}, spans[0]["entities"])]

    swag = write("swag.csv", "sent,a,b,label\nsnow is,white,loud,0\nsky is,loud,blue,blue\n")
    read = rows_of(swag, "multiple-choice", {"text": "sent", "choices": ["a", "b"]})
    assert [(inputs["choices"], place) for inputs, place in read] == [(["white", "loud"], 0), (["loud", "blue"], 1)]

    assert rows_of(write("a.txt", "one\n\ntwo\n"), "fill-mask") == [({"text": "one"}, None), ({"text": "two"}, None)]
    pairs = write("pairs.csv", "text,text_pair,score,label\na,b,0.5,1\nc,d,-1,IS_NEXT\n")
    assert [target for _, target in rows_of(pairs, "text-embedding")] == [None, None]
    assert [target for _, target in rows_of(pairs, "text-embedding", {"score": "score"})] == [0.5, -1.0]
    assert [target for _, target in rows_of(pairs, "next-sentence-prediction")] == ["NOT_NEXT", "IS_NEXT"]
    several = write("several.csv", 'text,label\na,"joy, anger"\nb,\nc,"[""x, y""]"\n')
    read = rows_of(several, problem_type="multi_label_classification")
    assert [target for _, target in read] == [["joy", "anger"], [], ["x, y"]]


STARS = ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("cell", "labels", "expected"),
    [
        ("3", STARS, "3"),
        (3, STARS, "3"),
        (3.0, STARS, "3"),
        ("3.0", STARS, "3"),
        (3.0, None, "3"),
        (0.5, None, "0.5"),
        (1.0, ["bad", "good"], "good"),
        ("1.0", ["bad", "good"], "good"),
        (1, ["0.0", "1.0"], "1.0"),
        ("1", ["0", "1"], "1"),
        ("0", STARS, None),
        ("2", ["-1", "0", "1"], None),
        ("1.5", ["bad", "good"], None),
    ],
)
def test_numerals_as_labels(write, cell, labels, expected):
    path = write("a.jsonl", lines_of([{"text": "a", "label": cell}]))
    if expected is None:
        with pytest.raises(ValueError, match=f"unknown label '{cell}' in row 1"):
            rows_of(path, labels=labels)
    else:
        assert rows_of(path, labels=labels)[0][1] == expected


def test_numerals_as_choices(write):
    def place(label):
        path = write("a.jsonl", lines_of([{"text": "a", "choices": ["1", "0", "7"], "label": label}]))
        return rows_of(path, "multiple-choice")[0][1]

    assert [place(label) for label in (1, 0.0, "7", "2", 7)] == [1, 0, 2, 2, 2]
    with pytest.raises(ValueError, match=r"may mean a choice or its place under 'label' in row 1: '1'\. Write places"):
        place("1")


def test_datasets_hold_single_rows_that_batch(write):
    choices = write(
        "c.jsonl",
        lines_of([{"text": "a", "choices": ["x"], "label": 0}, {"text": "b", "choices": ["y", "z"], "label": "z"}]),
    )
    inputs, places = next(iter(read_table(choices, "multiple-choice").batch(2)))
    assert inputs["choices"].to_list() == [[b"x"], [b"y", b"z"]]
    assert places.numpy().tolist() == [0, 1]
    words, tags = next(iter(read_table(write("w.iob", "a O\nb X\n\nc O\n"), "token-classification").batch(2)))
    assert (words.to_list(), tags.to_list()) == ([[b"a", b"b"], [b"c"]], [[b"O", b"X"], [b"O"]])
    inputs, answers = next(iter(read_table(write("q.json", json.dumps(SQUAD)), "question-answering")))
    assert set(inputs) == {"question", "context"}
    assert answers["answer_start"].numpy() == 25
    several = write("s.csv", "text,label\na,y;x\nb,\n")
    kinds = {"problem_type": "multi_label_classification", "label_separator": ";"}
    assert [label.tolist() for _, label in read_table(several, **kinds).as_numpy_iterator()] == [[1.0, 1.0], [0.0, 0.0]]
    numbers = read_table(write("n.csv", "text,label\na,1\nb,-2.5\n"), problem_type="regression")
    assert numbers.element_spec[1] == tf.TensorSpec([], tf.float32)
    assert [float(number) for _, number in numbers] == [1.0, -2.5]
    assert read_table(write("t.txt", "one\n"), "fill-mask").element_spec == {"text": tf.TensorSpec([], tf.string)}


def test_shuffled_streams_differ_by_epoch_and_follow_the_seed(write):
    path = write("a.csv", "text,label\n" + "".join(f"{number},x\n" for number in range(40)))

    def passes(seed):
        dataset = read_table(path, shuffle_buffer=8, seed=seed)
        return [[int(inputs["text"]) for inputs, _ in dataset.as_numpy_iterator()] for _ in range(2)]

    first, second = passes(1)
    assert first != second != list(range(40))
    assert sorted(first) == sorted(second) == list(range(40))
    assert [first, second] == passes(1) != passes(2)
    epochs = Epochs(seed=1)
    epochs.number = 1
    of_fits = [Epochs(seed=2), epochs]
    resumed = Table(path).dataset(8, epochs=lambda: of_fits.pop())
    assert [int(inputs["text"]) for inputs, _ in resumed.as_numpy_iterator()] == second
    assert [int(inputs["text"]) for inputs, _ in resumed.as_numpy_iterator()] == passes(2)[0]


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.csv", "text,label\na,x\n,y\n", {}, r"a.csv' has nothing under 'text' in row 2 \(line 3\)\."),
        ("a.csv", "text,label\na,x\nb,\n", {}, "nothing under 'label' in row 2"),
        ("a.csv", "text,label\na,x\n\nb\n", {}, r"has 1 cells in row 2 \(line 4\), but its first line names 2 columns"),
        ("a.csv", 'text,label\n"a"b,x\n', {}, "broken quotation marks in row 1"),
        ("a.csv", 'text,label\na,x\n"b,y\nc,z\n', {}, "opens a quotation mark in row 2 and never closes it"),
        ("a.csv", b"text,label\na,x\n\xff\xfe,y\n", {}, "not UTF-8 under 'text' in row 2"),
        ("a.csv", "text,text,label\na,b,x\n", {}, "has 'text' twice"),
        ("a.csv", "words,label\na,x\n", {}, r"has no 'text' .* its columns are \['label', 'words'\]"),
        ("a.csv", "text,label\n", {}, "holds no rows"),
        ("a.csv", "text,label\na,x\nb,z\n", {"labels": ["x", "y"]}, "label 'z' in row 2 .*; the labels are 'x', 'y'"),
        ("a.csv", "text,label\na,7\n", {"labels": ["x", "y"]}, "unknown label '7' in row 1"),
        ("a.csv", "text,label\na,high\n", {"problem_type": "regression"}, "a number under 'label' in row 1 .*'high'"),
        ("a.csv", "text,label\na,nan\n", {"problem_type": "regression"}, "a number under 'label' in row 1"),
        ("a.jsonl", '{"text": "a", "label": 1}\n{"text": \n', {}, "no valid JSON in row 2"),
        ("a.jsonl", '{"text": "a", "label": 1}\n[1]\n', {}, "JSON list where an object belongs in row 2"),
        ("a.jsonl", '{"text": null, "label": 1}\n', {}, "nothing under 'text' in row 1"),
        ("a.jsonl", '{"text": 3, "label": 1}\n', {}, "no text under 'text' in row 1: 3"),
        ("a.jsonl", '{"text": "a"}\n', {}, r"no 'label' in row 1; it has \['text'\]"),
        ("a.jsonl", '{"text": "a", "label": [1]}\n', {}, "must hold one label in row 1"),
        ("a.jsonl", '{"text": "\\ud800", "label": 1}\n', {}, "not UTF-8 under 'text' in row 1, at character 0"),
        ("a.json", '{\n"data": 3}', {}, "must hold a list of rows"),
        ("a.json", "[1,", {}, "not valid JSON"),
        ("a.parquet", "text,label", {}, "no Parquet file, or broken"),
        ("a.xml", "<x/>", {}, "must end in .csv, .tsv, .jsonl, .json or .parquet"),
        ("a.conll", "a O\nb\n", {"task": "token-classification"}, r"a word without a label in row 1 .*'b' in line 2"),
        ("a.csv", "tokens,tags\na b,O\n", {"task": "token-classification"}, "has 2 words and 1 labels in row 1"),
        ("a.csv", "text,text_pair,score\na,b,2\n", SCORED, "from -1 to 1"),
        ("a.csv", 'text,choices,label\na,"[""x""]",1\n', {"task": "multiple-choice"}, "choice under 'label' in row 1"),
        ("a.csv", "text,choices,label\na,x,0\n", {"task": "multiple-choice"}, "no list under 'choices' in row 1"),
        ("a.csv", "text,text_pair,label\na,b,2\n", {"task": "next-sentence-prediction"}, "unknown label '2'"),
        ("a.jsonl", SPAN, {"task": "token-classification", "columns": {"spans": "spans"}}, "outside its 3 characters"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_with_file_and_row(write, name, content, options, message):
    with pytest.raises(ValueError, match=message):
        list(Table(write(name, content), **options))


def test_answers_must_stand_in_their_context(write):
    squad = json.loads(json.dumps(SQUAD))
    squad["data"][0]["paragraphs"][0]["qas"][0]["answers"][0]["answer_start"] = 24
    with pytest.raises(ValueError, match="an answer that does not stand there in its context in row 1: 'Rome' at 24"):
        list(Table(write("squad.json", json.dumps(squad)), "question-answering"))
    with pytest.raises(ValueError, match="is not as SQuAD has it: KeyError 'qas'"):
        list(Table(write("squad.json", '{"data": [{"paragraphs": [{}]}]}'), "question-answering"))


def test_bad_rows_are_skipped_and_counted_in_each_pass(write, caplog):
    table = Table(write("a.csv", b"text,label\na,x\n,y\nb\n\xff,x\nc,z\nd,y\n"), labels=["x", "y"], on_bad_rows="skip")
    with caplog.at_level(logging.WARNING, "tfbert"):
        for _ in range(2):
            assert [row.inputs["text"] for row in table] == ["a", "d"]
            assert (table.used, table.skipped) == (2, 4)
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert messages[0].startswith("Skipped 4 of 6 rows. The first: ")
    assert "nothing under 'text' in row 2" in messages[0]
    with pytest.raises(ValueError, match=r"holds no rows that can be used\. The first: .*row 1"):
        list(Table(write("b.csv", "text,label\n,x\n"), on_bad_rows="skip"))


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (("none.csv",), {}, FileNotFoundError, "no file 'none.csv'"),
        (([],), {}, FileNotFoundError, "at least one file"),
        (("a.csv", "feature-extraction"), {}, ValueError, "`task` must be one of"),
        (("a.csv",), {"question": "q"}, ValueError, "have no 'question'; they have text, text_pair, label"),
        (("a.csv",), {"on_bad_rows": "ignore"}, ValueError, "`on_bad_rows` must be one of"),
        (("a.csv",), {"problem_type": "ranking"}, ValueError, "`problem_type` must be one of"),
        (("a.csv", "token-classification"), {"spans": "spans"}, ValueError, "Spans become words"),
    ],
)
def test_wrong_arguments_are_refused(write, monkeypatch, arguments, options, error, message):
    monkeypatch.chdir(write("a.csv", "text,label,spans\na,x,[]\n").parent)
    with pytest.raises(error, match=message):
        read_table(*arguments, **options)


def test_an_error_in_the_midst_of_training_names_the_row(write):
    dataset = read_table(write("a.csv", "text,label\na,x\n,y\n"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="nothing under 'text' in row 2"):
        list(dataset)


def test_parquet_without_its_library_names_the_extra(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ModuleNotFoundError, match=r"tfbert-keras\[parquet\]"):
        list(Table(write("a.parquet", "")))


def test_rows_are_read_one_by_one(write):
    path = write("a.csv", "text,label\n" + "a,x\n" * 50_000 + ",\n")
    assert len(list(itertools.islice(Table(path), 1000))) == 1000  # the last row would be refused


@pytest.mark.exhaustive
def test_streams_take_constant_memory(tmp_path):
    code = """if True:
        import resource, sys
        from tfbert.training import read_table
        dataset = read_table(sys.argv[1], shuffle_buffer=1000, seed=0).batch(512)
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        for _ in dataset.take(20): pass
        before = peak()
        for _ in dataset: pass
        print(peak() - before)
    """
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("text,label\n")
        file.writelines(f"{'a sentence of words ' * 20}{number},x\n" for number in range(400_000))  # 164 MB
    result = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert int(result.stdout) < 40
