"""When the echoes are asked: all of them, never about a neighbour, and what a button is promised."""

import json
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from sentinel import dsse
from sentinel.clock import now
from sentinel.config import Echo, Whose
from sentinel.echo import protocol
from sentinel.evidence.verify import Chain, Point, anchors
from sentinel.model.box import BoxReading, Reading
from sentinel.model.declared import Identify
from sentinel.model.exposure import AfterProbe, Application, Exposure, Kind, Outcome, PortList, ReachOutcome
from sentinel.model.ledger import FIRST, EntryKind, Signed, next_entry
from sentinel.model.passing import Progress
from sentinel.ownports import EXTRA_PORTS
from sentinel.programs.asking import FAMILIES, RETEST_WITHIN, Asking
from sentinel.programs.errand import Promised
from sentinel.programs.invitations import AGAIN
from sentinel.programs.known import Known
from sentinel.reach import keys
from sentinel.reach.asking import Check
from sentinel.reach.due import LONGEST
from tests.builders import exposure, mapping, moment, outcome
from tests.builders import reading as box_reading
from tests.echo.running import RunningEcho
from tests.reach.stub import Say, Stub, answer

CHALLENGE = protocol.Challenge(
    v=1,
    challenge="c",
    observed=protocol.Observed(family=4, addr="25.0.0.2", port=40_000),
    server_time="",
    vantage=protocol.Vantage(id="v", selftest="ok", age_s=1),
)


class Told:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self):
        return moment(self.seconds)


@pytest.fixture
def clock() -> Told:
    return Told()


def asking(folder: Path, clock: Told, families: tuple[int, ...] = (4, 6), **more: object) -> Asking:
    words = {name: more.pop(name) for name in ("known", "box_within") if name in more}
    return Asking(Echo(**more), folder, clock, lambda: families, **words)


def declines(word: str, seconds: int | None = None):
    """An echo's word for not answering."""
    said = json.dumps({"error": word, "retry_after_s": seconds}).encode()
    return answer(said, f"{protocol.STATUS[word]} No")


def stub_at(folder: Path, *says: Say) -> Stub:
    """Something that answers in an echo's place."""
    folder.mkdir(parents=True)
    return Stub(folder, *says)


def know(folder: Path, port: int, name: str = "a") -> keys.Echo:
    """An echo on the loopback that we enrolled at."""
    echo = keys.Echo(host="127.0.0.1", port=port, key_id=f"ed25519:{name * 16}", keys=(b"k" * 32,), vantage=name)
    keys.keep(folder, echo)
    return echo


def worked(made: Asking) -> list[ReachOutcome]:
    """One run of every job."""
    posted: list[object] = []
    for family in FAMILIES:
        made.work(family, posted.append)
    made.work_again(posted.append)
    return [fact for fact in posted if isinstance(fact, ReachOutcome)]


# -- becoming known ----------------------------------------------------------------------------------------------


def test_without_an_echo_nothing_is_asked_and_nobody_waits(tmp_path, clock):
    """The button says so at once."""
    made = asking(tmp_path, clock)

    assert not made.is_enrolled
    assert made.soon() == Promised()
    assert worked(made) == []


def test_an_invitation_that_is_none_is_said_once_a_minute(tmp_path, clock, caplog):
    """Not at every run of the job."""
    made = asking(tmp_path, clock, invitation="no invitation")
    for clock.seconds in range(0, int(AGAIN.total_seconds()), 2):
        assert worked(made) == []
    assert caplog.text.count("the invitation cannot be read") == 1

    clock.seconds = AGAIN.total_seconds()
    worked(made)

    assert caplog.text.count("the invitation cannot be read") == 2


def test_every_invitation_of_the_file_is_used_once(tmp_path, clock):
    """The old key and the list; an echo that is known is not asked to take us a second time."""
    with RunningEcho(tmp_path / "one") as one, RunningEcho(tmp_path / "two") as two:
        made = asking(tmp_path, clock, (), invitation=one.invitation(), invitations=(two.invitation(),))
        worked(made)
        clock.seconds = AGAIN.total_seconds()
        worked(made)

    assert {echo.key_id for echo in keys.echoes(tmp_path)} == {one.key_id, two.key_id}


