"""Who comes, and how far: colleagues, a private network, and strangers of every kind; one story, one incident."""

import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from sentinel.model.finding import Code, Grade, Level, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.standing import Standing
from sentinel.wire.requests import Reply, Request, Verb, ask
from tests.lab import images, imaging
from tests.lab.cabinet import Cabinet
from tests.lab.doors import Answer, door, knock
from tests.story.sentinel import Sentinel

VPN = "10.8.0.0/24"


def stories(sentinel: Sentinel) -> list[Incident]:
    """The incidents about somebody: not those about the sentinel itself."""
    return [each for each in sentinel.incidents() if each.story.kind is not StoryKind.CONDITION]


def story(sentinel: Sentinel, kind: StoryKind) -> Incident:
    """The one incident of that kind."""
    [found] = [each for each in sentinel.incidents() if each.story.kind is kind]
    return found


def states(sentinel: Sentinel) -> Counter[str]:
    """How many rows stand in each state."""
    return Counter(dict(sentinel.sql("SELECT state, count(*) FROM connections GROUP BY state")))


def summed(sentinel: Sentinel, column: str) -> int:
    """What was counted rather than kept."""
    return int(sentinel.sql(f"SELECT coalesce(sum({column}), 0) FROM attempts")[0][0])


def chapters(sentinel: Sentinel, incident: Incident) -> int:
    """How many lines the timeline of an incident has."""
    return len(sentinel.sql(f"SELECT * FROM chapters WHERE incident = {incident.number}"))


def say_whose(sentinel: Sentinel, *, ours: bool) -> None:
    """Answer the one question about the private network, as the page does."""
    answer = ask(
        sentinel.places.requests, Request(verb=Verb.NETWORK, network=VPN, ours=ours, who="Camille Martin")
    )
    assert answer.reply is Reply.DONE


def settled(sentinel: Sentinel, seconds: float = 2) -> None:
    """Long enough for whatever was seen to be judged and written."""
    time.sleep(seconds)


# Colleagues, and a private network


def test_a_workstation_that_stores_images_is_recorded_and_makes_no_incident(
    cabinet: Cabinet, sentinel: Sentinel, tmp_path
):
    """A row with both titles, standing inside; nobody is told, and staff's other connections are no rows."""
    cabinet.switch.mirror_port_of(cabinet.imaging, True)
    imaging.orthanc(cabinet.imaging)
    study = images.study(tmp_path / "images", count=2)

    sent = imaging.storescu(cabinet.workstation, cabinet.imaging.v4, 4242, [image.path for image in study])
    assert knock(cabinet.workstation, cabinet.imaging.v4, 8042) is Answer.OPEN
    sentinel.wait(lambda: states(sentinel)["closed"] == 1, "the row")
    settled(sentinel)

    assert sent.returncode == 0
    [row] = sentinel.connections()
    assert (row.standing, row.source, row.target_port) == (Standing.INSIDE, str(cabinet.workstation.v4), 4242)
    assert (row.called, row.calling, row.association) == ("ORTHANC", "WORKSTATION", "accepted")
    assert row.bytes_in > 2 * 64 * 64 * 2
    assert stories(sentinel) == []
    assert sentinel.level() is Level.UNSURE  # for want of an echo, and for nothing else
    assert sentinel.codes() <= {Code.NO_ECHO, Code.STARTING, Code.VIEW_UNPROVED}


@pytest.fixture
def asked(cabinet: Cabinet, sentinel: Sentinel) -> Sentinel:
    """A client of the VPN has come to the imaging server, twice."""
    imaging.orthanc(cabinet.imaging)
    for _ in range(2):
        came = imaging.echoscu(cabinet.vpn_client, cabinet.imaging.v4, 4242, calling="TECHNICIAN")
        assert came.returncode == 0
    sentinel.wait(lambda: states(sentinel)["closed"] == 2, "both rows")
    settled(sentinel)
    return sentinel


def test_a_client_of_a_private_network_is_asked_about_once(asked: Sentinel):
    """Attention, never red by itself: one incident, one question, however often it comes."""
    network = story(asked, StoryKind.NETWORK)
    assert (network.story.about, network.level, network.count) == (VPN, Level.ATTENTION, 2)
    assert (network.code, network.calling) == (Code.PRIVATE_NETWORK, "TECHNICIAN")
    assert stories(asked) == [network]
    assert chapters(asked, network) == 1
    assert {row.standing for row in asked.connections()} == {Standing.PRIVATE}
    assert Code.PRIVATE_NETWORK in asked.codes()
    assert asked.level() is not Level.ALARM


