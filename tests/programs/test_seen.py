"""What somebody who presses a button has seen: each alarm since it was shown, without a break."""

from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.verdict import Assurance, Reason, Verdict
from sentinel.programs.seen import Seen
from tests.builders import moment


def verdict(*alarms: int, attention: tuple[int, ...] = ()) -> Verdict:
    levels = [*((each, Level.ALARM) for each in alarms), *((each, Level.ATTENTION) for each in attention)]
    reasons = tuple(
        Reason(code=Code.DOOR_ANSWERED, level=level, since=moment(0), incident=each) for each, level in levels
    )
    return Verdict(
        level=Level.ALARM,
        reasons=reasons,
        at=moment(0),
        view=View.MIRROR,
        assurance=next(iter(Assurance)),
        checked=None,
    )


def test_an_alarm_is_seen_from_the_moment_it_is_shown():
    """Not in the very same one, and whatever the moment of its verdict."""
    seen = Seen()
    seen.take(verdict(1), moment(5))
    seen.take(verdict(1, 2), moment(7))

    assert [seen.before(moment(at), 1) for at in (0, 5, 5.1, 9)] == [False, False, True, True]
    assert [seen.before(moment(at), 2) for at in (6, 7.1)] == [False, True]
    assert not seen.before(moment(9), 3)


def test_an_alarm_that_comes_back_has_not_been_seen_before():
    """It was read, or over, and is an alarm anew."""
    seen = Seen()
    seen.take(verdict(1), moment(1))
    seen.take(verdict(attention=(1,)), moment(2))
    assert not seen.before(moment(3), 1)

    seen.take(verdict(1), moment(4))
    assert (seen.before(moment(3), 1), seen.before(moment(5), 1)) == (False, True)
