"""`/sentinel.txt`: how the sentinel is doing, as text for whoever helps from elsewhere.

It has no address, no machine, no person and no secret in it: codes, counts and ages only, one fact a line.
"""

import platform
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, timedelta

from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue

from sentinel.model.renewal import Renewal
from web.guard import behind_code
from web.health import Health, health
from web.scene import Scene

pages = Blueprint("diagnostics", __name__)


@pages.get("/sentinel.txt")
@behind_code
def diagnostics() -> ResponseReturnValue:
    """Everything that can be told without naming anybody, as a file."""
    answer = Response("\n".join(lines(g.scene, health())) + "\n", mimetype="text/plain")
    answer.headers["Content-Disposition"] = "attachment; filename=sentinel.txt"
    return answer


def lines(scene: Scene, known: Health) -> Iterator[str]:
    """One fact a line: codes, counts, ages in seconds."""
    yield from (f"{name}: {version}" for name, version in known.versions)
    yield f"machine: {platform.machine()}, {platform.system()} {platform.release()}"
    yield f"now: {scene.now.wall.isoformat(timespec='seconds')}"
    yield f"alive: {scene.alive}"
    yield from _of_pulse(scene)
    for check, proof in known.checks:
        proved = f"{_age(scene, proof)} ago" if proof else "never"
        yield (
            f"check IPv{check.family} by {check.echo}: {check.outcome}, {check.ports}, {check.tested} doors,"
            f" {_age(scene, check.at)} ago; complete {proved}"
        )
    box = known.read
    if box:
        yield (
            f"box: {box.reading}, {_age(scene, box.at.wall)} ago, igd {box.igd}, pcp {box.pcp},"
            f" natpmp {box.natpmp}, ipv6 inbound {box.ipv6_inbound}, {len(box.mappings)} mappings"
        )
    vitals = known.vitals
    yield f"store: {known.size} bytes, oldest connection {_age(scene, vitals.oldest)}"
    written, anchored = _age(scene, vitals.written), _age(scene, vitals.anchored)
    yield f"journal: {vitals.entries} entries, last {written}, anchored {anchored}"
    config = scene.config
    yield from _of_update(scene, known.renewed)
    yield f"kept: {config.store.months} months; batch {config.store.batch_seconds:g} s; lamp {config.lamp.kind}"
    yield f"labels: {len(config.labels)}; first hour: {', '.join(sorted(scene.steps)) or 'not begun'}"


def _of_update(scene: Scene, last: Renewal | None) -> Iterator[str]:
    night = scene.config.update
    if night.source:
        how = "automatic" if night.automatic else "by hand"
        yield f"updates: {how}, {night.opens:%H:%M} to {night.closes:%H:%M}"
    if last is None:
        return
    lost = (
        f", out of sight {last.lost.connections} connections, {last.lost.incidents} incidents" if last.lost else ""
    )
    yield (
        f"update: {last.before or '?'} to {last.version or '?'}: {last.came}, {_age(scene, last.at)} ago,"
        f" lacking {last.lack or 'nothing'}{lost}"
    )


def _of_pulse(scene: Scene) -> Iterator[str]:
    pulse = scene.pulse
    if pulse is None:
        return
    said = pulse.verdict
    yield f"started: {pulse.started.wall.isoformat(timespec='seconds')}; demo {pulse.demo}"
    yield f"verdict: {said.level.word}; view {said.view}; assurance {said.assurance}; {said.doors} doors"
    yield from (f"reason: {each.code}, {each.level.word}, {_age(scene, each.since.wall)}" for each in said.reasons)
    yield from (f"part: {part}, {'well' if well else 'ill'}" for part, well in said.fresh.items())
    seen = pulse.coverage
    if seen is None:
        yield "capture: nothing yet"
        return
    ways = (("inward", seen.inward), ("outward", seen.outward), ("heard", seen.heard))
    ages = ", ".join(f"{name} {_age(scene, moment.wall if moment else None)}" for name, moment in ways)
    yield f"capture: carrier {seen.carrier}, apart {seen.apart}, {ages}"
    yield f"shows: {seen.shows}, half since {_age(scene, seen.half.wall if seen.half else None)}"
    yield f"wrapped: {', '.join(seen.wrapped) or 'nothing'}"
    counts = (
        "frames",
        "dropped",
        "undecodable",
        "fragments",
        "pieces",
        "forgotten",
        "unsent",
        "unread",
        "foreign",
        "unseen",
        "opened",
        "unopened",
    )
    yield "counts: " + ", ".join(f"{name} {getattr(seen, name)}" for name in counts)
    yield "losses: " + ", ".join(f"{each.name} {getattr(seen.losses, each.name)}" for each in fields(seen.losses))


def _age(scene: Scene, when: datetime | None) -> str:
    if when is None:
        return "never"
    return f"{max(timedelta(0), scene.audience.now - when).total_seconds():.0f} s"
