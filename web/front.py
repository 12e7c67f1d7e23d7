"""`/` for everybody, `/sentinel` for whoever looks after it, `/healthz` for programs."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, g, jsonify, render_template
from flask.typing import ResponseReturnValue

from sentinel.model.finding import Code, Level
from sentinel.model.verdict import Reason, Verdict
from sentinel.store import reading
from sentinel.store.acceptances import Standing
from sentinel.text import say, times
from sentinel.text.deadline import LASTS
from sentinel.text.perimeter import perimeter_now
from sentinel.text.points import Phrase, Record, contact
from sentinel.text.sentences import Words, verdict_words
from web.guard import behind_code
from web.health import health
from web.proofs import besides, proof_of_view
from web.scene import Scene, surroundings
from web.stories import records
from web.words import phone_link

pages = Blueprint("front", __name__)
ACCEPTED = frozenset({Code.EXPECTED_BROAD, Code.EXCEPTION_ENDS})
"""Reasons about a door that somebody accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What the first page says."""

    sentence: Phrase
    gesture: Phrase
    also: tuple[tuple[Reason, Phrase], ...] = ()
    deadline: Phrase | None = None
    checked: datetime | None = None
    doors: int = 0
    missed: tuple[Phrase, ...] = ()
    """Checks from outside that failed, while an older one may still count."""
    unnamed: bool = False
    """Some reason has a machine whose name the code would show."""


@pages.get("/")
def front() -> ResponseReturnValue:
    """The verdict in one sentence, and what to do now."""
    scene: Scene = g.scene
    return render_template(
        "front.html",
        front=front_of(scene),
        accepted=ACCEPTED,
        perimeter=perimeter_now(scene.verdict),
        answer=_to_answer(scene),
        call=None if _is_exercise(scene) else phone_link(scene.config.practice, scene.today),
    )


@pages.get("/sentinel")
@behind_code
def sentinel() -> ResponseReturnValue:
    """Which part of the sentinel is ill, since when, and what it sees."""
    scene: Scene = g.scene
    also = _words(scene, scene.verdict).also if scene.verdict else ()
    doubts = [(reason, said) for reason, said in also if _is_doubt(reason)]
    seen = scene.pulse.coverage if scene.pulse else None
    proof = proof_of_view(seen, scene.config.capture.view)
    return render_template("sentinel.html", doubts=doubts, health=health(), proof=proof, wrapped=besides(seen))


@pages.get("/healthz")
def healthz() -> ResponseReturnValue:
    """For programs: 200 while the street lives, every part is well and the store can be read; else 503."""
    scene: Scene = g.scene
    parts = dict(scene.verdict.fresh) if scene.verdict else {}
    well = scene.alive and scene.readable and all(parts.values())
    answer = jsonify(
        alive=scene.alive,
        verdict=scene.verdict.level.word if scene.verdict else None,
        parts=parts,
        store_readable=scene.readable,
        demo=bool(scene.pulse and scene.pulse.demo),
    )
    return answer, 200 if well else 503


def front_of(scene: Scene) -> Front:
    """What the sentinel says now, to whoever asks."""
    verdict = scene.verdict
    if verdict is None:
        return _stopped(scene)
    words = _words(scene, verdict)
    sentence, gesture, also = words.sentence, words.gesture, words.also
    if not scene.readable and verdict.level < Level.UNSURE:  # calm that nobody can look up is not shown
        sentence, gesture = _unreadable(scene)
    elif not scene.named:  # the sentence above has said the first already
        also = also[1:]
    return Front(
        sentence=sentence,
        gesture=gesture,
        also=tuple(each for each in also if _leads(each[0], scene) or each[1] != sentence),
        deadline=words.deadline,
        checked=verdict.checked.wall if verdict.checked else None,
        doors=verdict.doors,
        missed=words.missed,
        unnamed=not scene.named and any(each.machine or each.mac for each in verdict.reasons),
    )


def _is_exercise(scene: Scene) -> bool:
    """Nobody is to be called for it."""
    return scene.verdict is not None and [each.code for each in scene.verdict.reasons[:1]] == [Code.DRILL]


def _leads(reason: Reason, scene: Scene) -> bool:
    """Whether its line is a way on, though the sentence above has said it already."""
    return bool(reason.incident) or (scene.named and reason.code in ACCEPTED)


def _to_answer(scene: Scene) -> str | None:
    """Where to say « J'ai vu »: an alarm, for whoever is logged in; an exercise, for everybody after the login."""
    first = scene.verdict.reasons[0] if scene.verdict and scene.verdict.reasons else None
    if first is None or first.level is not Level.ALARM or not first.incident:
        return None
    place = f"/incidents/{first.incident}"
    if scene.named:
        return place
    return "/code?" + urlencode({"next": place}) if first.code is Code.DRILL else None


