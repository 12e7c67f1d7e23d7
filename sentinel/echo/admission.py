"""Whether a question is answered: each rule in turn, and the first that is broken is the echo's word."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sentinel import dsse
from sentinel.dsse import Forged, Garbled
from sentinel.echo import protocol
from sentinel.echo.book import Entry
from sentinel.echo.books import Books
from sentinel.echo.challenges import Caller, Challenges
from sentinel.echo.deny import is_denied
from sentinel.echo.identity import Identity
from sentinel.echo.memory import Memory
from sentinel.echo.planning import Errand, draw
from sentinel.echo.protocol import Enrol, OtherVersion, Request, Target
from sentinel.echo.refused import Refused
from sentinel.echo.retests import KNOWN_S
from sentinel.echo.settings import Settings
from sentinel.model.exposure import PortList
from sentinel.model.moment import Address
from sentinel.services import port_list

PORT_LISTS = {name.value for name in PortList}
LEDGER_HEAD = re.compile(r"[0-9a-f]{64}|")
OPEN = "open"
"""The mark of a door that was reported open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A question that will be answered."""

    key: str
    errand: Errand
    memory: Memory
    again: bool = False
    """A re-test, with a budget of its own."""


class Admission:
    """Knows the rules of one echo."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        books: Books,
        challenges: Challenges,
        wall: Callable[[], float],
    ) -> None:
        """`wall`: seconds since 1970."""
        self._settings = settings
        self._wall = wall
        self._book = books.book
        self._retests = books.retests
        self._neighbours = books.neighbours
        self._optouts = books.optouts
        self._challenges = challenges
        self._certificate = identity.certificate_hash

    def may_dial(self, address: Address) -> bool:
        """Whether an address may be dialled at all.

        Raises:
            sqlite3.Error: nobody can say who opted out.
        """
        if self._optouts.covers(address):
            return False
        if self._settings.is_ours(address) and not self._settings.lab:
            return False
        return not is_denied(address, self._settings.own, lab=self._settings.lab)

    def welcome(self, caller: Caller, now: float) -> None:
        """What can be refused before a byte of the question is read.

        Raises:
            Refused: `opted_out`, `target_refused`, or `quota` for the address.
        """
        if self._optouts.covers(caller.address):
            raise Refused("opted_out")
        ourselves = caller.address == caller.arrived_at and not self._settings.lab
        if ourselves or not self.may_dial(caller.address):
            raise Refused("target_refused")
        # Whether it is a re-test is not known before it is read.
        wait = min(self._book.target_wait(caller.address, now), self._retests.target_wait(caller.address, now))
        if wait > 0:
            raise Refused("quota", wait)

    def admit(self, raw: bytes, caller: Caller, now: float) -> Admitted:
        """Take a signed question apart and count it.

        Raises:
            Refused: any rule is broken.
        """
        key, request = self._read(raw)
        self._check_question(request, caller)
        self._book.heard(key, request.version, now)
        self._check_target(request, caller)
        memory = Memory(self._book, key, caller.address, self._wall)
        errand = self._draw(request, caller, memory, now)
        again = request.ports == PortList.RETEST
        extra = {*request.extra_ports, *request.expect_open} - set(port_list(PortList(request.ports)))
        entry = Entry(
            check=errand.check, key=key, target=caller.address, asked=len(errand.probes), extra=frozenset(extra)
        )
        if again:
            self._enter_again(entry, now)
        else:
            self._enter(entry, now)
        return Admitted(key=key, errand=errand, memory=memory, again=again)

    def _draw(self, request: Request, caller: Caller, memory: Memory, now: float) -> Errand:
        source = self._settings.source(caller.arrived_at)
        if not self._settings.lab and is_denied(source.seen_as):
            raise Refused("not_ready")  # the plan would announce an address nobody sees
        others = self._neighbours.note(caller.address, memory.key, caller.port, now)
        doors = {*port_list(PortList(request.ports)), *request.extra_ports, *request.expect_open}
        return draw(
            request,
            caller.address,
            source,
            spared=memory.spared(doors, request.identify),
            others=others,
            blocked=self._settings.blocked,
        )

    def _enter(self, entry: Entry, now: float) -> None:
        wait = self._book.target_wait(entry.target, now)
        if wait > 0:
            raise Refused("quota", wait)
        self._book.enter(entry, now)

    def _enter_again(self, entry: Entry, now: float) -> None:
        """Only doors that we ourselves reported open, to this key, at this address."""
        wait = self._retests.target_wait(entry.target, now)
        if wait > 0:
            raise Refused("quota", wait)
        known = self._book.marked_among(OPEN, entry.key, entry.target, entry.extra, now - KNOWN_S)
        if not known.issuperset(entry.extra):
            raise Refused("target_refused")
        self._retests.enter(entry, now)

    def _read(self, raw: bytes) -> tuple[str, Request]:
        try:
            sealed = dsse.envelope(raw, protocol.REQUEST, protocol.REQUEST_BYTES)
            name = sealed.signatures[0].keyid
            public = self._book.public_key(name)
            if public is None:
                raise Refused("key_unknown")
            body = dsse.verified(sealed, [public])
            return name, protocol.read(body, Request)
        except Forged:
            raise Refused("bad_signature") from None
        except OtherVersion:
            raise Refused("bad_version") from None
        except Garbled:
            raise Refused("bad_request") from None

    def _check_question(self, request: Request, caller: Caller) -> None:
        if request.aud != self._settings.name:
            raise Refused("bad_request")
        self._challenges.spend(request.challenge, caller)
        if request.tls_cert != self._certificate:
            raise Refused("tls_intercepted")
        check_ports(request)

    @staticmethod
    def _check_target(request: Request, caller: Caller) -> None:
        low, high = request.port_share
        if request.targets != [Target(addr=protocol.SELF)] or request.family != caller.address.version:
            raise Refused("target_refused")
        if not low <= caller.port <= high:
            raise Refused("target_refused")  # a share the caller does not hold

    def read_enrol(self, raw: bytes, caller: Caller) -> Enrol:
        """A sentinel's introduction, signed with the key it brings.

        Raises:
            Refused: it is not, or it was not made for this connection.
        """
        try:
            sealed = dsse.envelope(raw, protocol.ENROL, protocol.REQUEST_BYTES)
            # The key is inside what it signed, so this once the body is read before it is verified.
            enrol = protocol.read(sealed.payload, Enrol)
            dsse.verified(sealed, [enrol.public_key])
        except Forged:
            raise Refused("bad_signature") from None
        except OtherVersion:
            raise Refused("bad_version") from None
        except Garbled:
            raise Refused("bad_request") from None
        if enrol.aud != self._settings.name:
            raise Refused("bad_request")
        self._challenges.spend(enrol.challenge, caller)
        return enrol


def check_ports(request: Request) -> None:
    """Refuse unknown lists, ports that are none, too many of them or none at all, and a head that is no hash."""
    asked = {*request.extra_ports, *request.expect_open}
    if request.ports not in PORT_LISTS or not all(1 <= port <= 65535 for port in asked):
        raise Refused("bad_request")
    if len(asked) > protocol.EXTRA_PORTS or not LEDGER_HEAD.fullmatch(request.ledger_head):
        raise Refused("bad_request")
    if request.ports == PortList.RETEST and not request.extra_ports:
        raise Refused("bad_request")  # it has no list of its own
