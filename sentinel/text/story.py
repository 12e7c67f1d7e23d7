"""What an incident's page says beside its sentence: since when, who came how often; pure, for those who gave the
code."""

from collections.abc import Iterator

from sentinel.model.incident import Incident
from sentinel.text import times
from sentinel.text.points import Audience, Phrase


def lines(incident: Incident, audience: Audience) -> Iterator[Phrase]:
    """In the order in which somebody asks."""
    language, now, zone = audience.language, audience.now, audience.zone
    first = times.at(language, incident.first.wall, now, zone)
    if incident.installation:  # never « since »: nobody knows
        yield Phrase(key="story.installation", blanks={"first": first})
    if not incident.count:
        return
    last = times.at(language, (incident.last_visit or incident.last).wall, now, zone)
    yield Phrase(key="story.visits", blanks={"count": incident.count, "first": first, "last": last})
    sources = len(incident.sources) + incident.other_sources
    if sources:
        yield Phrase(key=f"story.sources{'.least' if incident.other_sources else ''}", blanks={"count": sources})
    unnamed = incident.count - sum(times for _, times in incident.sources)
    if unnamed > 0:
        yield Phrase(key="story.others", blanks={"count": unnamed})
