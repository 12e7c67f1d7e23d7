"""The whole street in one thread: facts in, incidents, verdict and rows out; nothing twice, nothing lost."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentinel.judgement.casebook import Casebook
from sentinel.judgement.judge import Judge, Terms
from sentinel.judgement.verdict import Outlook
from sentinel.model.acting import Acceptance, Measure, MeasureKind, Paper, PaperKind
from sentinel.model.connection import ConnectionState
from sentinel.model.coverage import Coverage
from sentinel.model.declared import View
from sentinel.model.exposure import Outcome, PortList, Reach
from sentinel.model.fact import Fact
from sentinel.model.finding import Code, Grade, Level, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.ledger import Signed
from sentinel.model.machine import Kind, Offer, Service
from sentinel.model.moment import Moment
from sentinel.model.networks import HomeNetwork
from sentinel.model.passing import Beat, Health, NetworkAnswer, Part, Read, SourceName
from sentinel.model.verdict import Verdict
from sentinel.pipeline import MANY, Street
from sentinel.store.archive import Archive
from sentinel.store.reading import Filter, opened
from sentinel.wire.facts import Parcel
from tests.builders import (
    IMAGING_MAC,
    STRANGER,
    attempts,
    connection,
    coverage,
    dicom,
    exposure,
    knock,
    knock_heard,
    mapping,
    moment,
    networks,
    outcome,
    portrait,
    reading,
    sighting,
    uplink,
)

BATCH = timedelta(seconds=5)


class Lived:
    """A street with a real store, and everything it has shown, acknowledged and asked for."""

    def __init__(self, folder: Path, boot: str = "boot-1", started: Moment | None = None) -> None:
        began = started or moment()
        self.path = folder / "sentinel.db"
        self.archive = Archive(self.path, boot)
        self.shown: list[tuple[Verdict, set[str]]] = []
        self.acknowledged: list[tuple[str, int]] = []
        self.asked = self.asked_all = 0
        self.retested: list[tuple[int, tuple[int, ...]]] = []
        judge = Judge(networks(), Terms(), began)
        told = self.archive.incidents(began)
        judge.remember(told)
        self.street = Street(
            judge=judge,
            casebook=Casebook(told, self.archive.next_incident(), began),
            archive=self.archive,
            outlook=Outlook(started=began, view=View.MIRROR, echo=True),
            signal=self._signal,
            acknowledge=lambda run, number: self.acknowledged.append((run, number)),
            ask_soon=self._ask,
            batch=BATCH,
            retest=lambda *doors: self.retested.append(doors),
            ask_all=self._ask_all,
        )
        self._numbers: dict[str, int] = {}

    def _signal(self, verdict: Verdict, coverage: Coverage | None) -> None:
        self.shown.append((verdict, set(self.street.ill)))

    def _ask(self) -> None:
        self.asked += 1

    def _ask_all(self) -> None:
        self.asked_all += 1

    def walk(self, *facts: Fact) -> None:
        for fact in facts:
            self.street.walk(fact)

    def bring(self, *facts, run: str = "run-1", number: int | None = None) -> None:
        """As `listen` brings them: numbered."""
        for fact in facts:
            if number is None:
                self._numbers[run] = self._numbers.get(run, 0) + 1
            self.street.walk(fact, Parcel(run, number or self._numbers[run], fact))

    def beat(self, *seconds: float) -> None:
        self.walk(*(Beat(at=moment(each)) for each in seconds))

    @property
    def level(self) -> Level:
        return self.shown[-1][0].level

    @property
    def codes(self) -> set[Code]:
        return {reason.code for reason in self.shown[-1][0].reasons}

    def incidents(self) -> list[Incident]:
        with opened(self.path) as reader:
            return sorted(reader.incidents(), key=lambda each: each.number)

    def count(self, table: str) -> int:
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as db:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[Lived]:
    life = Lived(tmp_path)
    yield life
    life.archive.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else holds the store for themselves."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")


def calm(lived: Lived, at: float = 0) -> None:
    """Everything a green lamp needs."""
    lived.walk(outcome(asked=moment(at), at=moment(at)))
    lived.bring(coverage(moment(at + 1), proof=moment(at + 1)))
    lived.beat(at + 1)


# -- from fact to signal -----------------------------------------------------------------------------------------


def test_green_is_earned_fact_by_fact(lived):
    """A check, a capture that listens, a mirror that shows."""
    lived.beat(1)
    assert lived.level is Level.UNSURE
    lived.walk(outcome(asked=moment(2), at=moment(2)))
    assert lived.level is Level.UNSURE

    lived.bring(coverage(moment(3), proof=moment(3)))
    lived.beat(3)

    assert (lived.level, lived.codes) == (Level.CALM, set())


def test_a_strangers_association_is_red_at_once_and_on_disk_at_once(lived):
    """Row, incident and timeline, without waiting for a batch; and the echo is asked."""
    calm(lived)
    lived.bring(connection(at=moment(2), dicom=dicom()))

    assert lived.level is Level.ALARM
    (told,) = [each for each in lived.incidents() if each.state is IncidentState.OPEN]
    assert (told.code, told.grade, told.sources) == (
        Code.STRANGER_ASSOCIATED,
        Grade.ASSOCIATED,
        ((str(STRANGER), 1),),
    )
    assert lived.count("connections") == 1
    assert lived.acknowledged[-1] == ("run-1", 2)
    assert lived.asked == 1


def test_routine_rows_wait_for_their_batch(lived):
    """A connection of our own people is no hurry."""
    lived.walk(Beat(at=moment(0)))
    lived.bring(connection(at=moment(1)))  # the first stranger is urgent
    lived.bring(connection(serial=2, at=moment(2)))  # the same again is a count
    assert lived.count("connections") == 1

    lived.beat(5)
    assert lived.count("connections") == 1
    lived.beat(6)

    assert lived.count("connections") == 2


def test_a_crowd_does_not_wait_for_the_batch(lived):
    """`listen` keeps only so much of what nobody has acknowledged."""
    lived.walk(Beat(at=moment(0)))
    lived.bring(connection(at=moment(1)))
    lived.bring(*(connection(serial=serial, at=moment(2)) for serial in range(2, MANY // 2)))
    assert lived.count("connections") == 1

    lived.bring(*(connection(serial=serial, at=moment(2)) for serial in range(MANY // 2, MANY + 1)))

    assert lived.count("connections") > MANY // 2
    assert lived.acknowledged[-1][1] > MANY // 2


def test_what_is_seen_every_second_is_not_written_every_second(lived):
    """A quiet practice writes nothing: the card lives longer."""
    calm(lived)
    for second in range(2, 20):
        lived.bring(coverage(moment(second), proof=moment(second)))
        lived.beat(second)
    before = lived.path.with_name("sentinel.db-wal").stat().st_size
    for second in range(20, 600):
        lived.bring(coverage(moment(second), proof=moment(second)))
        lived.beat(second)

    assert lived.path.with_name("sentinel.db-wal").stat().st_size == before


def test_the_second_leg_names_the_machine_in_the_row_of_the_check(lived):
    """Knock, what the mirror saw of it, the echo's word, the end of the check."""
    calm(lived)
    lived.walk(knock(11112, at=moment(10)))
    lived.bring(knock_heard(at=moment(11)))
    lived.bring(coverage(moment(12), proof=moment(12)))
    lived.walk(exposure(port=11112, at=moment(14)), outcome(asked=moment(9), at=moment(14)))

    assert lived.level is Level.ALARM
    with opened(lived.path) as reader:
        (cell,) = reader.cells()
        assert (cell.verdict, cell.machine, cell.inside_port) == ("exposed", "192.168.1.66", 4242)
        assert [row.standing for row in reader.connections(Filter())] == ["own_check"]
    assert [each.count for each in lived.incidents() if each.grade] == [0]


