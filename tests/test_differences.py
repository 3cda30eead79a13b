"""README's list of differences from Hugging Face, each shown: the numbers are the list's."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
import tokenizers

from tests.conftest import FIXTURES
from tests.tasks.pipelines.references import make_folder
from tfbert import (
    BertConfig,
    BertTokenizer,
    TFBertForMaskedLM,
    TFBertForPreTraining,
    TFBertForQuestionAnswering,
    TFBertForSequenceClassification,
    TFBertLMHeadModel,
    TFBertModel,
    TFBertTokenizer,
    pipeline,
)
from tfbert.tasks import ChoiceSelector, TextClassifier
from tfbert.training import MultipleNegativesRankingLoss, TripletLoss

TINY = FIXTURES / "tiny"
IDS = np.array([[2, 5, 6, 3], [2, 7, 3, 0]])
MASK = np.array([[1, 1, 1, 1], [1, 1, 1, 0]])


@pytest.fixture
def tokenizer(vocabulary):
    return TFBertTokenizer(vocabulary)


@pytest.fixture
def rust(vocabulary):
    return tokenizers.BertWordPieceTokenizer({piece: index for index, piece in enumerate(vocabulary)})


def test_1_ids_are_int32(tokenizer):
    assert {tensor.dtype for tensor in tokenizer(["the cat"]).values()} == {tf.int32}


def test_2_pairs_are_cut_as_rust_does(tokenizer):
    first, second = "cat " * 30, "dog " * 4  # TFBertTokenizer keeps 3 and 4 of these, Rust 4 and 3
    ids = tokenizer([first], [second], max_length=10)["input_ids"].numpy()[0].tolist()
    cat, dog = tokenizer.vocab_list.index("cat"), tokenizer.vocab_list.index("dog")
    assert (ids.count(cat), ids.count(dog)) == (4, 3)


def test_3_types_are_zero_at_padding(vocabulary):
    moved = [*vocabulary[1:5], "[PAD]", *vocabulary[5:]]
    output = TFBertTokenizer(moved)(["the cat", "the"])
    assert output["input_ids"][1, -1] == 4
    assert output["token_type_ids"][1, -1] == 0


def test_4_too_long_without_truncation_is_refused(tokenizer):
    with pytest.raises(tf.errors.InvalidArgumentError, match="max_length=4"):
        tokenizer(["the cat sat"], truncation=False, padding="max_length", max_length=4)


def test_5_no_longer_input_than_there_are_positions(tiny_folder):
    folder = tiny_folder("classifier_single_label")
    assert TextClassifier.from_pretrained(folder).tokenizer.max_length == 48
    with pytest.raises(ValueError, match="48 position embeddings"):
        TextClassifier.from_pretrained(folder, max_length=512)


def test_6_hidden_states_are_zero_at_padding_on_a_cpu():
    packed = TFBertModel.from_pretrained(TINY / "model_gelu_l2", execution="packed")(IDS, MASK).last_hidden_state
    padded = TFBertModel.from_pretrained(TINY / "model_gelu_l2", execution="padded")(IDS, MASK).last_hidden_state
    assert np.abs(packed[1, 3]).max() == 0
    assert np.abs(padded[1, 3]).max() > 0
    np.testing.assert_allclose(packed[MASK > 0], padded[MASK > 0], atol=1e-5)


def test_7_problem_type_chooses_one_scalar_loss():
    model = TFBertForSequenceClassification.from_pretrained(TINY / "classifier_multi_label")
    targets = np.array([[1, 0, 1, 0], [0, 0, 0, 1]], np.float32)
    output = model(IDS, MASK, labels=targets)
    logits = output.logits.numpy()
    expected = np.mean(np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits))))
    assert output.loss.shape == ()
    assert float(output.loss) == pytest.approx(expected, rel=1e-5)


def test_8_a_missing_head_is_new_but_a_missing_encoder_is_an_error():
    _, info = TFBertForSequenceClassification.from_pretrained(TINY / "model_gelu_l2", output_loading_info=True)
    assert info["missing_keys"] == ["classifier.bias", "classifier.weight"]
    with pytest.raises(ValueError, match="lacks 16 weights"):
        TFBertModel.from_pretrained(TINY / "model_gelu_l2", num_hidden_layers=3)


def test_9_offsets_may_be_those_of_a_neighbouring_mark_where_marks_are_reordered(rust):
    tokenizer = TFBertTokenizer(["[UNK]", "[CLS]", "[SEP]", "a"])
    reference = tokenizers.BertWordPieceTokenizer({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3})
    text = "\U0001d165\u302f\u0f7c"  # the last two change places and the very last goes away
    ids, _, ends = tokenizer.tokenize_with_offsets([text])
    expected = reference.encode(text, add_special_tokens=False)
    assert ids.to_list() == [expected.ids]
    assert ends.to_list() != [[len(text[:end].encode()) for _, end in expected.offsets]]


def test_10_tokenizer_json_decides_where_the_config_is_silent(tiny_folder):
    folder = tiny_folder("classifier_single_label")
    TFBertTokenizer.from_pretrained(folder, do_lower_case=False, max_input_chars_per_word=7).save_pretrained(folder)
    stated = json.loads((folder / "tokenizer_config.json").read_text())
    del stated["do_lower_case"]
    (folder / "tokenizer_config.json").write_text(json.dumps(stated))
    tokenizer = TFBertTokenizer.from_pretrained(folder)
    assert (tokenizer.do_lower_case, tokenizer.max_input_chars_per_word) == (False, 7)
    (folder / "tokenizer_config.json").write_text(json.dumps({**stated, "do_basic_tokenize": False}))
    with pytest.raises(ValueError, match="do_basic_tokenize"):
        TFBertTokenizer.from_pretrained(folder)


def test_11_a_named_token_without_an_id_is_plain_text():
    tokenizer = TFBertTokenizer(["[UNK]", "[CLS]", "[SEP]", "[", "]", "mask"])
    assert tokenizer.tokenize(["[MASK]"]).to_list() == [[3, 5, 4]]
    assert "[MASK]" not in tokenizer.token_table.ids


def test_12_added_tokens_are_shown_as_they_were_added():
    tokenizer = TFBertTokenizer(["[UNK]", "[CLS]", "[SEP]", "a"], added_tokens=["E1"])
    assert tokenizer.tokenize(["a e1"]).to_list() == [[3, 4]]
    assert tokenizer.detokenize([3, 4]).numpy() == b"a E1"


def test_13_what_is_no_id_is_passed_over(tokenizer):
    assert tokenizer.detokenize([-100, 5, 10_000]).numpy().decode() == tokenizer.vocab_list[5]
    host = BertTokenizer(tokenizer.vocab_list)
    assert host.decode([-100, 5]) == tokenizer.vocab_list[5]


def test_14_the_host_tokenizer_refuses_what_it_does_not_know(vocabulary):
    with pytest.raises(TypeError, match="colour"):
        BertTokenizer(vocabulary, colour="red")
    tokenizer = BertTokenizer([*vocabulary, "a.b"], never_split=["a.b"], max_input_chars_per_word=3)
    assert tokenizer.tokenize("a.b love") == ["a.b", "[UNK]"]
    with pytest.raises(ValueError, match="max_length"):
        tokenizer("the", max_length=1, truncation=True)


@pytest.mark.parametrize(("text", "differs"), [("I love the cat!", False), ("\u00df", True)])
def test_15_the_older_ops_are_not_exact(vocabulary, text, differs):
    older = TFBertTokenizer([*vocabulary, "ß"], use_fast_bert_tokenizer=False)
    exact = TFBertTokenizer([*vocabulary, "ß"])
    assert (older.tokenize([text]).to_list() != exact.tokenize([text]).to_list()) is differs


CONFIG = BertConfig(
    vocab_size=12, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=8, num_labels=3
)


def test_16_a_loss_without_labels_that_count_is_zero_and_one_label_is_enough_for_pretraining():
    ids = np.array([[1, 2, 3]])
    assert float(TFBertForMaskedLM(CONFIG)(ids, labels=np.full((1, 3), -100)).loss) == 0
    model = TFBertForPreTraining(CONFIG)
    pieces, follows = model(ids, labels=ids).loss, model(ids, next_sentence_label=[1]).loss
    both = model(ids, labels=ids, next_sentence_label=[1]).loss
    np.testing.assert_allclose(pieces + follows, both, rtol=1e-6)


def test_17_a_row_without_real_tokens_attends_to_all_alike():
    output = TFBertModel(CONFIG, execution="padded")([[1, 2, 3]], [[0, 0, 0]], output_attentions=True)
    np.testing.assert_allclose(output.attentions[0], 1 / 3, rtol=1e-5)


def test_18_inputs_that_would_be_passed_over_are_refused():
    model = TFBertModel(CONFIG)
    with pytest.raises(ValueError, match="`encoder_hidden_states` belongs to a decoder with cross-attention"):
        model([[1]], encoder_hidden_states=np.zeros((1, 2, 8), np.float32))
    with pytest.raises(ValueError, match="`past_key_values` belong to a decoder"):
        model([[1]], past_key_values=((np.zeros((1, 2, 1, 4)),) * 2,) * 2)
    with pytest.raises(ValueError, match="`input_ids` must lie from 0 to 11"):
        model([[12]])


@pytest.mark.parametrize("position_embedding_type", ["relative_key", "relative_key_query"])
def test_19_a_cache_changes_nothing_with_relative_positions(position_embedding_type):
    model = TFBertModel(CONFIG.replace(is_decoder=True, position_embedding_type=position_embedding_type))
    ids = np.array([[1, 2, 3, 4, 5]])
    whole = model(ids).last_hidden_state
    first = model(ids[:, :3])
    rest = model(ids[:, 3:], past_key_values=first.past_key_values)
    np.testing.assert_allclose(rest.last_hidden_state, whole[:, 3:], atol=1e-5)


@pytest.mark.slow
def test_20_beams_that_ended_are_filled_with_the_pad_token_even_where_it_is_zero():
    keras.utils.set_random_seed(1)
    model = TFBertLMHeadModel(CONFIG.replace(is_decoder=True, initializer_range=1.0))
    prompts = np.array([[1, 2], [3, 4], [5, 6], [7, 8]])
    for eos in range(1, 12):
        rows = model.generate(prompts, max_new_tokens=8, num_beams=2, eos_token_id=eos, pad_token_id=0).numpy()[:, 2:]
        ended = [row for row in rows if eos in row[:-1]]
        if ended:
            break
    assert all((row[list(row).index(eos) + 1 :] == 0).all() for row in ended)
    assert ended


def test_21_question_answering_computes_on_padding():
    model = TFBertForQuestionAnswering(CONFIG)
    ids, mask = np.array([[1, 2, 3]]), np.array([[1, 1, 0]])
    assert model.bert.execution == "padded"
    packed = TFBertForQuestionAnswering(CONFIG, execution="packed")
    packed.set_weights(model.get_weights())
    ours, others = model(ids, mask).start_logits, packed(ids, mask).start_logits
    np.testing.assert_allclose(ours[:, :2], others[:, :2], atol=1e-6)
    assert np.abs(ours[:, 2] - others[:, 2]).max() > 1e-4


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory):
    """Return a function that opens the pipeline of one of the references' models, once."""
    opened = {}

    def open_pipeline(name, **options):
        if (name, *options) not in opened:
            opened[name, *options] = pipeline(model=make_folder(tmp_path_factory.mktemp(name), name), **options)
        return opened[name, *options]

    return open_pipeline


