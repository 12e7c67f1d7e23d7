"""What the kernel says of a card."""

import re

import pytest

from sentinel.capture import link
from tests.capture import cable


def test_a_card_that_is_not_there_has_no_carrier_and_no_address():
    """A pulled adapter is blindness, not an error."""
    assert not link.has_carrier("nosuch0")
    assert link.mac("nosuch0") == ""


def test_the_loopback_has_an_address_of_noughts():
    """Every machine has one."""
    assert link.mac("lo") == "00:00:00:00:00:00"


def test_a_name_stays_as_it_is_and_an_address_becomes_the_name_of_its_card():
    """Whether there is such a card is somebody else's question."""
    assert [link.named(each) for each in ("", "lo", "nosuch0")] == ["", "lo", "nosuch0"]
    assert link.named("00:00:00:00:00:00") == "lo"


def test_an_address_nobody_has_is_no_card(tmp_path):
    """It comes back as it is, and the kernel knows no interface of that name."""
    assert link.named("02:00:00:00:00:99", tmp_path) == "02:00:00:00:00:99"
    assert link.named("02:00:00:00:00:99", tmp_path / "nowhere") == "02:00:00:00:00:99"
    assert link.mac("02:00:00:00:00:99") == ""


def test_a_card_goes_before_what_is_built_on_it(tmp_path):
    """A bridge and a VLAN have its address; the kernel keeps other things in that folder, too."""
    for name in ("br0", "eth1", "eth1.5"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "address").write_text("b8:27:eb:12:34:56\n")
    (tmp_path / "eth1/device").mkdir()
    (tmp_path / "bonding_masters").write_text("")

    assert link.named("B8:27:EB:12:34:56", tmp_path) == "eth1"


@pytest.mark.lab
def test_the_carrier_follows_the_other_end_of_the_cable():
    """Up, then pulled at the far end, then down at ours: reading it then is an error to the kernel."""
    cable.need("python3")
    with cable.cable() as laid:
        seen = []
        for end, state in (("left", "up"), ("left", "down"), ("right", "down")):
            laid.set_link(end, state)
            seen.append(ask(laid, f"link.has_carrier({cable.CARD!r})"))
        address = ask(laid, f"link.mac({cable.CARD!r})")

    assert seen == ["True", "False", "False"]
    assert re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", address)


def ask(laid: cable.Cable, question: str) -> str:
    """Asked by a program at that end, which sees that end's /sys."""
    import sys

    done = laid.run("right", sys.executable, "-c", f"from sentinel.capture import link; print({question})")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