def test_two_invitations_of_one_server_do_not_take_turns(tmp_path, clock, monkeypatch):
    """The later replaces the former, which rests: or each would be used up in vain, minute after minute."""
    used: list[str] = []

    def enrolled(invitation: keys.Echo, _key: object) -> keys.Echo:
        used.append(invitation.key_id)
        return invitation

    def named(text: str) -> keys.Echo:
        return keys.Echo(host="here", port=1, key_id=text, keys=(), vantage="")

    monkeypatch.setattr("sentinel.reach.enrol.read_invitation", named)
    monkeypatch.setattr("sentinel.reach.enrol.enrol", enrolled)
    made = asking(tmp_path, clock, (), invitations=("old", "new"))
    for clock.seconds in range(0, 300, 30):
        worked(made)

    assert used == ["old", "new"]
    assert [echo.key_id for echo in keys.echoes(tmp_path)] == ["new"]


def test_the_key_is_made_once(tmp_path, clock):
    """A practice keeps its name at the echo, whatever is restarted."""
    asking(tmp_path, clock)
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()}
    asking(tmp_path, clock)

    assert before
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()} == before
    assert all(each.stat().st_mode & 0o077 == 0 for each in tmp_path.iterdir() if each.is_file())


# -- several echoes, and their quotas ----------------------------------------------------------------------------


def test_every_enrolled_echo_is_asked_and_each_has_its_own_timetable(tmp_path, clock):
    """One that declines is tried again later; the other goes on as if it were alone."""
    one, two = (
        stub_at(tmp_path / "1", declines("quota", 60), declines("busy")),
        stub_at(tmp_path / "2", declines("busy")),
    )
    with one, two:
        a, b = know(tmp_path, one.port, "a"), know(tmp_path, two.port, "b")
        made = asking(tmp_path, clock, (4,))
        first = {each.echo: each.outcome for each in worked(made)}
        clock.seconds = 61 + 60
        again = [each.echo for each in worked(made)]

    assert first == {a.key_id: Outcome.QUOTA, b.key_id: Outcome.BUSY}
    assert a.key_id in again


def test_a_button_is_told_how_long_every_echo_wants_us_to_wait(tmp_path, clock):
    """Nothing is asked before, and the first to be free counts; afterwards it is asked."""
    with (
        stub_at(tmp_path / "1", declines("quota", 300)) as one,
        stub_at(tmp_path / "2", declines("quota", 90)) as two,
    ):
        know(tmp_path, one.port, "a"), know(tmp_path, two.port, "b")
        made = asking(tmp_path, clock, (4,))
        worked(made)
        clock.seconds = 30

        assert made.soon() == Promised(wait=timedelta(seconds=60))
        assert worked(made) == []
        clock.seconds = 90
        assert made.soon() == Promised(checks=1)


def test_no_echo_is_silenced_for_longer_than_six_hours(tmp_path, clock):
    """Its word for how long is not signed: somebody on the way may have said it."""
    with stub_at(tmp_path / "1", declines("quota", 86_400), declines("busy")) as stub:
        know(tmp_path, stub.port)
        made = asking(tmp_path, clock, (4,))
        worked(made)
        assert made.soon() == Promised(wait=LONGEST)
        clock.seconds = LONGEST.total_seconds()
        assert made.soon() == Promised(checks=1)

        assert [each.outcome for each in worked(made)] == [Outcome.BUSY]


def test_a_button_asks_both_families_and_each_in_its_own_time(tmp_path, clock):
    """IPv6 does not wait until IPv4 has been asked, nor take its turn."""
    with stub_at(tmp_path / "1", declines("busy"), declines("busy"), declines("busy")) as stub:
        know(tmp_path, stub.port)
        made = asking(tmp_path, clock)
        worked(made)
        clock.seconds = 5
        assert made.soon() == Promised(checks=2)
        posted: list[ReachOutcome] = []
        for family in (6, 6, 4, 4):
            made.work(family, posted.append)  # type: ignore[arg-type]

    assert [each.family for each in posted] == [6, 4]


def test_a_retest_has_a_budget_of_its_own(tmp_path, clock):
    """The full check's quota is used up, and whether a door is closed can be asked all the same; and back."""
    with stub_at(tmp_path / "1", declines("quota", 600), declines("quota", 25)) as stub:
        know(tmp_path, stub.port)
        made = asking(tmp_path, clock, (4,))
        worked(made)

        assert made.retest(4, (11112,)) == Promised(checks=1)
        (told,) = worked(made)
        assert (told.ports, told.outcome) == (PortList.RETEST, Outcome.QUOTA)
        assert made.retest(4, (11112,)) == Promised(wait=timedelta(seconds=25))
        assert made.soon() == Promised(wait=timedelta(seconds=600))


