"""The two cases of 2020, told from the first forwarded port to the proof of closing."""

import sys
import time
from pathlib import Path

import pytest

from sentinel.evidence.pack import DOSSIER, REPORTS, unseal
from sentinel.model.finding import Code, Grade, Level, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.store.reading import opened
from sentinel.wire.requests import Answer, Reply, Request, Verb, ask
from tests.evidence.cases import words
from tests.lab import images, imaging
from tests.lab.cabinet import Cabinet
from tests.lab.doors import knock
from tests.story.outside import calm, forget_quota
from tests.story.sentinel import EchoHost, Sentinel
from tests.story.trouble import Tell

pytestmark = pytest.mark.lab

DICOM = 4242


def imaging_door(sentinel: Sentinel) -> list[Incident]:
    """Every story of the imaging server's DICOM door."""
    return [each for each in sentinel.incidents() if each.port == DICOM and each.story.family == 4]


def climbed(sentinel: Sentinel) -> list[int]:
    """The grades of that story's timeline, in the order they were told."""
    [story] = imaging_door(sentinel)
    with opened(sentinel.places.store) as reader:
        return [int(each.grade) for each in reader.chapters(story.number) if each.grade is not None]


def act(sentinel: Sentinel, verb: Verb, **more: object) -> Answer:
    """One request, as the page puts it for somebody who is logged in."""
    return ask(sentinel.places.requests, Request(verb=verb, who="Anne Rivage", **more))  # type: ignore[arg-type]


def robots(cabinet: Cabinet) -> None:
    """Half-open knocks at well-known ports, as robots that index the internet make them."""
    ports = "22,80,104,443,3389,4242,5900,8080,11112"
    cabinet.stranger.run(["nmap", "-sS", "-n", "-Pn", "-p", ports, str(cabinet.box.v4)], timeout=60)


def test_the_cases_of_2020_are_one_incident_that_climbs_and_is_closed_with_proof(
    cabinet: Cabinet, echo: EchoHost, make_sentinel, tmp_path: Path, tell: Tell
):
    """DMZ switched on, robots come, a stranger finds and retrieves, IT closes, the closing is proved."""
    orthanc = imaging.orthanc(cabinet.imaging)
    study = images.study(tmp_path / "images", count=4, side=512)
    imaging.storescu(cabinet.workstation, cabinet.imaging.v4, DICOM, [each.path for each in study])
    sentinel = make_sentinel(f'[echo]\ninvitation = "{echo.invite()}"\n')
    calm(sentinel)

    begun = time.monotonic()
    cabinet.box.dmz(cabinet.imaging)
    robots(cabinet)
    sentinel.wait(lambda: imaging_door(sentinel), "the robots' door")
    sentinel.wait(lambda: sentinel.level() is Level.ALARM, "the doubt settled by the echo", 60)
    tell("from the first robot to the red lamp", time.monotonic() - begun)

    assert imaging.echoscu(cabinet.stranger, cabinet.box.v4, DICOM).returncode == 0
    sentinel.wait(lambda: Grade.ASSOCIATED in climbed(sentinel), "the association")
    imaging.findscu(cabinet.stranger, cabinet.box.v4, DICOM, calling=imaging.CALLER)
    sentinel.wait(lambda: Grade.QUERIED in climbed(sentinel), "the query")
    uid = study[0].study_instance_uid
    imaging.getscu(cabinet.stranger, cabinet.box.v4, DICOM, uid, tmp_path / "stolen")
    sentinel.wait(lambda: Grade.IMAGES_LEFT in climbed(sentinel), "the images that left")
    assert len(orthanc.instances()) == 4

    stolen = sum(each.stat().st_size for each in (tmp_path / "stolen").iterdir())
    assert stolen > 2_000_000
    sentinel.wait(lambda: imaging_door(sentinel)[0].bytes_out >= stolen, "every byte that left")
    [story] = imaging_door(sentinel)
    rungs = climbed(sentinel)
    assert [grade for place, grade in enumerate(rungs) if grade not in rungs[:place]] == sorted(set(rungs))
    assert set(rungs) >= {Grade.ANSWERED, Grade.REACHABLE, Grade.ASSOCIATED, Grade.QUERIED, Grade.IMAGES_LEFT}
    assert dict(story.sources).keys() == {str(cabinet.stranger.v4)}
    assert (story.code, story.level) == (Code.IMAGES_LEFT, Level.ALARM)
    assert "72\u00a0heures" in sentinel.page()[1]

    assert act(sentinel, Verb.READ, incident=story.number).reply is Reply.DONE
    cabinet.box.dmz(None)
    knock(cabinet.imaging, cabinet.echo2.v4, 443)  # it shows that it is awake
    forget_quota(echo)
    begun = time.monotonic()
    assert act(sentinel, Verb.CHECK, incident=story.number).reply is Reply.DONE
    sentinel.wait(
        lambda: imaging_door(sentinel)[0].state is IncidentState.CLOSED, "the proof that it is closed", 60
    )
    tell("from the click to the proof of closing", time.monotonic() - begun)
    [closed] = imaging_door(sentinel)
    assert closed.closed is not None
    assert closed.read is not None
    assert closed.read_by == "Anne Rivage"
    assert closed.shown is not None
    assert closed.first.wall <= closed.shown.wall < closed.read.wall < closed.closed.wall
    green_again(sentinel, echo)
    dossier_is_good_elsewhere(sentinel, cabinet, story.number, tmp_path / "elsewhere")
    code, said = sentinel.command("verify", "--store", "--lang", "en")
    assert code == 0, said