def _stopped(scene: Scene) -> Front:
    """Nothing is being watched, since the last beat where there was one."""
    who = {"contact": contact(scene.audience)}
    gesture = Phrase(key="verdict.off.gesture", blanks=who)
    if scene.stopped is None:
        return Front(sentence=Phrase(key="verdict.off.sentence"), gesture=gesture)
    audience = scene.audience
    since = times.since(audience.language, scene.stopped, audience.now, audience.zone)
    return Front(sentence=Phrase(key="verdict.off.since.sentence", blanks={"since": since}), gesture=gesture)


def _unreadable(scene: Scene) -> tuple[Phrase, Phrase]:
    who = {"contact": contact(scene.audience)}
    return (
        Phrase(key="verdict.unreadable.sentence"),
        Phrase(key="verdict.unreadable.gesture", blanks=who),
    )


def _words(scene: Scene, verdict: Verdict) -> Words:
    return verdict_words(verdict, scene.audience, _records(verdict, scene.audience.now), _accepted(scene))


def _records(verdict: Verdict, now: datetime) -> dict[int, Record]:
    """The incidents behind the reasons, and the alarms that ended within the 72 hours.

    None while the store cannot be read: the reasons still speak.
    """
    behind = {reason.incident for reason in verdict.reasons}
    try:
        with reading.opened(surroundings().places.store) as reader:
            alarms = [each for each in reader.incidents(least=Level.ALARM) if now - each.last.wall < LASTS]
            others = [reader.incident(each) for each in behind - {alarm.number for alarm in alarms} if each]
            found = records(reader, [*alarms, *(each for each in others if each)])
            return {each.incident.number: each for each in found}
    except OSError:
        return {}


def _accepted(scene: Scene) -> tuple[str, ...]:
    """Who may come in, or by which door, where one is declared open; a narrow source opens none to strangers."""
    config, broad = scene.config, _broad(scene.audience.now)
    firewall = config.capture.firewall.lower()
    if firewall:
        broad.append(scene.audience.labels.get(firewall) or say(scene.audience.language, "firewall.name"))
    broad += [say(scene.audience.language, "declared.door", port=str(port)) for port in config.echo.expect_open]
    return tuple(dict.fromkeys(broad))


def _broad(now: datetime) -> list[str]:
    """Who accepted a door for anybody, on the page or in the file."""
    try:
        with reading.opened(surroundings().places.store) as reader:
            valid = [each.acceptance for each in reader.acceptances() if each.stands(now) is Standing.VALID]
    except OSError:
        return []
    return [each.who for each in valid if each.source is None]


def _is_doubt(reason: Reason) -> bool:
    """Whether a reason is about the sentinel itself and not about a door."""
    weak = {Code.CHECK_AGEING, Code.CHECK_TROUBLED, Code.WEAK_ASSURANCE, Code.CAPTURE_INCOMPLETE}
    weak |= {Code.VIEW_WRAPPED}
    return reason.level is Level.UNSURE or reason.code in weak