def test_a_silent_capture_is_blue_and_a_red_lamp_stays_red(lived):
    """Once calm, once with an alarm."""
    calm(lived)
    lived.beat(7)
    assert (lived.level, lived.codes) == (Level.UNSURE, {Code.CAPTURE_LOST})

    lived.bring(connection(at=moment(8)))
    lived.beat(9)

    assert (lived.level, lived.codes) == (Level.ALARM, {Code.CAPTURE_LOST, Code.STRANGER_CONNECTED})


def test_a_clock_that_jumps_back_two_days_is_blue_until_the_echo_agrees(lived):
    """And the echo is asked at once; its answer is not asked about again."""
    calm(lived)
    back = replace(moment(2), wall=moment(2).wall - timedelta(days=2))
    lived.walk(Beat(at=back))
    assert (lived.level, lived.asked) == (Level.UNSURE, 1)

    lived.walk(outcome(asked=moment(3), at=moment(3)))

    assert (lived.level, lived.asked) == (Level.CALM, 1)


def test_a_start_in_the_past_is_not_calm_before_the_echo_has_agreed(tmp_path):
    """A board without a battery: the check proves everything, but for its time; then the time comes by network."""

    def past(seconds: float) -> Moment:
        return replace(moment(seconds), wall=moment(seconds).wall - timedelta(days=600))

    lived = Lived(tmp_path, started=past(0))
    lived.walk(outcome(asked=past(1), at=past(1), ahead=-timedelta(days=600)))
    lived.bring(coverage(past(2), proof=past(2)))
    lived.walk(Beat(at=past(2)))
    assert (lived.level, lived.codes) == (Level.UNSURE, {Code.CLOCK_WRONG})

    lived.beat(3)
    assert (lived.level, lived.codes) == (Level.UNSURE, {Code.CLOCK_WRONG})

    calm(lived, 4)
    assert (lived.level, lived.codes) == (Level.CALM, set())


