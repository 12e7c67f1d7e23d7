"""An association we could read, anybody on its way could: what crosses the boundary in clear is a weak point."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from sentinel.judgement.in_clear import in_clear
from sentinel.model.connection import Association, Direction
from sentinel.model.finding import Code, Level
from sentinel.model.standing import Standing
from tests.builders import IMAGING, IMAGING_MAC, STRANGER, WORKSTATION, connection, dicom, networks

TUNNEL = ip_address("10.8.0.6")


def told(standing=Standing.EXPECTED, **shape):
    return in_clear(connection(**{"dicom": dicom(), **shape}), standing, networks())


def test_an_accepted_partner_on_the_internet_sends_names_and_pictures_in_clear():
    """The door is meant to be open; what passes it can be read on the way."""
    finding = told()

    assert finding is not None
    assert (finding.code, finding.level, finding.machine, finding.mac, finding.source, finding.port) == (
        Code.DICOM_IN_CLEAR,
        Level.ATTENTION,
        IMAGING,
        IMAGING_MAC,
        STRANGER,
        4242,
    )


@pytest.mark.parametrize("standing", [Standing.KNOWN_NETWORK, Standing.EXPECTED])
def test_through_a_private_network_it_is_noted(standing):
    """A tunnel's encryption is not seen here."""
    finding = told(standing, source=TUNNEL)

    assert finding is not None
    assert finding.level is Level.NOTE
    assert "10.8.0.0/24" in finding.story.about


def test_what_a_machine_sends_to_another_private_network_is_noted_too():
    """The one thing outbound that is there to be seen: nobody's browsing is followed."""
    finding = told(
        Standing.INSIDE, source=WORKSTATION, target=TUNNEL, target_port=11112, direction=Direction.INTERNAL
    )

    assert finding is not None
    assert (finding.level, finding.machine, finding.source, finding.port) == (
        Level.NOTE,
        WORKSTATION,
        TUNNEL,
        None,
    )


@pytest.mark.parametrize("standing", [Standing.STRANGER, Standing.BOX, Standing.PRIVATE, Standing.OWN_CHECK])
def test_whoever_is_a_story_already_is_no_second_one(standing):
    """A stranger is red, an unknown network is asked about, and our own question crosses nothing of ours."""
    assert told(standing) is None


@pytest.mark.parametrize(
    "shape",
    [
        {"dicom": None},
        {"dicom": dicom(Association.PROPOSED)},
        {"dicom": dicom(Association.REJECTED)},
        {"source": WORKSTATION, "direction": Direction.INTERNAL},  # from one machine of ours to another
    ],
)
def test_nothing_crossed(shape):
    """No association, none accepted, or all inside."""
    assert told(**shape) is None


def test_a_call_by_our_own_public_address_stays_inside():
    """The box turned it back."""
    turned = replace(connection(dicom=dicom()), hairpin=ip_address("25.0.0.2"))

    assert in_clear(turned, Standing.INSIDE, networks()) is None


def test_however_many_partners_there_are_a_machine_has_one_story_towards_the_internet():
    """And one for each private network."""
    partners = [told(source=ip_address(f"203.0.{n}.7")) for n in range(3)]
    tunnels = [told(source=ip_address(f"10.8.{n}.7")) for n in range(3)]

    assert len({each.story for each in partners}) == 1
    assert len({each.story for each in tunnels}) == 3
