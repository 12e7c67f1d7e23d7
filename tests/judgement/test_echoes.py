"""What each echo said last, for how long that counts, and who is not believed."""

import pytest

from sentinel.judgement.echoes import WORD_LASTS, Echoes
from sentinel.model.exposure import PortList, Reach
from sentinel.model.finding import Code
from tests.builders import exposure, moment, outcome

ONE, TWO = "echo-one", "echo-two"
LASTS = WORD_LASTS.total_seconds()


@pytest.mark.parametrize(
    ("said", "asks", "age", "counts"),
    [
        (Reach.OPEN, TWO, 0, True),
        (Reach.OPEN, TWO, LASTS, True),
        (Reach.OPEN, TWO, LASTS + 1, False),
        (Reach.CLOSED, TWO, 0, False),
        (Reach.OPEN, ONE, 0, False),  # its own older word is no second witness
    ],
)
def test_open_at_another_echo_counts_while_its_word_is_fresh(said, asks, age, counts):
    """And a later word of the same echo replaces the earlier one."""
    echoes = Echoes()
    echoes.hear(exposure(echo=ONE, reach=Reach.OPEN, at=moment()))
    echoes.hear(exposure(echo=ONE, reach=said, at=moment()))

    assert echoes.is_open_to_another(exposure(echo=asks, reach=Reach.CLOSED, at=moment(age))) is counts


def test_one_family_and_port_says_nothing_of_another():
    """Each door of each family by itself, also after a restart."""
    echoes = Echoes()
    echoes.recall([(ONE, 4, 104, moment())])

    found = [
        echoes.is_open_to_another(exposure(echo=TWO, port=port, family=family, at=moment(5)))
        for port, family in ((104, 4), (104, 6), (105, 4))
    ]
    assert found == [True, False, False]


def test_an_echo_that_denies_what_we_saw_is_not_believed_until_it_agrees_about_that_door():
    """A check of another list does not ask about it; a full one must."""
    echoes = Echoes()
    begun = echoes.contradict(exposure(echo=ONE, port=104, reach=Reach.FILTERED, check="a"))
    assert (begun.code, begun.ends, echoes.denies(ONE, 4), echoes.denies(TWO, 4)) == (
        Code.ECHO_CONTRADICTED,
        False,
        True,
        False,
    )

    assert list(echoes.checked(outcome(echo=ONE, check="b", ports=PortList.HOURLY))) == []
    echoes.hear(exposure(echo=ONE, port=104, reach=Reach.OPEN, check="c"))
    [over] = echoes.checked(outcome(echo=ONE, check="c", ports=PortList.HOURLY))
    assert (over.ends, echoes.denies(ONE, 4)) == (True, False)


def test_a_contradiction_about_a_port_nobody_asks_about_any_more_ends_with_a_full_list():
    """One the box mapped once cannot be agreed about; one that is denied again goes on."""
    echoes = Echoes()
    echoes.contradict(exposure(echo=ONE, port=40_104, check="a"))
    echoes.contradict(exposure(echo=ONE, port=104, check="b"))

    assert list(echoes.checked(outcome(echo=ONE, check="b"))) == []
    assert echoes.denies(ONE, 4)
    assert [each.ends for each in echoes.checked(outcome(echo=ONE, check="c"))] == [True]
    assert not echoes.denies(ONE, 4)