def test_an_end_that_cannot_be_tested_at_once_is_asked_about_with_everything(tmp_path, clock):
    """An acceptance is over, and the echo has no re-test left: the next occasion is a full check, not an hour
    away."""
    with stub_at(tmp_path / "1", declines("busy"), declines("quota", 3000), declines("busy")) as stub:
        know(tmp_path, stub.port)
        made = asking(tmp_path, clock, (4,))
        worked(made)
        made.recheck(4, (11112,))
        assert [each.ports for each in worked(made)] == [PortList.RETEST]
        clock.seconds = 700

        made.recheck(4, (11112,))

        assert [each.ports for each in worked(made)] == [PortList.FULL]


@pytest.mark.parametrize("known", [True, False], ids=["its door is known", "nobody found it"])
def test_strangers_cannot_use_up_the_check_at_the_end_of_a_window(tmp_path, clock, known):
    """They cause doubts at will: two an hour are asked about, and the end all the same, though not every ten
    seconds."""
    with stub_at(tmp_path / "1", declines("busy"), declines("quota", 3000), *[declines("busy")] * 9) as stub:
        know(tmp_path, stub.port)
        made = asking(tmp_path, clock, (4,))
        worked(made)
        made.retest(4, (11112,))
        worked(made)
        for _ in range(3):
            clock.seconds += 100
            made.doubt()
            asked = [each.ports for each in worked(made)]
        assert asked == []

        asked = []
        for _ in range(6):
            clock.seconds += 10
            if known:
                made.recheck(4, (11112,))
            elif not asked:
                made.ended()
            asked += [each.ports for each in worked(made)]

    assert asked == [PortList.FULL]


def test_a_retest_is_put_again_to_a_busy_echo_while_somebody_stands_there(tmp_path, clock):
    """Another check of ours is under way; after twenty seconds the answer is that there is none."""
    with stub_at(tmp_path / "1", *[declines("target_busy", 20)] * 3) as stub:
        know(tmp_path, stub.port)
        made = asking(tmp_path, clock, ())
        made.retest(4, (11112,))
        assert worked(made) == []
        clock.seconds = RETEST_WITHIN.total_seconds() - 1
        assert worked(made) == []
        clock.seconds += 1

        assert [each.outcome for each in worked(made)] == [Outcome.BUSY]
        assert worked(made) == []


def test_a_retest_leaves_the_timetable_alone(tmp_path, clock):
    """It is no proof and no failure of the hourly check."""
    with stub_at(tmp_path / "1", declines("busy"), declines("busy")) as stub:
        know(tmp_path, stub.port)
        made = asking(tmp_path, clock, (4,))
        clock.seconds = 1000
        made.retest(4, (104,))
        posted: list[object] = []
        clock.seconds += RETEST_WITHIN.total_seconds()
        made.work_again(posted.append)

        assert [each.ports for each in worked(made)] == [PortList.FULL]


# -- what goes wrong here ----------------------------------------------------------------------------------------


def test_a_door_test_that_cannot_listen_is_told_and_proves_nothing(tmp_path, clock, caplog, monkeypatch):
    """Of IPv6 alone."""

    def taken() -> None:
        raise OSError("address in use")

    monkeypatch.setattr("sentinel.programs.asking.door_test", taken)
    with stub_at(tmp_path / "1", declines("busy")) as stub:
        know(tmp_path, stub.port)
        told = {each.family: each.outcome for each in worked(asking(tmp_path, clock))}

    assert told == {4: Outcome.BUSY, 6: Outcome.NOT_PROVED}
    assert "the IPv6 door test cannot listen: address in use" in caplog.text


