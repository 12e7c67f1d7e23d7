"""`sentinel box`: reads the box from inside now, and shows what it says beside what the echo saw."""

import math
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address

from sentinel import codec
from sentinel.capture.surroundings import look_around
from sentinel.config import Config
from sentinel.model.box import BoxReading, Mapping, Reading, wan_address
from sentinel.model.exposure import Outcome
from sentinel.model.moment import Address
from sentinel.places import Places
from sentinel.programs.looking import gateway_of
from sentinel.reach.box import read_box
from sentinel.store.reading import opened
from sentinel.text import say

READ, UNKNOWN = 0, 2
MINUTE = timedelta(minutes=1)

Say = Callable[[str], None]


def box(config: Config, places: Places, tell: Say, *, as_json: bool = False) -> int:
    """Read and show.

    Returns:
        0: it was read; 2: it could not be, or not all of it.
    """
    language = config.page.language
    networks = look_around().networks(config.capture.prefixes, config.capture.box)
    gateway = gateway_of(networks.box)
    if gateway is None:
        tell(say(language, "box.no_box"))
        return UNKNOWN
    reading = read_box(gateway)
    if as_json:
        tell(codec.encode(reading).decode())
    else:
        for line in _lines(config, places, reading):
            tell(line)
    return READ if reading.reading is Reading.READ else UNKNOWN


def _lines(config: Config, places: Places, reading: BoxReading) -> list[str]:
    language = config.page.language
    observed, macs = _known(places)
    whose = wan_address(reading, observed)
    return [
        say(language, "box.head", gateway=reading.gateway),
        "  " + say(language, f"box.reading.{reading.reading}", version=reading.igd or 0, detail=reading.detail),
        "  " + say(language, "box.wan", wan=reading.wan or "?", observed=observed or "?"),
        "  " + say(language, f"box.whose.{whose}"),
        "  " + say(language, f"box.ipv6.{_ipv6(reading)}"),
        "  " + say(language, "box.openers", **_openers(language, reading)),
        "",
        *(_mapping(config, each, macs) for each in _by_port(reading)),
        *([] if reading.mappings else ["  " + say(language, "box.no_mapping")]),
        "",
        say(language, "box.proves"),
    ]


def _ipv6(reading: BoxReading) -> str:
    return {True: "open", False: "closed", None: "untold"}[reading.ipv6_inbound]


def _openers(language: str, reading: BoxReading) -> dict[str, str]:
    answers = {"upnp": reading.igd is not None, "pcp": reading.pcp, "natpmp": reading.natpmp}
    return {name: say(language, "box.yes" if answer else "box.no") for name, answer in answers.items()}


def _by_port(reading: BoxReading) -> list[Mapping]:
    return sorted(reading.mappings, key=lambda each: (each.outside_port, each.transport))


def _mapping(config: Config, mapping: Mapping, macs: dict[str, str]) -> str:
    """Public port, machine, inside port, who asked, for how long."""
    language = config.page.language
    label = config.labels.get(macs.get(str(mapping.machine), ""))
    machine = f"{mapping.machine}:{mapping.inside_port}"
    ends = [
        say(language, "box.asked_by", text=mapping.text) if mapping.text else say(language, "box.asked_by_nobody"),
        say(language, "box.lease", minutes=math.ceil(mapping.lease / MINUTE)) if mapping.lease else "",
        say(language, "box.only_from", remote=mapping.remote) if mapping.remote else "",
        "" if mapping.enabled else say(language, "box.disabled"),
    ]
    head = f"  {mapping.outside_port:>5}/{mapping.transport}  → {f'{label}, ' if label else ''}{machine}"
    return ", ".join([head, *(each for each in ends if each)])


def _known(places: Places) -> tuple[Address | None, dict[str, str]]:
    """The public IPv4 address of the last check, and which machine has which address."""
    with suppress(OSError), opened(places.store) as reader:
        checked = [each for each in reader.checks() if each.family == 4 and each.outcome == Outcome.CHECKED]
        address = next((each.address for each in checked if each.address), None)
        return ip_address(address) if address else None, reader.macs()
    return None, {}
