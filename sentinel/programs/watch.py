"""`watch`: the street. Every part is built here, once, in street order; it is the only writer of the store."""

import contextlib
import logging
import queue
import signal
from datetime import timedelta

from sentinel import systemd, timetable
from sentinel.capture.surroundings import Surroundings, ask
from sentinel.clock import Clock, boot_id, now
from sentinel.config import Config, Language
from sentinel.errors import MissingDevice
from sentinel.judgement.casebook import Casebook
from sentinel.judgement.echoes import WORD_LASTS
from sentinel.judgement.judge import Judge
from sentinel.judgement.verdict import Outlook
from sentinel.model.coverage import Coverage
from sentinel.model.fact import Fact
from sentinel.model.incident import Incident
from sentinel.model.networks import Networks
from sentinel.model.passing import Beat
from sentinel.model.verdict import Verdict
from sentinel.ownports import asked_about
from sentinel.pipeline import Street
from sentinel.places import Places
from sentinel.programs import desk, doors, identity, naming, pressing
from sentinel.programs.alone import alone
from sentinel.programs.asking import Asking
from sentinel.programs.claim import reception
from sentinel.programs.declared import declared
from sentinel.programs.desk import Asked, Desk
from sentinel.programs.effective import effective
from sentinel.programs.entrance import allowed
from sentinel.programs.keeping import Keeping
from sentinel.programs.known import Known
from sentinel.programs.life import Life
from sentinel.programs.looking import Looking
from sentinel.programs.papers import Papers
from sentinel.programs.postbox import Postbox
from sentinel.programs.rounds import Rounds
from sentinel.programs.seen import Seen
from sentinel.programs.telling import Telling
from sentinel.signals import driven, pulse
from sentinel.signals.button import Button
from sentinel.signals.lamp import Lamp, Simulation
from sentinel.store.archive import Archive
from sentinel.wire.facts import Parcel
from sentinel.wire.requests import listen_at

log = logging.getLogger(__name__)

QUEUE = 20_000
BOX_WITHIN = timedelta(seconds=15)
"""So long the first check waits for the first look at the box, which tells whose the address is."""
LISTENS = timedelta(seconds=5)
"""From the start: `listen` reports by then, or it is not going to."""
RECORDED = Surroundings(interface="recorded", prefixes=(), gateways=(), families=(4,))
"""Where the recorded day took place: its networks are declared, this machine's are none of its business."""