def test_a_private_network_that_is_ours_is_known_from_then_on(cabinet: Cabinet, asked: Sentinel):
    """The question is settled; the next visit is a row and nothing more, also for the next `watch`."""
    say_whose(asked, ours=True)
    asked.wait(lambda: Code.PRIVATE_NETWORK not in asked.codes(), "the end of the question", 3)
    imaging.echoscu(cabinet.vpn_client, cabinet.imaging.v4, 4242, calling="TECHNICIAN")
    asked.wait(lambda: states(asked)["closed"] == 3, "the third row")

    asked.signal("watch", signal.SIGKILL)
    asked.wait(lambda: asked.verdict() is not None and Code.STARTING in asked.codes(), "the next watch", 5)
    imaging.echoscu(cabinet.vpn_client, cabinet.imaging.v4, 4242, calling="TECHNICIAN")
    asked.wait(lambda: states(asked)["closed"] == 4, "the fourth row")
    settled(asked)

    standings = Counter(row.standing for row in asked.connections())
    assert standings == {Standing.PRIVATE: 2, Standing.KNOWN_NETWORK: 2}
    assert story(asked, StoryKind.NETWORK).state is IncidentState.CLOSED
    assert Code.PRIVATE_NETWORK not in asked.codes()


def test_a_private_network_that_is_not_ours_is_an_alarm(cabinet: Cabinet, asked: Sentinel):
    """Somebody is inside who should not be."""
    say_whose(asked, ours=False)
    asked.wait(lambda: asked.level() is Level.ALARM, "the alarm", 3)
    imaging.echoscu(cabinet.vpn_client, cabinet.imaging.v4, 4242, calling="TECHNICIAN")
    asked.wait(lambda: states(asked)["closed"] == 3, "the third row")
    settled(asked)

    network = story(asked, StoryKind.NETWORK)
    assert (network.level, network.state, network.count) == (Level.ALARM, IncidentState.OPEN, 3)
    assert asked.level() is Level.ALARM


def test_a_colleagues_title_from_outside_is_a_stranger(cabinet: Cabinet, sentinel: Sentinel):
    """A calling AE title proves nothing: whoever comes from outside with it is an alarm."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(11112, 4242)

    imaging.echoscu(cabinet.stranger, cabinet.box.v4, 11112, calling="WORKSTATION")
    sentinel.wait(lambda: sentinel.level() is Level.ALARM, "the alarm", 3)
    sentinel.wait(lambda: states(sentinel)["closed"] == 1, "the row")

    [row] = sentinel.connections()
    assert (row.standing, row.calling) == (Standing.STRANGER, "WORKSTATION")
    [found] = stories(sentinel)
    assert (found.code, found.grade, found.calling) == (Code.STRANGER_ASSOCIATED, Grade.ASSOCIATED, "WORKSTATION")


# Strangers


@contextmanager
def silent(cabinet: Cabinet, port: int) -> Iterator[None]:
    """The imaging machine's own firewall drops what comes to that port."""
    chain = f"type filter hook input priority 0; tcp dport {port} drop;"
    rules = f"table inet own {{ chain in {{ {chain} }}; }}\n"
    cabinet.imaging.run(["nft", "-f", "-"], stdin=rules)
    yield
    cabinet.imaging.run(["nft", "delete", "table", "inet", "own"])


def nmap(cabinet: Cabinet, *options: str) -> str:
    """A scan of the public address by the stranger."""
    fixed = ["-n", "-Pn", "--max-retries", "2", "--max-rate", "400"]
    return cabinet.stranger.run(["nmap", *fixed, *options, str(cabinet.box.v4)], timeout=60).stdout


def test_a_refused_knock_is_noted_and_no_colour(cabinet: Cabinet, sentinel: Sentinel):
    """Nobody listens behind the forward: three knocks are one story at the foot of the page."""
    cabinet.box.forward(11112, 4242)
    for _ in range(3):
        assert knock(cabinet.stranger, cabinet.box.v4, 11112) is Answer.REFUSED
    sentinel.wait(lambda: states(sentinel)["refused"] == 3, "the rows")
    settled(sentinel)

    [found] = stories(sentinel)
    assert (found.story.kind, found.code, found.grade) == (StoryKind.VISITS, Code.REFUSED, Grade.REFUSED)
    assert (found.level, found.count) == (Level.NOTE, 3)
    assert Code.REFUSED not in sentinel.codes()


def test_a_knock_that_meets_silence_is_noted_as_a_scan(cabinet: Cabinet, sentinel: Sentinel):
    """The machine's own firewall drops it: told once the caller's own retries have ended."""
    cabinet.box.forward(11112, 4242)
    with silent(cabinet, 4242):
        patience = timedelta(seconds=0.5)
        assert knock(cabinet.stranger, cabinet.box.v4, 11112, patience=patience) is Answer.SILENT
        sentinel.wait(lambda: states(sentinel)["attempted"] == 1, "the row", 30)
    settled(sentinel)

    [found] = stories(sentinel)
    assert (found.story.kind, found.code, found.grade) == (StoryKind.VISITS, Code.SCANNED, Grade.SCANNED)
    assert (found.level, found.count) == (Level.NOTE, 1)


@pytest.fixture
def dmz(cabinet: Cabinet) -> Iterator[None]:
    """The box hands everything to the imaging machine, whose DICOM door 104 is open."""
    cabinet.box.dmz(cabinet.imaging)
    with door(cabinet.imaging, 104):
        yield


