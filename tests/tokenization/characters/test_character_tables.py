"""The frozen table of characters: made anew from the library, and read for all options."""

import itertools

import numpy as np
import pytest
from tokenizers.normalizers import BertNormalizer

from scripts import make_character_tables as script
from tfbert.tokenization.characters import character_tables
from tfbert.tokenization.characters.character_tables import (
    DELETED,
    ISOLATED,
    LETTER,
    SPACE,
    NormalizerOptions,
    character_outputs,
    code_point_of,
    kind_of,
)

ALL_OPTIONS = [
    NormalizerOptions(clean_text=a, handle_chinese_chars=b, strip_accents=c, lowercase=d)
    for a, b, c, d in itertools.product((True, False), repeat=4)
]


@pytest.mark.exhaustive
def test_the_file_is_what_the_script_makes_from_the_library():
    made = script.make_tables()
    with np.load(script.FILE) as stored:
        assert set(stored) == set(made)
        for name in set(made) - {"versions"}:
            np.testing.assert_array_equal(stored[name], made[name], err_msg=name)
    assert script.FILE.stat().st_size < 100_000


def test_the_steps_one_after_the_other_are_the_library():
    maps = {step: script.changes(step) for step in script.STEPS}
    script.check_composition(maps, script.CODE_POINTS[::17])
    maps["lowercase"][ord("A")] = "b"
    with pytest.raises(SystemExit, match=r"U\+0041"):
        script.check_composition(maps, [ord("A")])


@pytest.mark.parametrize("options", ALL_OPTIONS, ids=str)
def test_outputs_are_the_librarys_for_every_character(options):
    normalize = BertNormalizer(
        clean_text=options.clean_text,
        handle_chinese_chars=options.handle_chinese_chars,
        strip_accents=options.strip_accents,
        lowercase=options.lowercase,
    ).normalize_str
    outputs = character_outputs(options)
    for code in script.CODE_POINTS[:0x3400] + script.CODE_POINTS[0x3400::101]:
        symbol = int(outputs.single[code])
        symbols = outputs.several.get(code, () if symbol == DELETED else (symbol,))
        ours = "".join(
            f" {chr(s & 0x1FFFFF)} "
            if s >> 21 == ISOLATED and character_tables.split_kinds()[s & 0x1FFFFF] == LETTER
            else chr(s & 0x1FFFFF)
            for s in symbols
        )
        assert ours == normalize(chr(code)), f"U+{code:04X}"


@pytest.mark.parametrize("options", ALL_OPTIONS, ids=str)
def test_no_character_is_a_letter_here_and_isolated_there(options):
    symbols = character_outputs(options).symbols()
    letters, isolated = (set(code_point_of(symbols[kind_of(symbols) == kind])) for kind in (LETTER, ISOLATED))
    assert not letters & isolated


def test_cleaning_leaves_no_white_space_but_the_blank():
    symbols = character_outputs(NormalizerOptions(clean_text=True)).symbols()
    assert code_point_of(symbols[kind_of(symbols) == SPACE]).tolist() == [ord(" ")]


def test_words_are_made_of_letters_marks_digits_and_underscores():
    def holds(character):
        return any(first <= ord(character) <= last for first, last in character_tables.word_ranges())

    assert all(map(holds, "aZ_09éß北\u0301\u200d"))
    assert not any(map(holds, " -.,#[]\u3000、"))
