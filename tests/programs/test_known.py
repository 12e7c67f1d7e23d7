"""No service is asked twice a day, and one that stopped after a question never again."""

import pytest

from sentinel.echo import identify
from sentinel.model.declared import Identify
from sentinel.model.exposure import AfterProbe, Application, Kind, Reach
from sentinel.programs.known import KEPT, PRINTERS, Known
from tests.builders import exposure, moment

DAY = KEPT.total_seconds()
DICOM = Application(kind=Kind.DICOM)
GONE = Application(kind=Kind.TLS, after_probe=AfterProbe.GONE)


def told(known: Known, *ports: int, at: float = 10, family: int = 4) -> dict[int, Kind]:
    return known.among(family, ports or (104, 443, 8443), moment(at))


def test_what_answered_is_known_for_a_day_and_not_longer():
    """From the store or from a check since: what it tells never grows."""
    known = Known({(4, 443): (Kind.HTTP, moment(0)), (6, 443): (Kind.SSH, moment(0))})
    known.learn(exposure(port=104, app=DICOM, at=moment(60)))

    assert told(known) == {104: Kind.DICOM, 443: Kind.HTTP}
    assert told(known, family=6) == {443: Kind.SSH}
    assert told(known, at=DAY - 1) == {104: Kind.DICOM, 443: Kind.HTTP}
    assert told(known, at=DAY + 1) == {104: Kind.DICOM}
    assert told(known, at=DAY + 61) == {}


def test_only_the_doors_of_the_question_are_named():
    """Another subscriber's echo need not know of the rest."""
    known = Known({(4, 443): (Kind.HTTP, moment(0)), (4, 104): (Kind.DICOM, moment(0))})

    assert told(known, 104, 8080) == {104: Kind.DICOM}
    assert known.among(4, (), moment(1)) == {}


@pytest.mark.parametrize("reach", Reach)
def test_behind_a_door_that_was_shut_another_service_may_stand(reach):
    """Not tested, or not known, is not shut."""
    known = Known({(4, 443): (Kind.HTTP, moment(0))})
    known.learn(exposure(port=443, reach=reach))

    shut = reach in (Reach.CLOSED, Reach.FILTERED, Reach.UNREACHABLE)
    assert told(known) == ({} if shut else {443: Kind.HTTP})


def test_no_time_to_listen_is_no_answer():
    known = Known({(4, 443): (Kind.HTTP, moment(0))})
    for port in (104, 443):
        known.learn(exposure(port=port, app=Application(kind=Kind.UNKNOWN)))

    assert told(known) == {443: Kind.HTTP}


def test_a_service_that_stopped_after_a_question_is_spared_for_good():
    """Started again or not: the next echo would stop it once more."""
    known = Known({}, [(6, 104)])
    known.learn(exposure(port=8443, app=GONE))
    known.learn(exposure(port=8443, reach=Reach.CLOSED))

    assert told(known, at=30 * DAY).keys() == {8443}
    assert told(known, at=30 * DAY, family=6).keys() == {104}


def test_the_button_asks_nothing_again_where_a_service_is_fragile():
    """`all` would have an echo ask what we tell it to leave alone."""
    known = Known()
    assert known.softened(Identify.ALL, 4) is Identify.ALL
    known.learn(exposure(port=8443, app=GONE))

    assert known.softened(Identify.ALL, 4) is Identify.NEW
    assert known.softened(Identify.ALL, 6) is Identify.ALL
    assert known.softened(Identify.NEW_NO_TLS, 4) is Identify.NEW_NO_TLS
    assert known.softened(Identify.NONE, 4) is Identify.NONE


def test_a_printer_behind_another_port_is_sent_nothing():
    """The echo spares 9100 to 9107, and cannot know that 8443 leads there; over IPv6 the box maps nothing."""
    known = Known()
    known.lead_to({443: 443, 8443: PRINTERS[0], 104: PRINTERS[-1]})

    assert told(known) == {104: Kind.SILENT, 8443: Kind.SILENT}
    assert told(known, family=6) == {}
    assert known.softened(Identify.ALL, 4) is Identify.NEW
    assert PRINTERS == identify.PRINTERS
    known.lead_to({443: 443})
    assert told(known) == {}