def test_22_long_texts_are_cut(pipelines):
    long = "the city " * 5000
    assert len(pipelines("words")("[MASK] " + long)) == 5
    assert len(pipelines("features")(long)[0]) == 64
    assert pipelines("story")(long + "of New York", return_full_text=False) == pipelines("story")(
        long + long + "of New York", return_full_text=False
    )


def test_23_generation_is_greedy_and_short_by_default(pipelines):
    generate = pipelines("story")
    options = generate.task.options()
    assert (options["do_sample"], options["max_new_tokens"]) == (False, 20)
    assert generate("the city") == generate("the city")


def test_24_zero_shot_needs_a_label_of_entailment(tmp_path):
    folder = make_folder(tmp_path, "sentiment")
    with pytest.raises(ValueError, match="entail"):
        pipeline("zero-shot-classification", model=folder)
    selector = ChoiceSelector.from_pretrained(make_folder(tmp_path, "choices"))
    padded, alone = (
        selector({"text": ["a", "a"], "choices": [["old", "red", ""], ["old", "red", "new"]]}),
        selector({"text": ["a"], "choices": [["old", "red"]]}),
    )
    np.testing.assert_allclose(padded["scores"][0], [*alone["scores"][0].numpy(), 0.0], atol=1e-6)


def test_25_missing_answers_are_one_empty_answer(pipelines):
    answers = pipelines("answers")(question="Who?", context="a", top_k=5)
    assert [answer["answer"] for answer in answers] == ["a", ""]
    assert answers[1] == {"score": 0.0, "start": 0, "end": 0, "answer": ""}
    with pytest.raises(ValueError, match="question"):
        pipelines("answers")(question="Who?", context=["a", "b"])