def test_reading_an_alarm_is_yellow_for_a_day_and_asks_nobody(lived):
    """And on disk with the name of who read it."""
    calm(lived)
    lived.bring(connection(at=moment(2)))
    number = lived.shown[-1][0].reasons[0].incident
    assert number is not None
    lived.walk(Read(incident=number, who="Anne", at=moment(3)))

    assert (lived.level, lived.codes, lived.asked) == (Level.ATTENTION, {Code.ALARM_READ}, 1)
    assert [each.read_by for each in lived.incidents() if each.number == number] == ["Anne"]


@pytest.mark.parametrize("change", [{"dicom": dicom()}, {"bytes_out": 500}])
def test_a_read_alarm_is_red_again_when_its_visitor_goes_on(lived, change):
    """An association, or bytes out, on the very connection that was read about."""
    calm(lived)
    lived.bring(connection(at=moment(2)))
    number = lived.shown[-1][0].reasons[0].incident
    assert number is not None
    lived.walk(Read(incident=number, who="Anne", at=moment(3)))
    lived.bring(connection(at=moment(2), changed=moment(4), **change))

    assert lived.level is Level.ALARM


def test_a_private_network_is_settled_by_an_answer(lived):
    """Asked once, kept in the store, expected from then on."""
    calm(lived)
    lived.bring(connection(source=ip_address("10.8.0.9"), at=moment(2)))
    assert (lived.level, lived.codes) == (Level.ATTENTION, {Code.PRIVATE_NETWORK})

    lived.walk(NetworkAnswer(network="10.8.0.0/24", ours=True, who="Anne", at=moment(3)))
    lived.bring(connection(serial=2, source=ip_address("10.8.0.10"), at=moment(4)))
    lived.bring(coverage(moment(7), proof=moment(7)))
    lived.beat(8)

    assert lived.level is Level.CALM
    assert [str(each) for each in lived.archive.known_networks()] == ["10.8.0.0/24"]


def test_a_paper_that_was_made_is_on_disk_at_once_with_its_hash_in_the_journal(lived):
    """It is handed out a moment later."""
    lived.walk(Paper(kind=PaperKind.MONTH, name="mois-2026-02.pdf", sha256="ab" * 32, who="", at=moment(1)))

    with opened(lived.path) as reader:
        assert [each.name for each in reader.holdings.papers()] == ["mois-2026-02.pdf"]
        assert reader.holdings.count().entries == 1


def test_a_family_that_appears_must_be_proved_first(lived):
    """The box has learnt IPv6: nobody has asked about it yet."""
    calm(lived)
    lived.walk(HomeNetwork(networks=networks(), families=(4, 6), at=moment(200)))
    lived.beat(200)

    assert Code.NOT_CHECKED in lived.codes


def test_a_new_public_address_is_asked_about_at_once(lived):
    """What was proved of the old one is worth nothing any more."""
    calm(lived)
    lived.walk(outcome(ports=PortList.HOURLY, at=moment(3600), address=ip_address("25.0.0.99")))
    assert lived.asked == 1
    lived.beat(3601)
    assert Code.NOT_CHECKED in lived.codes

    lived.walk(outcome(at=moment(3610), address=ip_address("25.0.0.99")))

    assert Code.NOT_CHECKED not in lived.codes


