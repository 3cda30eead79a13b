"""Words that are hidden as wholes."""

import numpy as np
import pytest

from tests.conftest import tiny_vocabulary
from tfbert.layers import FastBertTokenizer
from tfbert.tasks.labels.masking import hide_tokens
from tfbert.tasks.labels.token_hider import TokenHider

MASK, PIECES, ROWS, LENGTH = 4, 1000, 300, 41


@pytest.fixture(scope="module")
def drawn():
    """Rows of words of one to five pieces, and what became of them."""
    random = np.random.default_rng(0)
    ids = random.integers(5, PIECES, (ROWS, LENGTH)).astype(np.int32)
    goes_on = random.random((ROWS, LENGTH)) < 0.5
    may_hide = np.arange(LENGTH) < random.integers(1, LENGTH + 1, (ROWS, 1))
    may_hide[:, 0] = False
    may_hide[:, 20] = False  # a special token in the midst, behind which a word begins
    hidden = [tensor.numpy() for tensor in hide_tokens(ids, may_hide, MASK, PIECES, [1, 2], goes_on)]
    return ids, goes_on, may_hide, hidden


def words_of(goes_on, may_hide):
    """The columns of each word of a row."""
    words = []
    for column in np.flatnonzero(may_hide):
        if words and goes_on[column] and column - 1 == words[-1][-1]:
            words[-1].append(column)
        else:
            words.append([column])
    return words


def test_words_are_hidden_as_wholes_as_many_as_fit(drawn):
    ids, goes_on, may_hide, (_, positions, labels) = drawn
    for row in range(ROWS):
        columns = positions[row][positions[row] >= 0]
        assert labels[row][positions[row] >= 0].tolist() == ids[row, columns].tolist()
        words = words_of(goes_on[row], may_hide[row])
        chosen = [word for word in words if set(word) <= set(columns)]
        assert sorted(column for word in chosen for column in word) == sorted(columns)
        available = may_hide[row].sum()
        room = min(available, max(1, round(0.15 * available))) - len(columns)
        assert room >= 0
        assert all(len(word) > room for word in words if word not in chosen)  # nothing else would have fitted


def test_the_share_stays_and_each_piece_is_drawn_for_itself(drawn):
    ids, _, may_hide, (seen, positions, _) = drawn
    assert (positions >= 0).sum() / may_hide.sum() == pytest.approx(0.15, abs=0.01)
    row, number = np.nonzero(positions >= 0)
    shown, given = seen[row, positions[row, number]], ids[row, positions[row, number]]
    assert np.mean(shown == MASK) == pytest.approx(0.8, abs=0.04)
    assert np.mean(shown == given) == pytest.approx(0.1, abs=0.03)


def test_a_hider_knows_which_pieces_go_on():
    tokenizer = FastBertTokenizer(tiny_vocabulary())
    features = tokenizer(["running unaffable cats"] * 64)
    words = [[1, 2], [3, 4, 5], [6, 7]]  # run ##ning un ##aff ##able cat ##s
    hide = TokenHider(tokenizer, 110, whole_words=True)
    assert (hide(features, [0, 1])[0]["mask_positions"].numpy() == -1).all()  # one piece is too few for any word
    longer = tokenizer(["running unaffable cats . . . . . . ."] * 64)
    found = {tuple(sorted(row[row >= 0])) for row in hide(longer, [0, 1])[0]["mask_positions"].numpy()}
    assert {tuple(word) for word in words if len(word) == 2} <= found
    assert all(set(word) <= set(row) or not set(word) & set(row) for row in found for word in words)
    pieces = TokenHider(tokenizer, 110)(longer, [0, 1])[0]["mask_positions"].numpy()
    assert any({1, 2} & set(row) == {1} for row in map(set, pieces))
