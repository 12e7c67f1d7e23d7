"""What machines tell of themselves: values that hold nothing a table or a number does not."""

import pytest

from sentinel.model.machine import KINDS, OFFERS, VENDOR, Kind, Offer, Service, is_made_up
from tests.builders import PATIENT, portrait, uplink

NAME = PATIENT.decode()


@pytest.mark.parametrize(("mac", "made_up"), [("da:a1:19:00:11:22", True), ("02:00:00:00:00:01", True)])
def test_a_made_up_address_is_known_by_its_second_bit(mac, made_up):
    """IEEE 802 section 8.4."""
    assert is_made_up(mac) is made_up
    assert not is_made_up(f"{int(mac[:2], 16) & ~2:02x}{mac[2:]}")


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_an_offer_has_a_port(port):
    """TCP's."""
    with pytest.raises(ValueError, match="no port"):
        Offer(service=Service.SMB, port=port)


@pytest.mark.parametrize("host", [NAME, "Jeanne Durand", "a.b", "é", "x" * 64, "<b>"])
def test_an_offers_host_is_one_label(host):
    """RFC 1035 section 2.3.1."""
    with pytest.raises(ValueError, match="no host"):
        Offer(service=Service.SMB, port=445, host=host)


@pytest.mark.parametrize(
    "more",
    [
        {"mac": NAME},
        {"mac": "02:00:00:00:00:4"},
        {"mac": "02:00:00:00:00:4G"},
        {"vendor": "x" * (VENDOR + 1)},
        {"kinds": (Kind.LINUX,) * (KINDS + 1)},
        {"offers": (Offer(service=Service.SMB, port=445),) * (OFFERS + 1)},
    ],
)
def test_a_portrait_is_no_longer_than_a_frame(more):
    """Whoever sends it."""
    with pytest.raises(ValueError, match=r"no machine|no frame"):
        portrait(**more)


@pytest.mark.parametrize("more", [{"switch": NAME}, {"port": NAME}, {"port": "x" * 41}, {"vendor": "x" * 61}])
def test_an_uplink_says_what_switches_say(more):
    """An address, and words and numbers."""
    with pytest.raises(ValueError, match="no switch"):
        uplink(**more)
