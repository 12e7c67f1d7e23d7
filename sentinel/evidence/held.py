"""The rows of a store held against its journal: an incident, a line or a record that was edited does not agree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentinel.evidence.told import Told
from sentinel.evidence.verify import Found, Point
from sentinel.model.decided import other

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What a store shows, as dictionaries with the names of its columns."""

    incidents: Sequence[Row]
    chapters: Mapping[int, Sequence[Row]]
    """Of each incident, in their order."""
    register: Mapping[int, Row]
    """Of each incident its record: `incident` and `chapters`."""
    acceptances: Sequence[Row]
    networks: Sequence[Row]


def rows(told: Told, shown: Rows) -> Iterable[Found]:
    """The first thing that is wrong with each incident, and each decision; one point more when nothing is."""
    found = [*_incidents(told, shown), *_register(told, shown), *_decided(told, shown)]
    yield from found
    if not found:
        counts = {"incidents": len(shown.incidents), "registered": len(shown.register)}
        counts |= {"acceptances": len(shown.acceptances), "networks": len(shown.networks)}
        yield Found(Point.ROWS, {name: str(count) for name, count in counts.items()})
    yield Found(Point.UNBOUND)


def _decided(told: Told, shown: Rows) -> Iterable[Found]:
    for number in other(told.decided.acceptances, shown.acceptances, "number"):
        yield Found(Point.ACCEPTANCE_CHANGED, {"number": str(number)})
    for network in other(told.decided.networks, shown.networks, "network"):
        yield Found(Point.NETWORK_CHANGED, {"network": str(network)})


def _incidents(told: Told, shown: Rows) -> Iterable[Found]:
    for row in shown.incidents:
        about = {"incident": str(row["number"])}
        if row["number"] not in told.incidents:
            yield Found(Point.INCIDENT_ADDED, about)
        elif told.differs(row):
            yield Found(Point.INCIDENT_CHANGED, about)
        elif told.other_lines(row["number"], shown.chapters.get(row["number"], [])):
            yield Found(Point.TIMELINE_CHANGED, about)
    present = {row["number"] for row in shown.incidents}
    for number in told.missing(present):
        yield Found(Point.INCIDENT_REMOVED, {"incident": str(number)})
    for number in shown.chapters.keys() - present:
        yield Found(Point.TIMELINE_CHANGED, {"incident": str(number)})


def _register(told: Told, shown: Rows) -> Iterable[Found]:
    for number in sorted(told.alarms | shown.register.keys()):
        record = shown.register.get(number)
        if (
            record is None
            or number not in told.incidents
            or told.differs(record["incident"])
            or told.other_lines(number, record["chapters"])
        ):
            yield Found(Point.REGISTER_CHANGED, {"incident": str(number)})