def test_a_card_without_an_address_has_not_moved_the_practice(lived):
    """DHCP takes a moment; a visitor of that moment is judged as before it."""
    calm(lived)
    lived.walk(HomeNetwork(networks=replace(networks(), own=()), families=(), at=moment(2)))
    lived.bring(connection(source=ip_address("192.168.1.9"), at=moment(3)))

    assert Code.PRIVATE_NETWORK not in lived.codes


# -- late and early facts ----------------------------------------------------------------------------------------


def test_facts_that_had_to_wait_are_no_old_news(lived):
    """What `listen` kept for an hour is judged by its own time and shown at ours: no dark lamp."""
    lived.beat(3600)
    lived.bring(connection(at=moment(10)))

    (verdict, _) = lived.shown[-1]
    assert (verdict.level, verdict.at) == (Level.ALARM, moment(3600))


def test_a_frame_stamped_in_the_future_does_not_take_the_street_there(lived):
    """While the clock was being set back, a frame may seem to come two days ahead."""
    lived.beat(1)
    lived.bring(connection(at=moment(172_800)))
    assert lived.shown[-1][0].at == moment(1)
    lived.beat(2)

    assert lived.shown[-1][0].at == moment(2)


# -- nothing twice -----------------------------------------------------------------------------------------------


def story() -> list:
    """What `listen` may have sent."""
    return [
        connection(at=moment(1)),
        attempts(at=moment(2), silent=40),
        connection(at=moment(1), changed=moment(3), dicom=dicom()),
        attempts(at=moment(4), silent=90, answered=3, connected=2),
        connection(serial=2, source=ip_address("10.8.0.9"), at=moment(5)),
        outcome(Outcome.LATE, at=moment(6)),
    ]


def test_what_is_sent_again_is_walked_once(lived):
    """Before its commit, after it, and after a restart of the street."""
    for number, fact in enumerate(story(), 1):
        lived.bring(fact, number=number)
    counted = [(each.number, each.count) for each in lived.street.casebook.told() if each.sources]
    for _ in range(2):
        for number, fact in enumerate(story(), 1):
            lived.bring(fact, number=number)
        lived.beat(20)

    assert [(each.number, each.count) for each in lived.street.casebook.told() if each.sources] == counted
    assert lived.count("outcomes") == 1
    assert lived.acknowledged[-1] == ("run-1", 6)


def test_after_a_restart_what_is_on_disk_is_acknowledged_and_not_walked(tmp_path):
    """The street died between the commit and its acknowledgement."""
    before = Lived(tmp_path)
    for number, fact in enumerate(story(), 1):
        before.bring(fact, number=number)
    before.beat(20)
    kept = before.incidents()
    before.archive.close()

    after = Lived(tmp_path, started=moment(30))
    for number, fact in enumerate(story(), 1):
        after.bring(fact, number=number)
    after.beat(40)

    strangers = [each for each in after.incidents() if each.grade]
    assert strangers == [each for each in kept if each.grade]
    assert after.acknowledged[:6] == [("run-1", number) for number in range(1, 7)]
    after.archive.close()


def test_a_new_run_of_listen_begins_its_numbers_anew(lived):
    """Serial 1 and number 1 of another run are other facts."""
    lived.bring(connection(at=moment(1)))
    lived.bring(connection(at=moment(2)), run="run-2")
    lived.beat(10)

    assert lived.count("connections") == 2
    (told,) = [each for each in lived.incidents() if each.grade]
    assert told.count == 2


def test_a_report_of_the_capture_is_always_walked(lived):
    """It is not sent again, so its number proves nothing; it does not move what is acknowledged either."""
    lived.bring(connection(at=moment(1)))
    lived.bring(coverage(moment(2)), number=9)
    lived.bring(connection(serial=2, at=moment(3)), number=3)
    lived.beat(10)

    assert lived.street.judge.coverage is not None
    assert lived.acknowledged[-1] == ("run-1", 3)


# -- a store that fails ------------------------------------------------------------------------------------------


def test_red_does_not_wait_for_a_locked_store(lived):
    """The alarm is lit first; then the failing store is told beside it."""
    calm(lived)
    shown = len(lived.shown)
    with locked(lived.path):
        lived.bring(connection(at=moment(2)))
        first, last = lived.shown[shown], lived.shown[-1]

        assert (first[0].level, first[1]) == (Level.ALARM, set())
        assert (last[0].level, last[1]) == (Level.ALARM, {Part.STORE})
        assert Code.STORE_FAILING in lived.codes


