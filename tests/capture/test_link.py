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
