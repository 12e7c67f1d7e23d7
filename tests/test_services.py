"""The table of ports: what we ask about, how often, and what open means."""

import pytest

from sentinel.model.exposure import Application, Kind, Nature, PortList
from sentinel.services import (
    DOOR_TEST_PORT,
    Alarm,
    Asked,
    alarm,
    known_ports,
    nature,
    port_list,
    service,
)


def test_fourteen_ports_are_asked_hourly_and_forty_eight_in_full():
    """Each list sorted and without doubles; the full one holds the hourly one."""
    hourly, full = port_list(PortList.HOURLY), port_list(PortList.FULL)

    assert (len(hourly), len(full)) == (14, 48)
    assert set(hourly) <= set(full)
    for ports in (hourly, full, known_ports()):
        assert list(ports) == sorted(set(ports))


@pytest.mark.parametrize("port", [104, 4242, 11112, 2762, 8042, 445, 3389, 5900, 3306, 5432])
def test_imaging_shares_databases_and_remote_desktops_are_red_when_open(port):
    """And named."""
    assert alarm(port) is Alarm.OPEN
    assert service(port) is not None


@pytest.mark.parametrize("port", [80, 443, 8080, 8443])
def test_a_web_port_is_red_only_once_it_is_identified(port):
    """It may be a camera, or the box."""
    assert alarm(port) is Alarm.IDENTIFIED


@pytest.mark.parametrize("port", [1723, 554, 1, 65_535, 50_000])
def test_what_the_table_does_not_know_is_worth_attention(port):
    """Never less."""
    assert alarm(port) is Alarm.ATTENTION


def test_every_dicom_port_of_the_table_is_red():
    """Whatever its confidence."""
    imaging = [known for port in known_ports() if (known := service(port)) and known.category in ("dicom", "hl7")]

    assert imaging
    assert {each.alarm for each in imaging} == {Alarm.OPEN}


def test_what_is_passive_is_never_asked_about():
    """Named when it is seen on the wire."""
    passive = {port for port in known_ports() if (known := service(port)) and known.asked is Asked.PASSIVE}

    assert passive
    assert not passive & set(port_list(PortList.FULL))


def test_the_door_test_has_a_port_of_its_own():
    """It must not be taken for a door of the practice."""
    assert service(DOOR_TEST_PORT) is None


def test_a_retest_has_no_list_of_its_own():
    """It asks about doors that were open, and about nothing else."""
    assert port_list(PortList.RETEST) == ()


@pytest.mark.parametrize(
    ("app", "leads_to"),
    [
        (None, None),
        (Application(kind=Kind.DICOM), Nature.IMAGING),
        (Application(kind=Kind.RDP), Nature.REMOTE),
        (Application(kind=Kind.SMB), Nature.STORAGE),
        (Application(kind=Kind.HTTP), None),
        (Application(kind=Kind.HTTP, product="orthanc"), Nature.IMAGING),
        (Application(kind=Kind.HTTP, product="synology"), Nature.STORAGE),
        (Application(kind=Kind.HTTP, product="freebox"), None),
        (Application(kind=Kind.HTTP, product="something new"), None),
    ],
)
def test_what_answered_tells_what_a_door_leads_to(app, leads_to):
    """A web page is nothing in particular until its product is known."""
    assert nature(app) is leads_to