def test_26_unknown_options_and_missing_masks_are_refused(pipelines):
    with pytest.raises(TypeError, match="top_n"):
        pipelines("words")("a [MASK]", top_n=3)
    with pytest.raises(ValueError, match="MASK"):
        pipelines("words")("no mask")
    with pytest.raises(ValueError, match="question"):
        pipelines("answers")({"query": "a", "context": "b"})
    assert {type(entity["score"]) for entity in pipelines("entities")("Anna lives in New York", ignore_labels=[])} == {
        float
    }


def test_27_stride_needs_a_strategy(pipelines):
    with pytest.raises(ValueError, match="stride"):
        pipelines("entities")("Anna", stride=8)


def test_28_a_head_of_another_task_is_refused(tmp_path):
    folder = make_folder(tmp_path, "sentiment")  # the head of a token classifier has the same name and shape
    with pytest.raises(ValueError, match="no trained head for token-classification"):
        pipeline("token-classification", model=folder)


def test_29_equal_texts_are_no_negatives_and_negatives_are_pushed_away():
    anchor, positive, negative = [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]
    vectors, ranking = [[anchor, positive], [anchor, positive]], MultipleNegativesRankingLoss()
    assert float(ranking([[0, 1], [0, 1]], vectors)) == pytest.approx(0.0, abs=1e-6)  # the same pair twice
    assert float(ranking([[0, 1], [2, 3]], vectors)) == pytest.approx(np.log(2), abs=1e-6)
    for distance in ("euclidean", "manhattan", "cosine"):
        triplets = TripletLoss(0.5, distance)
        near, far = ([[anchor, positive, of]] for of in (positive, negative))
        assert float(triplets([[0, 1, 2]], far)) < float(triplets([[0, 1, 2]], near))
