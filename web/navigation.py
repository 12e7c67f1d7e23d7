"""The list of pages in the head of every page behind the code: only what there is."""

from dataclasses import dataclass

from flask import Flask, current_app, g, request
from werkzeug.exceptions import HTTPException

from web.scene import Scene
from web.steps import Step, hour, is_offered


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


def teach(app: Flask) -> None:
    """Give the templates the list, and the first hour that some pages offer."""
    app.jinja_env.globals.update(links=links, FIRST=FIRST, MORE=MORE, is_there=is_there, to_do=to_do)


def to_do() -> Step | None:
    """The next step of the first hour, where this page is to offer it."""
    scene: Scene = g.scene
    kept = scene.steps
    played = scene.pulse is not None and scene.pulse.demo  # a recorded day is set up by nobody
    if not scene.named or played or not is_offered(kept) or request.path.startswith("/first"):
        return None
    return next(step for step in hour(kept) if step.ended is None)


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
