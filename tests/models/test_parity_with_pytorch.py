"""Nine models x position types x activations x masks equal PyTorch's outputs and losses; so do decoders and caches."""

import numpy as np
import pytest
import tensorflow as tf

from tests.models.call_cases import CALLS, PREFIX
from tests.models.model_cases import (
    ACTIVATIONS,
    CASES,
    MASKS,
    POSITIONS,
    References,
    arrays_of,
    cache_arrays,
    inputs_for,
)
from tests.models.reference_models import FORMS, as_tensors, assert_equal, make_model
from tfbert.layers import activations

COMPILED = ("graph", "xla")
# Calls that together use every argument; the others are compiled under the marker `exhaustive`.
COMPILED_CALLS = (
    "BertForMultipleChoice/absolute/head_mask_2d",
    "cache BertLMHeadModel/left_padded/cross",
    "decoder BertLMHeadModel/relative_key/cross_3d_head_mask",
    "decoder BertModel/relative_key_query/left_padded",
    "position_ids BertForTokenClassification",
    "pruned BertForMaskedLM/relative_key_query",
    "untied BertForPreTraining",
)
# What is inside of the models is the same for all: one of those with a row per choice and one of the others stand for
# them. The others run under the marker `exhaustive`.
SAMPLE_CALLS = [
    name
    for name in CALLS
    if name.startswith(("BertModel/", "BertForMultipleChoice/"))
    or name.partition("/")[0] not in CASES
    or name.endswith("absolute/states")
]


def can_pack(name):
    """Caches run padded. Padding in front of a decoder looks nowhere, and its pooled vector means nothing."""
    return not CALLS[name].prefix and not (name.startswith("decoder BertModel") and name.endswith("left_padded"))


PACKED_CALLS = list(filter(can_pack, SAMPLE_CALLS))


@pytest.fixture(scope="module")
def grid():
    return References("grid")


@pytest.fixture(scope="module")
def calls():
    return References("calls")


class Cell:
    """A model of the grid, and what PyTorch computed for it."""

    def __init__(self, name, position, activation, execution="padded"):
        self.name, self.case = name, CASES[name]
        self.place = (POSITIONS.index(position), ACTIVATIONS.index(activation))
        self.where = f"{name} {position} {activation} {execution}"
        fields = {**self.case.fields, "position_embedding_type": position, "hidden_act": activation}
        self.model = make_model(self.case.architecture, fields, execution)
        self.names = (*self.case.outputs, "loss") if self.case.labels else self.case.outputs

    def check(self, grid, mask, form="eager", real_only=False):
        inputs = {**inputs_for(self.case, mask), **self.case.labels}
        output = FORMS[form](lambda tensors: self.model(tensors))(as_tensors(inputs))
        place = (*self.place, self.case.masks.index(mask))
        expected = {name: grid[f"{self.name}/{name}"][place] for name in self.names}
        real = inputs["attention_mask"] if real_only else None
        assert_equal(arrays_of(output, self.names), expected, f"{self.where} {mask} {form}", real)


def test_every_activation_has_a_reference():
    assert set(ACTIVATIONS) == set(activations.ACTIVATIONS)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("name", CASES)