def test_a_syn_scan_of_a_thousand_ports_is_attention_and_never_red(
    cabinet: Cabinet, sentinel: Sentinel, dmz: None, capsys: pytest.CaptureFixture[str]
):
    """999 refusals are one story, the imaging door that answered another; all are rows or counted."""
    begun = time.monotonic()
    said = nmap(cabinet, "-sS", "-p", "1-1000")
    assert "104/tcp open" in said
    scanned = time.monotonic() - begun
    counted = sentinel.wait(lambda: _refusals(sentinel) >= 999, "all refusals", 10)
    settled(sentinel)

    assert _refusals(sentinel) == 999
    assert states(sentinel)["answered"] + summed(sentinel, "answered") == 1
    assert states(sentinel)["connected"] + states(sentinel)["closed"] + summed(sentinel, "connected") == 0
    visits, found = story(sentinel, StoryKind.VISITS), story(sentinel, StoryKind.DOOR)
    assert (visits.count, visits.level, visits.grade) == (999, Level.NOTE, Grade.REFUSED)
    assert sum(times for _, times in visits.sources) == 999
    assert (found.code, found.level, found.grade) == (Code.DOOR_ANSWERED, Level.ATTENTION, Grade.ANSWERED)
    assert (found.port, found.count) == (104, 1)
    assert sentinel.level() is not Level.ALARM
    assert "red" not in {colour for _, colour, _ in sentinel.lamp()["edges"]}
    with capsys.disabled():
        print(f"\n  1,000 ports scanned in {scanned:.1f} s, all told {counted:.1f} s later;", end="")
        print(f" {states(sentinel)['refused']} rows, {summed(sentinel, 'refused')} summed", end="")


@contextmanager
def hospitable(cabinet: Cabinet, port: int) -> Iterator[None]:
    """Somebody opens that door of the imaging machine to everybody and shows them out again."""
    with door(cabinet.imaging, port) as listener:
        host = threading.Thread(target=_receive, args=(listener,))
        host.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)  # wakes the one who waits in `accept`
        host.join()


def _receive(listener: socket.socket) -> None:
    listener.settimeout(None)
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return


def _refusals(sentinel: Sentinel) -> int:
    return states(sentinel)["refused"] + summed(sentinel, "refused")


def test_a_connect_scan_that_meets_an_imaging_door_is_red(cabinet: Cabinet, sentinel: Sentinel, dmz: None):
    """The same scan by whole connections: a client really connected."""
    assert "104/tcp open" in nmap(cabinet, "-sT", "-p", "100-110")
    sentinel.wait(lambda: sentinel.level() is Level.ALARM, "the alarm", 3)
    settled(sentinel)

    found = story(sentinel, StoryKind.DOOR)
    assert (found.code, found.level, found.grade) == (Code.STRANGER_CONNECTED, Level.ALARM, Grade.CONNECTED)
    assert (found.port, story(sentinel, StoryKind.VISITS).count) == (104, 10)


def test_fifty_strangers_at_one_door_are_one_incident(cabinet: Cabinet, sentinel: Sentinel):
    """Fifty rows, one story that counts fifty visits and names twenty of the sources."""
    cabinet.box.forward(11112, 4242)
    strangers = cabinet.strangers(50)
    with door(cabinet.imaging, 4242):
        for address in strangers:
            assert knock(cabinet.stranger, cabinet.box.v4, 11112, source=address) is Answer.OPEN
    sentinel.wait(lambda: len(sentinel.connections()) == 50, "fifty rows")
    sentinel.wait(lambda: story(sentinel, StoryKind.DOOR).count == 50, "fifty visits")
    settled(sentinel)

    [found] = stories(sentinel)
    assert (found.code, found.level, found.count) == (Code.STRANGER_CONNECTED, Level.ALARM, 50)
    assert len(found.sources) == 20
    assert {row.source for row in sentinel.connections()} == {str(address) for address in strangers}


def test_beyond_the_rows_of_an_hour_each_visit_is_counted(
    cabinet: Cabinet, sentinel: Sentinel, capsys: pytest.CaptureFixture[str]
):
    """1,100 visits by fifty strangers who ask for no association: three quarters of a door's rows, and the rest in
    sums; the incident counts them all."""
    cabinet.box.forward(11112, 4242)
    strangers = cabinet.strangers(50)
    begun = time.monotonic()
    with hospitable(cabinet, 4242):
        for number in range(1_100):
            source = strangers[number % 50]
            assert knock(cabinet.stranger, cabinet.box.v4, 11112, source=source) is Answer.OPEN
    took = time.monotonic() - begun
    later = sentinel.wait(lambda: story(sentinel, StoryKind.DOOR).count >= 1_100, "every visit", 20)
    settled(sentinel)

    kept, more = sum(states(sentinel).values()), summed(sentinel, "answered")
    assert (kept, more) == (750, 350)
    assert story(sentinel, StoryKind.DOOR).count == 1_100
    assert len(stories(sentinel)) == 1
    with capsys.disabled():
        print(f"\n  1,100 visits in {took:.1f} s, all told {later:.1f} s later", end="")