def test_whatever_else_goes_wrong_is_not_told_as_the_door_test(tmp_path, clock, caplog, monkeypatch):
    """And it is not tried again at once: the echo is no part of our trouble."""

    def fails(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("sentinel.programs.asking.ask", fails)
    know(tmp_path, 1)
    made = asking(tmp_path, clock, (6,))

    assert [each.outcome for each in worked(made)] == [Outcome.NOT_PROVED]
    assert worked(made) == []
    assert "door test" not in caplog.text
    assert "no space left" in caplog.text


@pytest.mark.parametrize("broken", [b"", None])
def test_keys_that_cannot_be_kept_end_no_check(tmp_path, clock, caplog, monkeypatch, broken):
    """The check has its outcome all the same: an unreadable list of echoes, or a full disk."""

    def full(*_: object) -> None:
        raise OSError("no space left")

    def ends(check: Check, *, learn, **_: object) -> ReachOutcome:
        if broken is not None:
            (tmp_path / "echoes.json").write_bytes(broken)
        learn(replace(check.echo, keys=(b"n" * 32,)))
        return outcome(Outcome.CHECKED)

    monkeypatch.setattr("sentinel.programs.asking.ask", ends)
    know(tmp_path, 1)
    made = asking(tmp_path, clock, (4,))
    monkeypatch.setattr("sentinel.reach.keys.write_secret", full)

    assert [each.outcome for each in worked(made)] == [Outcome.CHECKED]
    assert "the new keys of 127.0.0.1 were not kept" in caplog.text


# -- whose the address is ----------------------------------------------------------------------------------------


def reading(wan: str | None, at: float = 0) -> BoxReading:
    return BoxReading(reading=Reading.READ, at=moment(at), wan=ip_address(wan) if wan else None)


@pytest.mark.parametrize(
    ("section", "wan", "told"),
    [
        ({"address": Whose.SHARED, "declared_by": "S"}, None, Outcome.NOT_OURS),
        ({}, "100.64.7.7", Outcome.NOT_OURS),
        ({}, "192.168.1.2", Outcome.ADDRESS_DOUBTFUL),
        ({"address": Whose.OWN, "declared_by": "S"}, "192.168.1.2", Outcome.BUSY),
        ({"address": Whose.OWN, "declared_by": "S"}, "100.64.7.7", Outcome.BUSY),
        ({"port_share": (16_384, 32_767), "declared_by": "S"}, "100.64.7.7", Outcome.BUSY),
        ({}, "25.0.0.2", Outcome.BUSY),
        ({}, None, Outcome.BUSY),
    ],
)
def test_nobody_knocks_at_a_neighbour(tmp_path, clock, section, wan, told):
    """A shared address is not asked about at all: not one connection to the echo."""
    with stub_at(tmp_path / "1", declines("busy")) as stub:
        know(tmp_path, stub.port)
        made = asking(tmp_path, clock, (4,), **section)
        made.learn(reading(wan))

        assert [each.outcome for each in worked(made)] == [told]
        assert stub.connections == (1 if told is Outcome.BUSY else 0)


def test_a_box_that_has_no_address_of_its_own_is_a_doubt_until_somebody_says_whose_it_is(tmp_path, clock):
    """As miniupnpd tells behind the provider's sharing and behind a second router alike."""
    with stub_at(tmp_path / "1", declines("busy")) as stub:
        know(tmp_path, stub.port)
        made = asking(tmp_path, clock, (4,))
        made.learn(reading("25.0.0.2"))
        made.learn(replace(reading(None, at=1), addressless=True))

        assert [each.outcome for each in worked(made)] == [Outcome.ADDRESS_DOUBTFUL]
        assert stub.connections == 0


def test_a_newly_mapped_port_is_asked_about_at_once(tmp_path, clock):
    """Also one of the list; and one that is known already is not."""
    with stub_at(tmp_path / "1", *(declines("busy") for _ in range(4))) as stub:
        know(tmp_path, stub.port)
        made = asking(tmp_path, clock, (4,))
        assert len(worked(made)) == 1
        assert worked(made) == []
        made.set_mapped({40_104: 104})
        assert len(worked(made)) == 1
        made.set_mapped({40_104: 104})
        assert worked(made) == []
        made.set_mapped({40_104: 104, 11112: 11112})
        assert len(worked(made)) == 1
        assert made.mapped == (40_104,)


def test_the_first_look_at_the_box_is_waited_for(tmp_path, clock):
    """Before it nobody knows whose the IPv4 address is; after a while a box that tells nothing is asked about."""
    with stub_at(tmp_path / "1", declines("busy")) as stub:
        know(tmp_path, stub.port)
        made = asking(tmp_path, clock, (4,), box_within=timedelta(seconds=5))
        clock.seconds = 4.9
        assert worked(made) == []
        clock.seconds = 5

        assert [each.outcome for each in worked(made)] == [Outcome.BUSY]


def test_an_address_that_changes_hands_is_asked_about_at_once(tmp_path, clock):
    """A look that failed takes nothing back; another address does, and so does an hour of silence."""
    with stub_at(tmp_path / "1", declines("busy"), declines("busy")) as stub:
        know(tmp_path, stub.port)
        made = asking(tmp_path, clock, (4,))
        made.learn(reading("100.64.7.7"))
        worked(made)
        made.learn(reading(None, at=60))
        clock.seconds = 61
        assert worked(made) == []
        made.learn(reading("25.0.0.2", at=62))

        assert [each.outcome for each in worked(made)] == [Outcome.BUSY]


# -- what is asked -----------------------------------------------------------------------------------------------


class Request:
    """The question an echo was put, as it was signed."""

    def __init__(
        self, folder: Path, clock: Told, *facts: Exposure, press: bool = False, **section: object
    ) -> None:
        ready = answer(dsse.encode(CHALLENGE))
        retest, mapped = section.pop("retest", ()), section.pop("mapped", {})
        with stub_at(folder / "1", ready, declines("busy")) as stub:
            know(folder, stub.port)
            known = Known({(4, 443): (Kind.HTTP, moment()), (6, 80): (Kind.HTTP, moment())})
            made = asking(folder, clock, () if retest else (4,), known=known, **section)
            for fact in facts:
                known.learn(fact)
            made.set_mapped(mapped)
            if press:
                made.soon()
            if retest:
                made.retest(4, retest)
                clock.seconds = RETEST_WITHIN.total_seconds()
            worked(made)
        sealed = dsse.decode(stub.requests[1].partition(b"\r\n\r\n")[2], dsse.Envelope)
        self.said = dsse.decode(sealed.payload, protocol.Request)


def test_what_answered_before_is_told_to_the_echo_so_that_nothing_is_asked_twice(tmp_path, clock):
    """Of this family and of this question, whose ports are the list's, the configured and the declared ones."""
    facts = [exposure(port=port, app=Application(kind=Kind.DICOM)) for port in (104, 8001, 8002, 8003)]
    said = Request(tmp_path, clock, *facts, extra_ports=(8001,), expect_open=(8002,)).said

    assert said.known == {"104": "dicom", "443": "http", "8001": "dicom", "8002": "dicom"}


def test_a_printer_behind_a_mapping_is_told_as_known(tmp_path, clock):
    """Nothing may be sent to it, not even the first time."""
    said = Request(tmp_path, clock, mapped={40_100: 9100, 40_104: 104}).said

    assert said.extra_ports == [40_100, 40_104]
    assert said.known == {"443": "http", "40100": "silent"}


def test_a_retest_asks_nobody_and_tells_nothing(tmp_path, clock):
    said = Request(tmp_path, clock, retest=(443,)).said

    assert (said.ports, said.extra_ports, said.identify, said.known) == ("retest-v1", [443], "none", {})


def test_a_service_that_stopped_after_a_question_is_not_asked_for_any_button(tmp_path, clock):
    """Another echo does not know of the harm, and `all` would repeat it."""
    gone = exposure(port=8443, app=Application(kind=Kind.UNKNOWN, after_probe=AfterProbe.GONE))
    said = Request(tmp_path, clock, gone, press=True, identify=Identify.ALL).said

    assert said.identify == "new"
    assert said.known.keys() >= {"8443"}


@pytest.mark.parametrize(
    ("section", "press", "wish"),
    [
        ({}, False, "new_no_tls"),
        ({}, True, "new_no_tls"),
        ({"identify": Identify.NONE}, True, "none"),
        ({"identify": Identify.ALL}, False, "new"),
        ({"identify": Identify.ALL}, True, "all"),
    ],
)
def test_the_button_is_no_reason_to_touch_a_fragile_server(tmp_path, clock, section, press, wish):
    """Only the configuration allows a TLS handshake, and asking a known service again."""
    assert Request(tmp_path, clock, press=press, **section).said.identify == wish


def test_a_button_pressed_before_the_first_look_at_the_box_is_not_lost(tmp_path, clock):
    """The check waits for the box, and is then the one that somebody asked for; nor does a doubt take it back."""
    wish: list[str] = []

    def noted(check: Check, **_: object) -> ReachOutcome:
        wish.append(check.identify.value)
        return outcome(Outcome.BUSY)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sentinel.programs.asking.ask", noted)
        know(tmp_path, 1)
        made = asking(tmp_path, clock, (4,), box_within=timedelta(seconds=5), identify=Identify.ALL)
        made.soon()
        assert worked(made) == []
        made.learn(reading("25.0.0.2"))
        made.set_mapped({40_104: 104})
        worked(made)
        made.set_mapped({40_105: 104})
        worked(made)

    assert wish == ["all", "new"]


def test_buttons_pressed_while_checks_begin_are_each_followed_by_a_check(tmp_path, clock, monkeypatch):
    """Whoever presses does so from another thread, at any moment."""
    know(tmp_path, 1)
    made = asking(tmp_path, clock, (4,), identify=Identify.ALL)
    wishes: list[Identify] = []

    def presses(check: Check, **_: object) -> ReachOutcome:
        wishes.append(check.identify)
        if len(wishes) < 5:
            made.soon()
            made.set_mapped({40_100 + len(wishes): 104})
        return outcome(Outcome.BUSY)

    monkeypatch.setattr("sentinel.programs.asking.ask", presses)
    for _ in range(7):
        worked(made)

    assert wishes == [Identify.NEW, *[Identify.ALL] * 4]


def test_a_share_of_the_address_is_named_and_kept(tmp_path, clock):
    """We come from a port of ours, and say which they are."""
    said = Request(tmp_path, clock, port_share=(20_000, 21_000), declared_by="S").said

    assert said.port_share == (20_000, 21_000)


def test_progress_is_told_while_a_check_is_under_way_and_ends(tmp_path, clock):
    """Read by the street meanwhile."""
    made = asking(tmp_path, clock, (4,))
    seen: list[object] = []
    with stub_at(tmp_path / "1", lambda _, __: seen.extend(made.under_way)) as stub:
        echo = know(tmp_path, stub.port)
        worked(made)

    assert seen == [Progress(echo=echo.key_id, family=4, done=0, of=0)]
    assert made.under_way == ()


@pytest.mark.parametrize("configured", [0, 5, 14, 15])
def test_a_program_that_maps_another_port_every_hour_uses_up_nothing(tmp_path, clock, configured):
    """The echo counts sixteen different ports in 24 hours, one of them the IPv6 door test's: yesterday's too."""
    extra = tuple(range(8001, 8001 + configured))
    made = asking(tmp_path, clock, extra_ports=extra)
    mapped, asked = made.places_for_mapped(), []
    for hour in range(72):
        forwards = [mapping(40_000 + 7 * hour % 100, 6881), mapping(50_000 + hour, 104), mapping(104, 104)]
        made.set_mapped(mapped.take(box_reading(*forwards, at=moment(3600 * hour))))
        asked.append({*extra, *made.mapped})

    days = [set().union(*asked[start : start + 25]) for start in range(48)]
    assert max(len(day) for day in days) <= EXTRA_PORTS
    assert (max(len(day) for day in days) > configured) is (configured < 14)


def test_every_check_brings_the_journals_head_back_under_the_echos_signature(tmp_path, clock):
    """From our journal over the wire into a real report, and what came back proves that very journal."""
    entry = next_entry((0, FIRST), "2026-03-02T09:00:00.000000Z", EntryKind.STARTED, {"version": "0"})
    posted: list[object] = []
    with RunningEcho(tmp_path / "echo") as running:
        made = Asking(
            Echo(invitation=running.invitation(), identify=Identify.NONE),
            tmp_path,
            now,
            lambda: (4,),
            head=lambda: entry.hash,
        )
        made.work(4, posted.append)

    own = keys.own_key_id(keys.own_key(tmp_path))
    (signed,) = [fact for fact in posted if isinstance(fact, Signed)]
    assert signed.head == entry.hash
    assert posted.index(signed) == len(posted) - 2  # after the cells, before the outcome
    found = list(anchors(Chain().walk([entry]), [signed.line], frozenset({own})))
    assert [each.point for each in found] == [Point.ANCHORED]
