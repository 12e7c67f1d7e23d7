"""Research scanners by name: « robot d'indexation connu (Censys) ». Words only: the grade is a stranger's."""

from ipaddress import ip_address

from sentinel import scanners
from sentinel.model.incident import Incident

NAMED = 2
"""Organisations told in one sentence; of more, the first and « … »."""


def organisation(source: str, incident: Incident) -> str:
    """Whose robot a source of this story is, by its network or its proved name; empty: a stranger's."""
    return dict(incident.robots).get(source) or scanners.by_network(ip_address(source))


def only_robots(incident: Incident) -> str:
    """The organisations where everybody who came was a known scanner; empty where one visitor was not, or may not
    have been: only so many sources of a story are kept."""
    found = [organisation(source, incident) for source, _ in incident.sources]
    if not found or not all(found) or sum(times for _, times in incident.sources) < incident.count:
        return ""
    names = sorted(set(found))
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
