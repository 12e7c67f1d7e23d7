"""How many rare frames are read in a second."""

from sentinel.tracking.budget import A_SECOND, OF_ONE, Budget
from tests.builders import moment


def test_so_many_frames_of_a_second_are_read_and_the_next_second_as_many():
    """From many senders."""
    budget = Budget()
    taken = [budget.takes(bytes([n]), moment(second)) for second in (0.2, 1.1) for n in range(50)]

    assert taken == ([True] * A_SECOND + [False] * (50 - A_SECOND)) * 2


def test_one_that_talks_much_leaves_room_for_the_others():
    """Whoever comes behind it in the same second is heard."""
    budget = Budget()

    assert [budget.takes(b"loud", moment()) for _ in range(100)].count(True) == OF_ONE
    assert budget.takes(b"still", moment(0.9))


def test_what_was_refused_uses_nothing_up():
    """Or a flood of one would shut the door for all."""
    budget = Budget()
    for _ in range(1000):
        budget.takes(b"loud", moment())

    assert sum(budget.takes(bytes([n]), moment()) for n in range(100)) == A_SECOND - OF_ONE