def green_again(sentinel: Sentinel, echo: EchoHost) -> None:
    """Every door the DMZ had opened was one story, all of them are over, and the 72 hours go on."""
    for _ in range(2):  # the first proves them closed, the second has the echo sign that this was told
        forget_quota(echo)
        sentinel.command("knock")
    calm(sentinel)
    doors = [each.story for each in sentinel.incidents() if each.story.kind is StoryKind.DOOR]
    assert len(doors) == len(set(doors))
    assert DICOM in {each.port for each in doors}
    over = [each.state for each in sentinel.incidents() if each.level is Level.ALARM]
    assert set(over) == {IncidentState.CLOSED}
    assert "72\u00a0heures" in sentinel.page()[1]


def dossier_is_good_elsewhere(sentinel: Sentinel, cabinet: Cabinet, number: int, elsewhere: Path) -> None:
    """The dossier is made on request, and holds on a machine that has nothing but the file."""
    assert act(sentinel, Verb.PAPER, kind="dossier", incident=number).reply is Reply.DONE

    def made() -> list[str]:
        with opened(sentinel.places.store) as reader:
            return [each.name for each in reader.holdings.papers()]

    sentinel.wait(made, "the dossier", 90)
    elsewhere.mkdir()
    copy = elsewhere / made()[0]
    copy.write_bytes((sentinel.places.papers / copy.name).read_bytes())
    done = cabinet.stranger.run(
        [sys.executable, "-m", "sentinel", "--dir", str(elsewhere / "none"), "verify", str(copy), "--lang", "en"],
        check=False,
        timeout=60,
    )
    assert (done.returncode, "WHOLE" in done.stdout) == (0, True), done.stdout + done.stderr
    for proved in ("carries the signature of echo ed25519:", "signed by an echo"):
        assert proved in done.stdout

    held = unseal(copy.read_bytes()).files
    said = words(held[DOSSIER])
    assert "RADIO-PC" in said
    assert imaging.CALLER in said
    assert "La fermeture a été prouvée" in said
    assert "Anne Rivage" in said
    assert any(name.startswith(REPORTS) for name in held), "the signed reports that opened and closed it"
    assert images.PATIENT.encode() not in b"".join(held.values())
