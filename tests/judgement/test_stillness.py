"""Who wants something of the box, and whether anything has passed since."""

from sentinel.judgement.stillness import MOST, Stillness
from tests.builders import coverage, moment


def still(*reports: int | None) -> Stillness:
    """Two machines have asked after the first report, and these came after them."""
    first, *others = reports
    told = Stillness()
    told.report(coverage(moment(1), foreign=first))
    for machine in "ab":
        told.asks(machine, moment(2))
    for second, each in enumerate(others, 3):
        told.report(coverage(moment(second), foreign=each))
    return told


def test_two_that_ask_while_nothing_passes_stand_still():
    """From the moment they asked on, and not before."""
    assert still(5, 5, 5).stood(moment(10))
    assert not still(5, 5, 5).stood(moment(2))


def test_one_frame_for_anybody_else_ends_it():
    """Whose it was is not asked; a `listen` that began anew counts from nothing."""
    assert not still(5, 6).stood(moment(10))
    assert not still(5, 0).stood(moment(10))


def test_where_nobody_counts_nothing_stands_still():
    """An older kernel says nothing of what passes."""
    assert not still(None, None).stood(moment(10))
    assert not still(5, None, 5).stood(moment(10))


def test_invented_machines_fill_no_memory():
    """Two are enough."""
    told = still(5)
    for number in range(10 * MOST):
        told.asks(str(number), moment(3))

    assert len(told._wanting) == MOST