def test_grid(name, position, grid):
    """A third of the activations, taking turns, each with one kind of mask, taking turns; the first with all kinds."""
    turn = list(CASES).index(name) + POSITIONS.index(position)
    for index, activation in enumerate(ACTIVATIONS):
        if index and (index + turn) % 3:
            continue
        cell = Cell(name, position, activation)
        masks = cell.case.masks
        for mask in masks if index == 0 else [masks[(index // 3 + turn) % len(masks)]]:
            cell.check(grid, mask)


@pytest.mark.exhaustive
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("name", CASES)
def test_whole_grid(name, position, grid):
    for activation in ACTIVATIONS:
        cell = Cell(name, position, activation)
        for mask in cell.case.masks:
            cell.check(grid, mask)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("name", CASES)
def test_packed(name, position, grid):
    cell = Cell(name, position, "gelu", "packed")
    if name == "BertForQuestionAnswering":
        cell.names = cell.case.outputs  # its loss compares all positions, and padding has no own scores when packed
    cell.check(grid, "padding", real_only=True)


@pytest.mark.slow
@pytest.mark.parametrize("index", range(len(ACTIVATIONS)))
@pytest.mark.parametrize("form", COMPILED)
def test_compiled_sample(form, index, grid):
    """Each case, position type, activation and mask at least once; 3 and 18 share a factor, hence the second term."""
    name = list(CASES)[index % len(CASES)]
    cell = Cell(name, POSITIONS[(index + index // len(CASES)) % len(POSITIONS)], ACTIVATIONS[index])
    cell.check(grid, cell.case.masks[index % len(cell.case.masks)], form)


@pytest.mark.exhaustive
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", COMPILED)
def test_compiled_everywhere(form, name, position, activation, grid):
    cell = Cell(name, position, activation)
    for mask in cell.case.masks:
        cell.check(grid, mask, form)


def run_call(call, form, execution="padded"):
    """What one call returns, with the caches where it continues one."""
    model = make_model(call.architecture, call.fields, execution)
    if call.pruned:
        model.prune_heads(call.pruned)
    flags = {name: value for name, value in call.inputs.items() if isinstance(value, bool)}
    run = FORMS[form](lambda tensors: model(tensors, **flags))

    def tensors_of(inputs):
        return as_tensors({name: value for name, value in inputs.items() if name not in flags})

    if not call.prefix:
        return arrays_of(run(tensors_of(call.inputs)), call.outputs)
    first, rest = call.parts()
    cache = run(tensors_of(first)).past_key_values
    output = run({**tensors_of(rest), "past_key_values": cache})
    before = {f"first_{key}": array for key, array in cache_arrays(cache).items()}
    return {**before, **arrays_of(output, call.outputs), **cache_arrays(output.past_key_values)}


def check_call(name, calls, form="eager", execution="padded"):
    call = CALLS[name]
    found = run_call(call, form, execution)
    assert_equal(
        found, calls.below(name), f"{name} {form}", call.inputs["attention_mask"] if execution == "packed" else None
    )


@pytest.mark.parametrize("name", SAMPLE_CALLS)
def test_call(name, calls):
    check_call(name, calls)


@pytest.mark.parametrize("name", PACKED_CALLS[::3])
def test_packed_call(name, calls):
    check_call(name, calls, execution="packed")


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", [name for name in PACKED_CALLS if name not in PACKED_CALLS[::3]])
def test_every_packed_call(name, calls):
    check_call(name, calls, execution="packed")


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", [name for name in CALLS if name not in SAMPLE_CALLS])
def test_every_call(name, calls):
    check_call(name, calls)
    check_call(name, calls, execution="packed")


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPILED_CALLS)
def test_compiled_call(name, calls):
    check_call(name, calls, "xla")


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("form", COMPILED)
def test_every_compiled_call(form, name, calls):
    check_call(name, calls, form)


@pytest.mark.parametrize("mask", MASKS[:3])
@pytest.mark.parametrize("position", POSITIONS)
def test_a_continued_cache_equals_one_whole_call(position, mask, grid):
    cell = Cell("BertLMHeadModel", position, "gelu")
    inputs = {name: tf.constant(array, tf.int32) for name, array in inputs_for(cell.case, mask).items()}
    whole = inputs.pop("attention_mask", None)
    masks = {"attention_mask": whole[:, :PREFIX]} if whole is not None else {}
    cache = cell.model({name: ids[:, :PREFIX] for name, ids in inputs.items()}, **masks).past_key_values
    rest = {name: ids[:, PREFIX:] for name, ids in inputs.items()}
    logits = cell.model(rest, attention_mask=whole, past_key_values=cache).logits
    expected = grid["BertLMHeadModel/logits"][(*cell.place, MASKS.index(mask))]
    rows = np.arange(3) < (2 if mask == "masked_row" else 3)  # a row without tokens looks at whatever keys there are
    assert_equal({"logits": np.asarray(logits)[rows]}, {"logits": expected[rows, PREFIX:]}, f"{position} {mask}")


@pytest.mark.parametrize(("label", "other"), [("labels", "BertForMaskedLM"), ("next_sentence_label", None)])
def test_pretraining_with_one_label_is_that_loss_alone(label, other, grid):
    other = other or "BertForNextSentencePrediction"
    cell = Cell("BertForPreTraining", "absolute", "gelu")
    for mask in MASKS:
        loss = cell.model(inputs_for(cell.case, mask), **{label: cell.case.labels[label]}).loss
        expected = grid[f"{other}/loss"][(*cell.place, MASKS.index(mask))]
        assert_equal({"loss": np.asarray(loss)}, {"loss": expected}, mask)


@pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if case.labels and case.fields.get("num_labels") not in (1, 4)]
)
def test_labels_that_are_all_ignored_cost_nothing(name):
    """PyTorch gives NaN."""
    case = CASES[name]
    model = make_model(case.architecture, case.fields)
    labels = {key: np.full_like(array, 99 if "positions" in key else -100) for key, array in case.labels.items()}
    with tf.GradientTape() as tape:
        loss = model(inputs_for(case, "padding"), **labels).loss
    gradients = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    assert float(loss) == 0.0
    assert all(np.isfinite(tf.convert_to_tensor(gradient)).all() for gradient in gradients if gradient is not None)