def test_a_locked_store_is_blue_and_loses_nothing(lived):
    """Rows wait, nothing is acknowledged, and one beat after it opens everything is there."""
    calm(lived)
    acknowledged = len(lived.acknowledged)
    with locked(lived.path):
        lived.bring(connection(at=moment(8), state=ConnectionState.REFUSED))
        assert (lived.level, lived.codes) == (Level.UNSURE, {Code.STORE_FAILING})
        for serial in range(2, 30):
            lived.bring(connection(serial=serial, at=moment(8), state=ConnectionState.REFUSED))
        lived.bring(coverage(moment(9), proof=moment(9)))
        lived.beat(9)
        assert len(lived.acknowledged) == acknowledged

    lived.beat(10)

    assert lived.level is Level.CALM
    assert lived.count("connections") == 29
    assert lived.acknowledged[-1] == ("run-1", 30)


def test_a_store_that_fails_is_tried_at_each_beat_and_not_at_each_fact(lived):
    """A hundred strangers must not wait a tenth of a second each."""
    import time

    calm(lived)
    with locked(lived.path):
        lived.bring(connection(at=moment(2)))
        begun = time.monotonic()
        for serial in range(2, 102):
            lived.bring(connection(serial=serial, source=STRANGER + serial, at=moment(2)))
        assert time.monotonic() - begun < 1


def test_what_the_store_had_to_forget_is_told(lived):
    """A row that no store can take: counted, and a mark on what is shown."""
    calm(lived)
    lived.bring(connection(serial=1 << 70, at=moment(2), state=ConnectionState.REFUSED))
    lived.beat(8)

    assert Code.CAPTURE_INCOMPLETE in {each.code for each in lived.street.casebook.told()}


def test_a_full_disk_is_told_before_it_is_full(lived):
    """The part that looks at it reports; rows are still written."""
    calm(lived)
    lived.walk(Health(part=Part.DISK, well=False, detail="49 MB left", at=moment(2)))
    assert (lived.level, lived.codes, lived.street.ill) == (
        Level.UNSURE,
        {Code.DISK_FULL},
        {Part.DISK: "49 MB left"},
    )

    lived.walk(Health(part=Part.DISK, well=True, at=moment(3)))

    assert (lived.level, lived.street.ill) == (Level.CALM, {})


def test_one_fact_that_cannot_be_judged_does_not_poison_the_next(lived):
    """The caller logs it and goes on; the street's memory is whole."""
    calm(lived)
    with pytest.raises(ValueError, match="network"):
        lived.walk(NetworkAnswer(network="no network", ours=True, who="Anne", at=moment(2)))
    lived.bring(connection(at=moment(3)))

    assert lived.level is Level.ALARM


# -- determinism -------------------------------------------------------------------------------------------------

SECONDS = st.integers(0, 40)


@st.composite
def walked(draw: st.DrawFn) -> Fact:
    """Any fact of a busy minute."""
    at = moment(draw(SECONDS))
    serial = draw(st.integers(1, 6))
    source = draw(st.sampled_from([STRANGER, STRANGER + 1, ip_address("10.8.0.9"), ip_address("198.51.100.10")]))
    return draw(
        st.sampled_from(
            [
                connection(serial=serial, source=source, at=at, state=draw(st.sampled_from(ConnectionState))),
                connection(serial=serial, source=source, at=at, bytes_out=serial * 400_000, dicom=dicom()),
                attempts(at=at, silent=serial * 9, answered=serial, connected=serial // 2),
                knock(4242, 80, at=at),
                exposure(at=at, reach=draw(st.sampled_from(Reach))),
                outcome(draw(st.sampled_from(Outcome)), at=at),
                coverage(at, proof=at, dropped=serial // 4),
                sighting(at),
                Beat(at=at),
                Read(incident=serial, who="Anne", at=at),
                Health(part=Part.DISK, well=serial > 3, at=at),
            ]
        )
    )


def _life(folder: Path, facts: Iterable[Fact]) -> tuple[list[Verdict], list[Incident]]:
    life = Lived(folder)
    life.walk(*facts, Beat(at=moment(100)))
    told = life.incidents()
    life.archive.close()
    life.path.unlink()
    return [verdict for verdict, _ in life.shown], told


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(walked(), max_size=25))
def test_the_same_facts_always_give_the_same_incidents(tmp_path, monkeypatch, facts: list[Fact]):
    """No clock, no chance: time comes with the facts; how long this machine's disk takes is none of them."""
    monkeypatch.setattr("sentinel.pipeline.SLOW", 3600)
    assert _life(tmp_path, facts) == _life(tmp_path, facts)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(walked(), max_size=25))
