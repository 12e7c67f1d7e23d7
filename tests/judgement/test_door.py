"""A door once found open: where it leads, and after how long of refusals nobody needs to prove it closed."""

from datetime import timedelta

import pytest

from sentinel.judgement.door import Door, led_to
from sentinel.judgement.knocks import Heard
from sentinel.model.connection import ConnectionState
from sentinel.model.finding import Code
from tests.builders import DOOR, IMAGING, IMAGING_MAC, WORKSTATION, WORKSTATION_MAC, finding, moment

HALF_A_DAY = timedelta(hours=12).total_seconds()


def door(**more: object) -> Door:
    return Door(**{"story": DOOR, "machine": IMAGING, "mac": IMAGING_MAC, "port": 4242, **more})


def refused(days: float, *, is_open=lambda day: True, without=()) -> Door:
    """Found shut twice a day for so long, but for some half days without any check."""
    known = door()
    for n in range(int(days * 2) + 1):
        if n not in without:
            known = known.refused_at(moment(n * HALF_A_DAY), is_open=is_open(n // 2))
    return known


@pytest.mark.parametrize(
    ("known", "given_up"),
    [
        (refused(6.5), False),
        (refused(7), True),
        (refused(8, without=range(6, 10)), False),  # two days without a check
        (refused(21, is_open=lambda day: False), False),  # holidays
        (refused(7.5, is_open=lambda day: day % 7 < 5), False),  # six opening days and a week-end
        (refused(8, is_open=lambda day: day % 7 < 5), True),
        (door(), False),
    ],
)
def test_a_door_is_given_up_after_a_week_that_holds_seven_opening_days(known, given_up):
    """Every day has its checks, and the machine should have been on for seven of them."""
    assert known.is_given_up() is given_up


@pytest.mark.parametrize(
    ("machine", "mac", "port", "same"),
    [
        (IMAGING, IMAGING_MAC, 4242, True),
        (WORKSTATION, IMAGING_MAC, 4242, True),  # another address of the same machine
        (IMAGING, WORKSTATION_MAC, 4242, False),
        (IMAGING, IMAGING_MAC, 104, False),
    ],
)
def test_a_door_is_where_its_machine_and_port_are(machine, mac, port, same):
    """By the MAC where it is known; a door that was never named may be anywhere."""
    heard = Heard(machine=machine, mac=mac, port=port, state=ConnectionState.ANSWERED)

    assert door().is_at(heard) is same
    assert door(machine=None, mac=None).is_at(heard)


def test_a_finding_leads_to_its_door():
    """With what was recognised there, and whether it is the box's own."""
    told = led_to(finding(Code.DOOR_REACHABLE))

    assert (told.story, told.machine, told.mac, told.port, told.is_box) == (
        DOOR,
        IMAGING,
        IMAGING_MAC,
        4242,
        False,
    )
    assert led_to(finding(Code.BOX_ANSWERS)).is_box
