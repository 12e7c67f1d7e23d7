"""The password: what is refused, how it is kept, and that only the right one matches."""

import pytest

from sentinel.store.password import LONGEST, MEMORY, SHORTEST, is_weak, kept, matches

GOOD = "trois girafes bleues"
CODE, PRACTICE = "ABCD-EF23", "Cabinet du Parc"


@pytest.mark.parametrize(
    "password",
    [
        "",
        "court",
        "neuf-char",
        "x" * SHORTEST,
        "ababababab",
        "1234567890",
        "0987654321",
        "9876543210",
        "abcdefghij",
        "Motdepasse1",
        "mot de passe!",
        "MotDePasse2026",
        "azertyuiop",
        "Password123!",
        "Sécrétariat1",
        "Cabinet Sentinel",
        "cabinetduparc",
        "Cabinet du Parc 75",
        "ABCDEF23..",
        "abcd ef 23",
        "a1é" * 70,
    ],
)
def test_what_anybody_would_try_first_is_refused(password):
    """Too short, too long, one character over and over, a row of keys, the code, the practice's name."""
    assert is_weak(password, CODE, PRACTICE, "")


@pytest.mark.parametrize(
    "password",
    [GOOD, "correct horse", "Parc-aux-lilas", "7319462850", "é" * 5 + "àüïöç", "日本語のパスワードです"],
)
def test_length_is_what_counts(password):
    """Nothing is asked of its letters: no capital, digit or sign is needed, and any script will do."""
    assert not is_weak(password, CODE, PRACTICE, "")


def test_only_the_right_one_matches_and_no_two_rows_are_alike():
    """Each has a salt of its own, and its cost is written beside it."""
    one, other = kept(GOOD), kept(GOOD)

    assert one != other
    assert one.startswith("scrypt$32768$8$1$")
    assert GOOD not in one
    assert matches(one, GOOD)
    assert not matches(one, GOOD.upper())
    assert not matches(one, GOOD + " ")


def test_a_letter_typed_on_another_keyboard_is_the_same_letter():
    """« é » as one character, or as e with an accent after it."""
    assert matches(kept("étés brûlants"), "e\u0301te\u0301s bru\u0302lants")


@pytest.mark.parametrize(
    "row",
    ["", "plain", "scrypt$32768$8$1$x", "md5$1$1$1$AA==$AA==", "scrypt$3$8$1$AAAA$AAAA", "scrypt$x$8$1$AAAA$AAAA"],
)
def test_a_row_nobody_can_read_matches_nothing(row):
    """A damaged store lets nobody in; the console sets another password."""
    assert not matches(row, GOOD)


def test_a_row_or_a_password_of_another_size_costs_nothing():
    """Neither a forged cost nor a book as a password takes memory beyond the bound."""
    assert not matches(f"scrypt${2**24}$8$1$AAAA$AAAA", GOOD), f"this would need {2**24 * 8 * 128 >> 20} MiB"
    assert MEMORY < 2**24 * 8 * 128
    assert not matches(kept("x" * LONGEST), "x" * (LONGEST + 1))
