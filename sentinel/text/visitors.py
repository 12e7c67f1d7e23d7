"""Who came, how often and of how many addresses, in sentences: pure, for those who gave the code."""

from collections.abc import Iterator

from sentinel.model.incident import Incident
from sentinel.text import times
from sentinel.text.points import Audience, Phrase


def visitors(incident: Incident, audience: Audience) -> Iterator[Phrase]:
    """The visits of one story; nothing where nobody came."""
    if not incident.count:
        return
    language, now, zone = audience.language, audience.now, audience.zone
    first = times.at(language, incident.first.wall, now, zone)
    last = times.at(language, (incident.last_visit or incident.last).wall, now, zone)
    yield Phrase(key="visitors.visits", blanks={"count": incident.count, "first": first, "last": last})
    sources = len(incident.sources) + incident.other_sources
    if sources:
        least = ".least" if incident.other_sources else ""
        yield Phrase(key=f"visitors.sources{least}", blanks={"count": sources})
    unnamed = incident.count - sum(often for _, often in incident.sources)
    if unnamed > 0:
        yield Phrase(key="visitors.others", blanks={"count": unnamed})
