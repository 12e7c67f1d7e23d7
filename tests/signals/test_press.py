"""A press is told by its length alone, whenever the clock's calls come."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.signals.press import LONG, STILL, WARNING_LASTS, WARNS, Press, Sign


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def pressed(lasts: float, looks: float = 0.25, begins: float = 100.0) -> list[tuple[float, Sign]]:
    """What one press of so many seconds comes to, looked at so often: when, and what."""
    press, told, at = Press(), [], looks
    press.down(seconds(begins))
    while at < lasts:
        told.append((at, press.still(seconds(begins + at))))
        at += looks
    told.append((lasts, press.up(seconds(begins + lasts))))
    return [(when, sign) for when, sign in told if sign]


@pytest.mark.parametrize(
    ("lasts", "signs"),
    [
        (0.06, [Sign.TEST]),
        (2.99, [Sign.TEST]),
        (3.0, [Sign.READ]),
        (3.01, [Sign.ENOUGH, Sign.READ]),
        (5.99, [Sign.ENOUGH, Sign.READ]),
        (6.01, [Sign.ENOUGH, Sign.WARNING, Sign.CALLED_OFF]),
        (9.99, [Sign.ENOUGH, Sign.WARNING, Sign.CALLED_OFF]),
        (10.01, [Sign.ENOUGH, Sign.WARNING, Sign.FORGET]),
        (3600, [Sign.ENOUGH, Sign.WARNING, Sign.FORGET]),
    ],
)
def test_a_press_is_told_by_its_length(lasts, signs):
    """Each thing once; a finger that stays on the button does not do it again and again."""
    assert [sign for _, sign in pressed(lasts)] == signs


def test_three_six_and_ten_seconds():
    """As the wall card says."""
    assert (seconds(3), seconds(6), seconds(10)) == (LONG, WARNS, WARNS + WARNING_LASTS)
    assert pressed(12) == [(3.0, Sign.ENOUGH), (6.0, Sign.WARNING), (10.0, Sign.FORGET)]


@given(lasts=st.floats(0, 60), looks=st.floats(0.01, 30))
def test_nothing_is_forgotten_without_four_seconds_of_warning(lasts, looks):
    """However seldom a busy machine looks; and what was warned of and let go has no effect."""
    told = dict(reversed([(sign, at) for at, sign in pressed(lasts, looks)]))

    if Sign.FORGET in told:
        assert told[Sign.FORGET] - told[Sign.WARNING] >= 3.999
        assert lasts >= 9.999
    assert len(told.keys() & {Sign.TEST, Sign.READ, Sign.CALLED_OFF, Sign.FORGET}) == 1
    if Sign.READ in told:
        assert 3 <= lasts < 6


@given(st.lists(st.tuples(st.sampled_from(["down", "still", "up"]), st.floats(0, 5)), max_size=40))
def test_whatever_comes_in_whatever_order_only_a_press_acts(calls):
    """Edges may be lost: without a press that was seen from its beginning nothing is told."""
    press, at, held = Press(), 0.0, None
    for call, waits in calls:
        at += waits
        sign = getattr(press, call)(seconds(at))
        if held is None:
            assert sign is None
        elif sign in (Sign.READ, Sign.FORGET):
            assert at - held >= 3
        held = at if call == "down" else held if call == "still" else None


def test_a_button_that_is_held_at_the_start_means_nothing():
    """A short circuit must not take the password away at every boot."""
    press = Press()

    assert [press.still(seconds(each)) for each in range(20)] == [None] * 20
    assert press.up(seconds(20)) is None


def changes(gaps: list[float]) -> tuple[list[Sign], float, Press]:
    """A line that is down and up in turn, for so many seconds each; what it comes to, when, and the button."""
    press, told, at = Press(), [], 100.0
    for number, lasts in enumerate(gaps):
        if number % 2:
            told.append(press.up(seconds(at)))
        else:
            press.down(seconds(at))
            told += [press.still(seconds(at + each / 4)) for each in range(int(lasts * 4))]
        at += lasts
    if len(gaps) % 2:
        told.append(press.up(seconds(at)))
    return [sign for sign in told if sign], at, press


def test_a_wire_that_changes_faster_than_a_finger_reads_nothing():
    """A loose contact is down for three to six seconds by chance; before it trembled, and it trembles on."""
    told, at, press = changes([0.1, 0.3] * 10 + [4.0, 0.2, 5.0, 0.4] * 10)
    assert Sign.READ not in told
    assert press.restless

    press.down(seconds(at + STILL.total_seconds()))  # let go, and still for a while: a finger again
    assert press.up(seconds(at + STILL.total_seconds() + 4)) is Sign.READ
    assert not press.restless


def test_a_finger_that_plays_is_no_loose_contact():
    """Three short ones in a second and a half, then it is meant: it counts."""
    told, _, press = changes([0.2, 0.3, 0.2, 0.3, 0.2, 0.3, 4.0])

    assert told == [Sign.TEST] * 3 + [Sign.ENOUGH, Sign.READ]
    assert not press.restless


def test_a_warning_is_called_off_by_a_restless_wire_too():
    """Whoever saw it sees that it is over; and nothing is forgotten by such a wire, however long it is down."""
    told, at, press = changes([0.2, 0.3] * 4 + [6.5])
    assert told[-2:] == [Sign.WARNING, Sign.CALLED_OFF]

    press.down(seconds(at + 1))
    assert [press.still(seconds(at + 1 + each)) for each in range(60)] == [None] * 60


@given(st.lists(st.floats(0.05, 2), min_size=40, max_size=60), st.floats(0.05, 6))
def test_no_loose_contact_reads_however_it_trembles(gaps, last):
    """A change in two seconds at least, all the while: only its first ones may be taken for a finger's."""
    press, at = Press(), 0.0
    for number, lasts in enumerate([*gaps, last] if len(gaps) % 2 == 0 else [*gaps[1:], last]):
        if number % 2:
            press.up(seconds(at))
        else:
            press.down(seconds(at))
        at += lasts

    assert press.restless
    assert press.up(seconds(at)) is None
