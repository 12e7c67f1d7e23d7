"""What was learnt at one public port, in words: what answered, and the way from the internet to a machine."""

from datetime import timedelta

from sentinel.model.exposure import Application, PortList
from sentinel.services import DOOR_TEST_PORT, port_list
from sentinel.text.catalogue import say

HOURLY_LASTS = timedelta(hours=3)
FULL_LASTS = timedelta(hours=12)
"""How long a word on a port of each list proves anything: the verdict's own limits (design, section 3)."""


def lasts(port: int) -> timedelta:
    """How long an answer about this port counts; ports beyond the lists are asked about at every check."""
    is_seldom = port in port_list(PortList.FULL) and port not in port_list(PortList.HOURLY)
    return FULL_LASTS if is_seldom else HOURLY_LASTS


def is_asked(port: int, family: int, expect_open: tuple[int, ...], extra_ports: tuple[int, ...]) -> bool:
    """Whether the echo is asked about this port over this family: a declared forward is an IPv4 thing."""
    more = expect_open if family == 4 else (DOOR_TEST_PORT,)
    return port in (*port_list(PortList.FULL), *extra_ports, *more)


def answered(language: str, app: Application | None) -> str:
    """What answered: « imagerie (DICOM), association acceptée »; empty when it was not asked who it is."""
    if app is None:
        return ""
    words = [say(language, f"kind.{app.kind.value}")]
    if app.answer is not None:
        reason = f" ({'/'.join(map(str, app.rejection))})" if app.rejection else ""
        words.append(say(language, f"dicom_answer.{app.answer.value}") + reason)
    if app.auth is not None:
        words.append(say(language, f"auth.{app.auth.value}"))
    if app.product is not None:
        words.append(app.product[:1].upper() + app.product[1:])
    if app.tls:
        words.append(say(language, "app.tls"))
    return ", ".join(words)


def endpoint(name: str, address: str | None, port: int | None) -> str:
    """A machine and its port: « RADIO-PC 192.168.77.20:4242 »; an IPv6 address in brackets."""
    if address is None:
        return name
    place = f"[{address}]" if ":" in address else address
    return " ".join(each for each in (name, f"{place}:{port}" if port else place) if each)


def route(language: str, port: int, machine: str) -> str:
    """The way in, on one line: « internet:11112 → box → RADIO-PC 192.168.77.20:4242 »."""
    return say(language, "route.line", port=str(port), machine=machine or say(language, "route.unknown"))