def test_what_is_on_disk_is_what_is_told(tmp_path, facts: list[Fact]):
    """After any facts the store holds every open story as the casebook tells it."""
    life = Lived(tmp_path)
    life.walk(*facts, Beat(at=moment(100)), Beat(at=moment(200)))

    kept = {each.number: each for each in life.incidents() if each.state is not IncidentState.CLOSED}

    assert kept == {each.number: each for each in life.street.casebook.told()}
    life.archive.close()
    life.path.unlink()


# -- the box from inside -----------------------------------------------------------------------------------------


def test_a_new_mapping_to_a_red_door_is_an_alarm_and_asks_the_echo_at_once(lived):
    """Once, and red before anyone has knocked."""
    calm(lived)
    lived.beat(2)
    assert lived.level is Level.CALM

    lived.walk(reading(mapping(), at=moment(3)))
    lived.walk(reading(mapping(), at=moment(48)))

    # And until it was checked nobody knows what else is open, which is « starting » in the first minutes.
    assert (lived.level, lived.codes, lived.asked) == (Level.ALARM, {Code.MAPPING_OPENED, Code.STARTING}, 1)
    with opened(lived.path) as reader:
        assert reader.box() == reading(mapping(), at=moment(3))
        assert {each.code for each in reader.incidents()} >= {Code.MAPPING_OPENED, Code.UPNP_OFFERED}


def test_an_offer_to_open_doors_takes_no_green_away(lived):
    calm(lived)
    lived.walk(reading(at=moment(3)))
    lived.bring(coverage(moment(7), proof=moment(7)))
    lived.beat(8)

    assert (lived.level, lived.asked) == (Level.CALM, 0)


def test_another_box_is_asked_about_at_once(lived):
    for at, mac in ((0, "02:00:00:00:00:01"), (60, "02:00:00:00:00:02")):
        lived.walk(HomeNetwork(networks=networks(), families=(4,), at=moment(at), box_mac=mac))

    assert lived.asked == 1
    assert [each.code for each in lived.street.casebook.told()] == [Code.BOX_CHANGED]


def test_a_mapping_of_before_a_restart_that_is_gone_is_over(tmp_path):
    before = Lived(tmp_path)
    before.walk(reading(mapping(), at=moment(3)))
    before.archive.close()

    after = Lived(tmp_path, started=moment(100))
    after.walk(reading(at=moment(103)))

    [told] = [each for each in after.incidents() if each.story.kind is StoryKind.MAPPING]
    assert (told.state, told.number) == (IncidentState.CLOSED, 1)
    after.archive.close()


@pytest.mark.parametrize("source", [ip_address("162.142.125.9"), STRANGER])
def test_a_known_scanner_changes_no_grade_and_no_level(lived, source):
    """One from a published network, one that proves its name afterwards: red, and of the grade of any stranger."""
    calm(lived)
    lived.bring(connection(at=moment(2), source=source, dicom=dicom()))
    (before,) = lived.incidents()
    lived.walk(SourceName(source=source, organisation="Censys", at=moment(3)))
    lived.bring(coverage(moment(8), proof=moment(8)))
    lived.beat(8)

    (after,) = lived.incidents()
    assert lived.level is Level.ALARM
    assert (after.level, after.grade, after.code) == (Level.ALARM, Grade.ASSOCIATED, Code.STRANGER_ASSOCIATED)
    assert after.robots == ((str(source), "Censys"),)
    assert replace(after, robots=()) == before


def test_a_name_that_nobody_of_the_story_has_changes_nothing(lived):
    """It comes from another thread, and may come late."""
    calm(lived)
    lived.bring(connection(at=moment(2), dicom=dicom()))
    (before,) = lived.incidents()
    lived.walk(SourceName(source=ip_address("203.0.113.99"), organisation="Censys", at=moment(3)))
    lived.bring(coverage(moment(8), proof=moment(8)))
    lived.beat(8)

    assert lived.incidents() == [before]


