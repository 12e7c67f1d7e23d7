"""The doors somebody accepted: which hold, which end, and what there is to say of them meanwhile."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from sentinel.judgement.expected import Accepted
from sentinel.judgement.granted import Granted
from sentinel.model.acting import Acceptance
from sentinel.model.finding import Code, Level
from tests.builders import IMAGING, IMAGING_MAC, START, moment

DAY = 86_400.0
VPN = "10.8.0.0/24"


def acceptance(number: int = 1, *, days: float = 365, made: float = 0, **more: object) -> Acceptance:
    facts: dict[str, object] = {
        "number": number,
        "machine": IMAGING_MAC,
        "port": 4242,
        "source": VPN,
        "until": START + timedelta(days=days),
        "who": "VPN Dupont",
        "why": "télémaintenance",
        "at": moment(made),
    }
    return Acceptance(**{**facts, **more})  # type: ignore[arg-type]


def granted(*acceptances: Acceptance, expect_open: tuple[int, ...] = ()) -> Granted:
    made = Granted(moment(), expect_open=expect_open)
    for each in acceptances:
        made.take(each)
    return made


def codes(made: Granted, at: float) -> list[Code]:
    return [each.code for each in made.reasons(moment(at))]


# -- ends --------------------------------------------------------------------------------------------------------


def test_an_end_is_told_once():
    """Whoever asks every second must not begin a story every second."""
    made = granted(acceptance(days=1), acceptance(2, days=2))

    assert made.ended(moment(DAY - 1)) == []
    assert [each.until for each in made.ended(moment(DAY))] == [START + timedelta(days=1)]
    assert made.ended(moment(DAY + 1)) == []
    assert [each.until for each in made.ended(moment(3 * DAY))] == [START + timedelta(days=2)]


def test_a_clock_that_is_put_right_brings_back_what_had_not_ended():
    """It jumped a year ahead, and back."""
    made = granted(acceptance(days=30))
    assert len(made.ended(moment(30.5 * DAY))) == 1

    assert made.ended(moment(60)) == []

    assert [each.is_over(moment(60)) for each in made] == [False]
    assert len(made.ended(moment(30.5 * DAY))) == 1


def test_what_ended_long_ago_is_forgotten():
    """Memory does not grow with the years."""
    made = granted(acceptance(days=1))
    made.ended(moment(DAY))
    made.ended(moment(10 * DAY))

    assert list(made) == []


def test_what_ended_while_nobody_was_there_is_not_told_at_start():
    """The first check looks at every door anyway; numbers go on where they were."""
    made = Granted(moment())
    made.remember([acceptance(3, days=-1), acceptance(4, days=30)], moment(), 9)

    assert made.ended(moment(1)) == []
    assert made.next_number == 9
    made.take(acceptance(12))
    assert made.next_number == 13


def test_what_is_withdrawn_holds_no_more():
    """And had ended before where its day was over."""
    made = granted(acceptance(1), acceptance(2, days=1))
    made.ended(moment(2 * DAY))

    gone = made.withdraw(1)
    assert gone is not None
    assert gone.who == "VPN Dupont"
    assert made.withdraw(2) is None
    assert made.withdraw(7) is None
    assert list(made) == []


# -- what there is to say ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, []),
        ({"source": None}, [Code.EXPECTED_BROAD]),
        ({"source": None, "port": 443}, []),
        ({"source": None, "port": 3389}, [Code.EXPECTED_BROAD]),
    ],
)
def test_a_red_door_open_to_everybody_is_never_green(more, said):
    """However it was accepted: as a machine's door, or as a declared public port."""
    assert codes(granted(acceptance(**more)), 0) == said
    assert codes(granted(acceptance(days=-1, **more)), 0) == []


@pytest.mark.parametrize(("port", "said"), [(1194, []), (3389, [Code.EXPECTED_BROAD])])
def test_a_declared_red_port_is_never_green_either(port, said):
    """A VPN is no red door."""
    assert codes(granted(expect_open=(port,)), 0) == said


@pytest.mark.parametrize(
    ("days", "at", "said"),
    [
        (365, 334, False),
        (365, 335, True),
        (365, 364, True),
        (365, 365, False),
        (30, 19, False),
        (30, 20, True),
        (3, 1.9, False),
        (3, 2, True),
    ],
)
def test_the_end_is_announced_thirty_days_before(days, at, said):
    """Of a short one in its last third: it would be yellow from its first day."""
    assert codes(granted(acceptance(days=days)), at * DAY) == ([Code.EXCEPTION_ENDS] if said else [])


def test_the_reminder_says_whose_and_until_when():
    """« L'accès autorisé de VPN Dupont se termine le 2 mars. »"""
    (reason,) = granted(acceptance()).reasons(moment(340 * DAY))

    assert (reason.level, reason.who, reason.until) == (Level.ATTENTION, "VPN Dupont", START + timedelta(days=365))
    assert (reason.mac, reason.machine, reason.port, reason.since) == (IMAGING_MAC, None, 4242, moment())


@pytest.mark.parametrize("address", [str(IMAGING), "2001:db8:1::66", "::1"])
def test_a_machine_known_by_its_address_is_named_by_it(address):
    """Where nobody has seen its MAC."""
    (reason,) = granted(acceptance(machine=address)).reasons(moment(340 * DAY))

    assert (str(reason.machine), reason.mac) == (address, None)


def test_a_maintenance_window_is_not_announced():
    """It is meant to end."""
    assert codes(granted(acceptance(days=3, window=True)), 2.9 * DAY) == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"days": 700}, []),
        ({"days": 700, "source": "10.8.0.0/16"}, []),
        ({"days": 700, "source": "10.8.0.0/25"}, [Code.EXCEPTION_ENDS]),
        ({"days": 700, "port": 4243}, [Code.EXCEPTION_ENDS]),
        ({"days": 700, "machine": "02:00:00:00:00:99"}, [Code.EXCEPTION_ENDS]),
        ({"days": 365}, [Code.EXCEPTION_ENDS]),
        ({"days": 343, "window": True}, [Code.EXCEPTION_ENDS]),
    ],
)
def test_what_was_prolonged_is_announced_no_more(more, said):
    """By an acceptance that excuses as much, for longer."""
    assert codes(granted(acceptance(), acceptance(2, made=340 * DAY, **more)), 341 * DAY) == said


def test_a_door_of_the_terms_needs_no_number():
    """Nobody noted when it was accepted: it holds, and is not announced."""
    door = Accepted(machine=IMAGING_MAC, port=443, source=ip_network(VPN), until=datetime(2026, 3, 9, tzinfo=UTC))
    made = Granted(moment(), [door])

    assert list(made) == [door]
    assert codes(made, 6 * DAY) == []


def test_a_door_accepted_twice_for_everybody_is_one_thing_to_say():
    """On two ports it is two."""
    made = granted(
        acceptance(source=None), acceptance(2, source=None, days=80), acceptance(3, source=None, port=3389)
    )

    broad = [each.port for each in made.reasons(moment(0)) if each.code is Code.EXPECTED_BROAD]
    assert sorted(filter(None, broad)) == [3389, 4242]
