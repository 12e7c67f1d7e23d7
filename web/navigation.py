"""The list of pages in the head of every page behind the code: only what there is."""

from dataclasses import dataclass

from flask import current_app, request
from werkzeug.exceptions import HTTPException


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One page of the list."""

    path: str
    key: str
    """Of its name in the catalogues."""

    @property
    def is_here(self) -> bool:
        """Whether this page, or one below it, is being read."""
        return request.path == self.path or request.path.startswith(f"{self.path}/")


FIRST = (
    Link(path="/incidents", key="page.incidents"),
    Link(path="/outside", key="page.outside"),
    Link(path="/connections", key="page.connections"),
    Link(path="/machines", key="page.machines"),
)
"""Always in sight."""
MORE = (
    Link(path="/accepted", key="page.accepted"),
    Link(path="/papers", key="page.papers"),
    Link(path="/notices", key="page.notices"),
    Link(path="/settings", key="page.settings"),
    Link(path="/sentinel", key="page.sentinel"),
    Link(path="/account", key="page.account"),
    Link(path="/lampe", key="page.lampe"),
    Link(path="/first", key="page.first"),
)
"""Behind one word, so that the list takes two lines of a phone and not five."""


def is_there(path: str) -> bool:
    """Whether a page answers at this address."""
    try:
        current_app.url_map.bind("sentinel.local").match(path, method="GET")
    except HTTPException:
        return False
    return True


def links(which: tuple[Link, ...]) -> list[Link]:
    """Those of them that this sentinel has."""
    return [link for link in which if is_there(link.path)]