def test_a_signed_check_that_proved_an_alarm_or_its_end_is_kept(lived):
    """Beside the first one of each day; the others are let go."""

    def check(name: str, seconds: float, reach: Reach) -> None:
        at = moment(seconds)
        told = exposure(port=11112, at=at, reach=reach)
        lived.walk(
            replace(told, check=name),
            Signed(check=name, echo=told.echo, head="a" * 64, line=name, at=at),
            replace(outcome(asked=at, at=at), check=name),
        )

    calm(lived)
    check("first", 10, Reach.CLOSED)
    check("second", 20, Reach.CLOSED)
    lived.walk(knock(11112, at=moment(30)))
    lived.bring(knock_heard(at=moment(31)))
    lived.bring(coverage(moment(32), proof=moment(32)))
    check("check-1", 34, Reach.OPEN)
    check("again", 40, Reach.OPEN)

    (alarm,) = [each.number for each in lived.incidents() if each.level is Level.ALARM]
    with opened(lived.path) as reader:
        assert list(reader.reports(alarm)) == ["check-1"]
        assert reader.anchors() == ["first", "check-1"]


# -- what people do ----------------------------------------------------------------------------------------------


def checked(lived: Lived, at: float, *ports: int, reach: Reach = Reach.OPEN, alive: bool = True) -> None:
    """A complete check: these public ports lead to the imaging server, or to nothing."""
    check = f"check-{at}"
    lived.walk(knock(*(ports or (104,)), at=moment(at), check=check))
    if reach is Reach.OPEN and ports:
        lived.walk(knock_heard(serial=int(90_000 + at), at=moment(at + 1)))
    if alive:
        lived.walk(sighting(moment(at + 4)))
    lived.walk(*(exposure(port=port, at=moment(at + 5), check=check, reach=reach) for port in ports))
    lived.walk(outcome(asked=moment(at), at=moment(at + 6), check=check))


def door(lived: Lived) -> Incident:
    (told,) = [each for each in lived.incidents() if each.story.kind is StoryKind.DOOR]
    return told


def test_what_machines_and_switches_tell_of_themselves_changes_no_verdict(lived):
    """Every kind, every service, made-up addresses in any number, another port each time: kept, and no story."""
    calm(lived)
    before = (lived.level, lived.codes, lived.incidents())

    lived.bring(sighting(moment(2)))
    for n, kind in enumerate(Kind):
        offers = tuple(Offer(service=each, port=1 + n) for each in Service)
        lived.bring(portrait(moment(2 + n / 10), kinds=(kind,), offers=offers))
        lived.bring(
            portrait(moment(2 + n / 10), mac=f"da:a1:19:00:00:{n:02x}", vendor="", kinds=(kind,), offers=offers)
        )
        lived.bring(uplink(moment(2 + n / 10), port=f"gi1/0/{n}"))
    lived.bring(coverage(moment(7), proof=moment(7)))
    lived.beat(8)

    assert (lived.level, lived.codes, lived.incidents()) == before
    assert lived.count("traits") > len(Kind)
    assert lived.count("uplinks") == 1
    assert len(lived.shown) > 1


def test_an_alarm_keeps_the_moment_in_which_it_was_shown(lived):
    """First seen, shown, read: three times, on disk at once."""
    calm(lived)
    lived.beat(5)
    lived.bring(connection(at=moment(5.5)))
    lived.beat(9)
    lived.walk(Read(incident=door(lived).number, who="Anne", at=moment(60)))

    told = door(lived)
    assert (told.first, told.shown, told.read) == (moment(5.5), moment(5.5), moment(60))
    assert told.read_by == "Anne"


def test_a_door_the_first_complete_check_finds_may_be_older_than_we_are(tmp_path):
    """Three hours after the start, since no echo was there before; the next one is new."""
    life = Lived(tmp_path)
    life.bring(coverage(moment(1), proof=moment(1)))
    checked(life, 3 * 3600, 104)
    first = door(life)
    checked(life, 4 * 3600, 104)
    later = replace(sighting(moment(5 * 3600)), mac="02:00:00:00:00:99", address=ip_address("192.168.1.99"))
    life.walk(later)
    new = replace(connection(at=moment(5 * 3600)), target=later.address, target_mac=later.mac)
    life.bring(new)
    told = {each.mac: each.installation for each in life.incidents() if each.story.kind is StoryKind.DOOR}
    life.archive.close()

    assert first.installation
    assert told == {first.mac: True, "02:00:00:00:00:99": False}
    assert {each.installation for each in life.shown[-1][0].reasons if each.mac == first.mac} == {True}


