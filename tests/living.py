"""A practice whose street, store and words are real: facts go in, a colour and French sentences come out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

from sentinel.judgement.casebook import Casebook
from sentinel.judgement.judge import Judge, Terms
from sentinel.judgement.verdict import Outlook
from sentinel.model.connection import Connection
from sentinel.model.declared import View
from sentinel.model.exposure import Application, Outcome, PortList, Reach, Why
from sentinel.model.fact import Fact
from sentinel.model.finding import Code, Level
from sentinel.model.incident import Incident
from sentinel.model.machine import HostSighting, SeenBy
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import Networks
from sentinel.model.passing import Beat
from sentinel.model.verdict import Verdict
from sentinel.pipeline import Street
from sentinel.services import port_list
from sentinel.store.archive import Archive
from sentinel.store.reading import opened
from sentinel.text.points import Audience, Record, point_of_chapter, point_of_incident, record, sentence
from sentinel.text.sentences import Words, verdict_words
from sentinel.wire.facts import Parcel
from tests.builders import (
    ECHO_PORT,
    IMAGING,
    IMAGING_MAC,
    connection,
    coverage,
    exposure,
    knock,
    knock_heard,
    moment,
    networks,
    outcome,
)

HOUR, DAY = 3600.0, 86_400.0
BOX = ip_address("192.168.1.1")
NAS, NAS_MAC = ip_address("192.168.1.80"), "00:11:32:00:00:80"
CAMERA, CAMERA_MAC = ip_address("192.168.1.81"), "44:19:b6:00:00:81"
PC, PC_MAC = ip_address("192.168.1.82"), "3c:52:82:00:00:82"
LABELS = {IMAGING_MAC: "RADIO-PC", NAS_MAC: "NAS", CAMERA_MAC: "CAMERA", PC_MAC: "ACCUEIL-PC"}
DECOYS = (40_001, 40_002)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads:
    """Where a public port leads."""

    machine: Address = IMAGING
    mac: str | None = IMAGING_MAC
    port: int = 4242
    app: Application | None = None
    seen: bool = True
    """Its knock crosses the mirror."""


@dataclass
class Practice:
    """One sentinel; `boot` and `began` as after a restart on the same store."""

    folder: Path
    terms: Terms = field(default_factory=Terms)
    families: tuple[int, ...] = (4,)
    echo: bool = True
    own: Networks = field(default_factory=lambda: networks(box=(BOX,)))
    boot: str = "boot-1"
    began: Moment = field(default_factory=moment)
    accepted: tuple[str, ...] = ()
    """Who may come in by a declared door, as the page names them."""

    def __post_init__(self) -> None:
        self.archive = Archive(self.folder / "sentinel.db", self.boot)
        self.verdict: Verdict | None = None
        self.asked = 0
        told = self.archive.incidents(self.began)
        judge = Judge(self.own, self.terms, self.began)
        judge.remember(told)
        for network in self.archive.known_networks():
            judge.recognise_network(network)
        self.street = Street(
            judge=judge,
            casebook=Casebook(told, self.archive.next_incident(), self.began),
            archive=self.archive,
            outlook=Outlook(started=self.began, view=self.terms.view, echo=self.echo, families=self.families),
            signal=self._signal,
            acknowledge=lambda run, number: None,
            ask_soon=self._ask_soon,
            batch=timedelta(seconds=5),
        )
        self.street.begin(self.began)
        self._number = self._checks = self._serial = 0

    def _signal(self, verdict: Verdict, _: object) -> None:
        self.verdict = verdict

    def _ask_soon(self) -> None:
        self.asked += 1

    # -- facts ---------------------------------------------------------------------------------------------

    def walk(self, *facts: Fact) -> None:
        """Facts of `watch` itself."""
        for fact in facts:
            self.street.walk(fact)

    def bring(self, *facts) -> None:
        """Facts of `listen`, numbered."""
        for fact in facts:
            self._number += 1
            self.street.walk(fact, Parcel(self.boot, self._number, fact))

    def pass_time(self, at: float, *, listening: bool = True, shown: bool = True) -> None:
        """A second goes by; `shown`: frames of others cross the mirror."""
        if listening:
            self.bring(coverage(moment(at), proof=moment(at) if shown else None))
        self.walk(Beat(at=moment(at)))

    def visit(self, at: float, **more: object) -> Connection:
        """Somebody comes to a machine of ours."""
        self._serial += 1
        mac = more.pop("mac", IMAGING_MAC)
        visit = replace(connection(serial=self._serial, at=moment(at), **more), target_mac=mac)
        self.bring(visit)
        return visit

    def see(self, at: float, address: Address, mac: str, seen_by: SeenBy = SeenBy.ARP) -> None:
        """A machine shows that it is alive."""
        self.bring(HostSighting(mac=mac, address=address, seen_by=seen_by, at=moment(at)))

    def check(
        self,
        at: float,
        doors: Mapping[int, Leads] | None = None,
        *,
        result: Outcome = Outcome.CHECKED,
        why: Mapping[int, Why] | None = None,
        seen_from: Address | None = None,
        **more: object,
    ) -> None:
        """A whole check over IPv4, six seconds long, on the mirror as the view is: knocks, cells, outcome."""
        self._checks += 1
        name, doors = f"check-{self._checks}", dict(doors or {})
        asked = tuple(dict.fromkeys((*port_list(PortList.FULL), *doors)))
        announced = (*asked, *DECOYS)
        if self.terms.view is View.MIRROR:
            self.bring(coverage(moment(at), proof=moment(at)))
        self.walk(knock(*announced, check=name, at=moment(at), decoys=DECOYS))
        for n, port in enumerate(announced):
            if port in doors and doors[port].seen:
                self._hear(doors[port], at + 1, n, seen_from)
        if self.terms.view is View.MIRROR:
            self.bring(coverage(moment(at + 4), proof=moment(at + 4)))
        everything = bool(more.get("decoys_open"))
        for port in asked if result is Outcome.CHECKED else ():
            led = doors.get(port)
            reason = (why or {}).get(port)
            self.walk(
                exposure(
                    port=port,
                    reach=Reach.OPEN if led else Reach.UNREACHABLE if reason else Reach.FILTERED,
                    why=reason,
                    check=name,
                    at=moment(at + 5),
                    app=led.app if led else None,
                    open_all=everything and led is not None,
                )
            )
        ended = {"opened": frozenset(doors), "tested": len(port_list(PortList.FULL)), **more}
        self.walk(outcome(result, asked=moment(at), at=moment(at + 6), check=name, **ended))
        self.walk(Beat(at=moment(at + 6)))

    def _hear(self, led: Leads, at: float, n: int, seen_from: Address | None) -> None:
        self._serial += 1
        came = knock_heard(
            serial=self._serial, at=moment(at), source_port=ECHO_PORT + n, port=led.port, seen_from=seen_from
        )
        self.bring(replace(came, target=led.machine, target_mac=led.mac))

    def close(self) -> None:
        """A clean stop."""
        self.archive.commit()
        self.archive.close()

    # -- what people get -----------------------------------------------------------------------------------

    @property
    def level(self) -> Level:
        """The colour."""
        assert self.verdict is not None
        return self.verdict.level

    @property
    def codes(self) -> set[Code]:
        """Everything that counts now."""
        assert self.verdict is not None
        return {reason.code for reason in self.verdict.reasons}

    def incidents(self) -> list[Incident]:
        """Every story of the store that is more than a condition of the sentinel itself, oldest first."""
        self.archive.commit()
        with opened(self.folder / "sentinel.db") as reader:
            return sorted(reader.incidents(), key=lambda each: each.number)

    def story(self, code: Code) -> Incident:
        """The one story of this kind."""
        [found] = [each for each in self.incidents() if each.code is code]
        return found

    def chapters(self, number: int) -> int:
        """How long a story's timeline is."""
        self.archive.commit()
        with opened(self.folder / "sentinel.db") as reader:
            return len(reader.chapters(number))

    def line(self, number: int, code: Code) -> str:
        """The sentence of the one line of this kind in a story's timeline."""
        self.archive.commit()
        with opened(self.folder / "sentinel.db") as reader:
            found, [chapter] = reader.incident(number), [c for c in reader.chapters(number) if c.code is code]
        assert found is not None
        return plain(sentence(point_of_chapter(chapter, found), self.audience()).text("fr"))

    def words(self, *, named: bool = True) -> Words:
        """The first page."""
        assert self.verdict is not None
        return verdict_words(self.verdict, self.audience(named=named), self._records(), self.accepted)

    def says(self, *, named: bool = True) -> str:
        """Its sentence, with ordinary spaces."""
        return plain(self.words(named=named).sentence.text("fr"))

    def asks(self, *, named: bool = True) -> str:
        """What to do now."""
        return plain(self.words(named=named).gesture.text("fr"))

    def tells(self, code: Code) -> str:
        """The sentence of one reason among all that apply."""
        [said] = [phrase for reason, phrase in self.words().also if reason.code is code]
        return plain(said.text("fr"))

    def told(self, code: Code) -> str:
        """The sentence of one story, as its own page has it."""
        story = self.story(code)
        return plain(sentence(point_of_incident(record(story, [])), self.audience()).text("fr"))

    def audience(self, *, named: bool = True) -> Audience:
        """Whoever reads, at the verdict's own time."""
        assert self.verdict is not None
        return Audience(
            language="fr",
            named=named,
            now=self.verdict.at.wall,
            zone=ZoneInfo("Europe/Paris"),
            contact="Sophie (01 23 45 67 89)",
            labels=LABELS,
        )

    def _records(self) -> dict[int, Record]:
        assert self.verdict is not None
        self.archive.commit()
        with opened(self.folder / "sentinel.db") as reader:
            found = [reader.incident(each.incident) for each in self.verdict.reasons if each.incident]
            return {each.number: record(each, reader.chapters(each.number)) for each in found if each}


def plain(words: str) -> str:
    """With ordinary spaces."""
    return words.replace("\u00a0", " ").replace("\u202f", " ")