class Watch:
    """One sentinel's street, its queue and its threads."""

    def __init__(self, config: Config, places: Places, *, demo: bool = False, clock: Clock = now) -> None:
        self._clock = clock
        self._places = places
        self._demo = demo
        self._boot = boot_id()
        self._started = clock()
        self._stopping = False
        self._queue: queue.Queue[Fact | Parcel | Asked] = queue.Queue(QUEUE)
        self._config = config
        self._shown: Verdict | None = None
        self._seen = Seen()
        self._beats = pulse.Beats(places.pulse)

    def run(self) -> None:
        """Until stopped.

        Raises:
            MissingDevice: the store cannot be opened, or another `watch` is running here.
        """
        self._places.make()
        with alone(self._places):
            try:
                self._build()
            except OSError as error:
                raise MissingDevice(f"the sentinel cannot begin in {self._places.lasting}: {error}") from None
            systemd.tell(systemd.READY)
            try:
                self._walk()
            finally:
                self._close()

    # -- built once, in street order -----------------------------------------------------------------------

    def _build(self) -> None:
        config = self._config
        around = RECORDED if self._demo else ask()
        self._rounds = Rounds(config, self._places, self._clock, around)
        try:
            self._archive = Archive(self._places.store, self._boot)
        except OSError as error:
            raise MissingDevice(f"the store cannot be opened: {error}") from None
        incidents = self._archive.incidents(self._started)
        judge = self._judge(self._rounds.networks(around), incidents)
        self._archive.clock_trusted = lambda: judge.time.trusted
        driven.note(self._places.driven, config.lamp)  # before anything is lit
        self._lamp = Lamp(config.lamp, self._clock, Simulation(self._places.lamp))
        heeding = pressing.Heeding(self._lamp, self._queue.put_nowait, self._language)
        self._button = Button(config.lamp, self._clock, heeding)
        self._build_outside()
        self._postbox = Postbox(self._places.facts, self._queue.put, config.capture.user)
        self._street = Street(
            judge=judge,
            casebook=Casebook(incidents, self._archive.next_incident(), self._started),
            archive=self._archive,
            outlook=Outlook(
                started=self._started,
                view=config.capture.view,
                echo=self._demo or self._asking.is_enrolled or bool(config.echo.all_invitations),
                families=around.families,
            ),
            signal=self._signal,
            acknowledge=self._postbox.acknowledge,
            ask_soon=self._asking.doubt,
            batch=timedelta(seconds=config.store.batch_seconds),
            retest=self._asking.recheck,
            ask_all=self._asking.ended,
        )
        self._keeping = Keeping(
            self._archive, config, self._places, self._started, lambda: self._shown, self._is_clock_confirmed
        )
        self._street.begin(self._started)
        self._life = Life(self._clock)
        self._build_desk()
        self._timetable = timetable.Timetable(self._jobs(), self._queue.put)

    def _language(self) -> Language:
        """The page's, as it was last set."""
        return effective(self._config, self._places).page.language

    def _is_clock_confirmed(self) -> bool | None:
        """By an echo, in this run; None where there is none to ask."""
        if self._street.judge.time.confirmed:
            return True
        asks = not self._demo and (self._asking.is_enrolled or self._config.echo.all_invitations)
        return False if asks else None

    def _judge(self, networks: Networks, incidents: list[Incident]) -> Judge:
        """With everything the store still knows."""
        judge = Judge(networks, declared(self._config), self._started)
        doors.recall(judge, self._archive, self._config, self._started)
        judge.remember(incidents)
        judge.outside.echoes.recall(self._archive.openings(self._started, WORD_LASTS))
        for network in self._archive.known_networks():
            judge.recognise_network(network)
        return judge

    def _build_outside(self) -> None:
        """Who asks the echoes, and who looks at the box."""
        self._asking = Asking(
            asked_about(self._config),
            self._places.lasting,
            self._clock,
            lambda: self._rounds.families,
            known=Known(self._archive.kinds(self._started), self._archive.fragile(self._started)),
            box_within=BOX_WITHIN,
            head=lambda: self._archive.ledger.head,
        )
        self._looking = Looking(
            lambda: self._rounds.box, self._asking.set_mapped, self._clock, self._asking.places_for_mapped()
        )

    def _build_desk(self) -> None:
        """Where people ask, and by which ways they are told."""
        config = self._config
        self._papers = Papers(config, self._places, self._clock, self._queue.put, lambda: self._shown)
        self._telling = Telling(self._street, config, self._clock, self._queue.put, mute=self._demo)
        self._desk = Desk(
            self._street,
            reception(self._archive, config, self._places),
            self._asking,
            self._clock,
            config,
            telling=self._telling,
            paper=self._papers.take,
            seen=self._seen,
        )
        self._line = listen_at(self._places.requests)
        desk.serve(self._line, self._queue.put, allowed(config.page))

    def _jobs(self) -> list[timetable.Job]:
        jobs = [
            *self._rounds.here(self._lamp, self._button),
            *identity.jobs(self._config.page, self._places, self._clock),
            *self._papers.jobs(),
            *self._life.jobs(),
        ]
        if not self._demo:
            jobs += self._rounds.outside(self._asking, self._looking, self._is_listened_to, self._queue.put)
            jobs += naming.jobs(self._config.capture, self._places.store, self._clock)
        return jobs

    def _is_listened_to(self) -> bool:
        """`listen` must see our talk with an echo from its first packet on."""
        return self._street.judge.coverage is not None or self._clock().since(self._started) > LISTENS

    # -- the street's own thread ---------------------------------------------------------------------------

    def stop(self, *_: object) -> None:
        """Leave after the fact under way."""
        self._stopping = True

    def _walk(self) -> None:
        while not self._stopping:
            try:
                item = self._queue.get(timeout=0.5)
            except queue.Empty:
                continue
            try:
                self._one(item)
            except Exception:  # a lost fact is counted; a street that ended would lose all
                log.exception("one fact could not be walked")
                with contextlib.suppress(Exception):
                    self._street.lose(self._clock())

    def _one(self, item: Fact | Parcel | Asked) -> None:
        if isinstance(item, Asked):
            item.slot.put(self._desk.take(item))
        elif isinstance(item, Parcel):
            self._street.walk(item.fact, item)
        else:
            self._telling.heed(item)
            self._street.walk(item)
            self._keeping.after(item)
        self._telling.look(self._shown)
        if isinstance(item, Beat):
            self._life.walked()

    def _signal(self, verdict: Verdict, coverage: Coverage | None) -> None:
        """Lamp first, then the pulse."""
        self._lamp.show(verdict.level, verdict.at)
        self._seen.take(verdict, self._clock())
        if self._shown is None or self._shown.level != verdict.level:
            log.info("verdict: %s", verdict.level.word)
            systemd.tell(f"STATUS=verdict: {verdict.level.word}")
        self._shown = verdict
        beat = pulse.Pulse(
            at=verdict.at,
            boot=self._boot,
            started=self._started,
            verdict=verdict,
            coverage=coverage,
            demo=self._demo,
            parts=dict(self._street.ill),
            asking=self._asking.under_way,
            paper=self._papers.state,
        )
        self._beats.write(beat)

    def _close(self) -> None:
        self._life.stop()
        self._timetable.stop()
        self._telling.close()
        self._button.close()
        self._lamp.close()
        self._postbox.close()
        self._line.close()
        self._places.pulse.unlink(missing_ok=True)
        self._keeping.stop(self._clock())
        try:
            self._archive.commit()
        except OSError as error:
            log.error("rows were not written: %s", error)
        self._archive.close()


def watch(config: Config, places: Places, *, demo: bool = False) -> None:
    """Run `watch` until SIGTERM or SIGINT.

    Raises:
        MissingDevice: the store cannot be opened, or another `watch` is running here.
    """
    program = Watch(config, places, demo=demo)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, program.stop)
    program.run()