def test_an_acceptance_survives_a_restart_and_ends_in_the_next_life(tmp_path):
    """Made on the page; the door it excused is a story again when its time is over, and is asked about at once."""
    until = moment(7200).wall
    made = Acceptance(number=1, machine=IMAGING_MAC, port=4242, until=until, who="A", why="B", at=moment(1))
    life = Lived(tmp_path)
    calm(life)
    life.walk(made)
    checked(life, 60, 104)
    assert [each for each in life.incidents() if each.story.kind is StoryKind.DOOR] == []
    assert Code.EXPECTED_BROAD in life.codes
    life.archive.close()

    again = Lived(tmp_path, boot="boot-2", started=moment(3600))
    kept = again.archive.acceptances(moment(3600))
    again.street.judge.granted.remember([each.acceptance for each in kept], moment(3600), 2)
    checked(again, 3700, 104)
    again.beat(7199)
    assert [each for each in again.incidents() if each.story.kind is StoryKind.DOOR] == []
    again.beat(7200)
    assert again.retested == [(4, (104,))]
    assert (door(again).code, door(again).level) == (Code.ACCEPTANCE_OVER, Level.UNSURE)
    again.beat(7201)
    checked(again, 7210, 104)
    told = door(again)
    again.archive.close()

    assert (told.code, told.level, told.shown is not None) == (Code.DOOR_REACHABLE, Level.ALARM, True)


def test_an_acceptance_whose_door_nobody_found_is_asked_about_with_everything(lived):
    """For one source only: whether anybody can open it is looked at now, however many doubts there were."""
    calm(lived)
    until = moment(60).wall
    lived.walk(
        Acceptance(
            number=1,
            machine=IMAGING_MAC,
            port=4242,
            source="198.51.100.7/32",
            until=until,
            who="A",
            why="B",
            at=moment(1),
        )
    )
    lived.beat(59)
    assert (lived.asked_all, lived.retested) == (0, [])

    lived.beat(60, 61)

    assert (lived.asked, lived.asked_all, lived.retested) == (0, 1, [])


def test_a_machine_switched_off_every_night_is_one_story_of_thirty_nights(lived):
    """Open by day, asleep by night: one number, one line a change, never closed and never opened anew."""
    calm(lived)
    for night in range(30):
        at = 86_400.0 * night
        checked(lived, at + 60, 104)
        checked(lived, at + 40_000, 104, reach=Reach.FILTERED, alive=False)
        assert door(lived).state is IncidentState.DORMANT
    told = door(lived)
    with opened(lived.path) as reader:
        chapters = [each.code for each in reader.chapters(told.number)]

    assert told.number == 1
    assert (told.level, told.first) == (Level.ALARM, moment(65))
    assert chapters == [Code.DOOR_REACHABLE, Code.DOOR_DORMANT] * 30


@pytest.mark.parametrize(("asked", "level"), [(595, Level.UNSURE), (601, Level.ALARM)])
def test_a_door_that_is_open_seconds_after_its_cable_was_pulled_is_red(lived, asked, level):
    """The re-test says so; a check whose knocks came before, and its report after, does not."""
    calm(lived)
    checked(lived, 60, 104)
    at = moment(598)
    lived.walk(Measure(incident=1, kind=MeasureKind.MACHINE_UNPLUGGED, done=moment(570).wall, who="A", at=at))
    assert lived.level is Level.UNSURE

    checked(lived, asked, 104)

    assert lived.level is level


def test_a_pulled_cable_is_blue_until_somebody_comes_or_the_closing_is_proved(lived):
    """The whole evening: red, read, pulled, dormant, closed by proof."""
    calm(lived)
    checked(lived, 60, 104)
    assert lived.level is Level.ALARM
    at = moment(600)
    lived.walk(
        Measure(incident=1, kind=MeasureKind.MACHINE_UNPLUGGED, done=at.wall, said="19 h", who="Anne", at=at)
    )
    assert (lived.level, Code.UNPLUGGED in lived.codes) == (Level.UNSURE, True)
    checked(lived, 700, 104, reach=Reach.FILTERED, alive=False)
    assert (door(lived).state, lived.level) == (IncidentState.DORMANT, Level.UNSURE)

    checked(lived, 4000, 104, reach=Reach.CLOSED)

    assert door(lived).state is IncidentState.CLOSED
    assert Code.UNPLUGGED not in lived.codes
