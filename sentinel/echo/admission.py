"""Whether a question is answered: each rule in turn, and the first that is broken is the echo's word."""

from collections.abc import Callable
from dataclasses import dataclass

from sentinel.echo import protocol
from sentinel.echo.book import Book, Entry
from sentinel.echo.challenges import Caller, Challenges
from sentinel.echo.deny import is_denied
from sentinel.echo.identity import Identity
from sentinel.echo.memory import Memory
from sentinel.echo.planning import Errand, draw
from sentinel.echo.protocol import Enrol, Forged, Garbled, OtherVersion, Request, Target
from sentinel.echo.refused import Refused
from sentinel.echo.settings import Settings
from sentinel.model.exposure import PortList
from sentinel.model.moment import Address
from sentinel.services import port_list

PORT_LISTS = {name.value for name in PortList}


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A question that will be answered."""

    key: str
    errand: Errand
    memory: Memory


class Admission:
    """Knows the rules of one echo."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        book: Book,
        challenges: Challenges,
        wall: Callable[[], float],
    ) -> None:
        """`wall`: seconds since 1970."""
        self._settings = settings
        self._wall = wall
        self._book = book
        self._challenges = challenges
        self._certificate = identity.certificate_hash

    def may_dial(self, address: Address) -> bool:
        """Whether an address may be dialled at all."""
        if self._settings.is_ours(address) and not self._settings.lab:
            return False
        return not is_denied(address, self._settings.own, lab=self._settings.lab)

    def welcome(self, caller: Caller, now: float) -> None:
        """What can be refused before a byte of the question is read.

        Raises:
            Refused: `target_refused`, or `quota` for the address.
        """
        ourselves = caller.address == caller.arrived_at and not self._settings.lab
        if ourselves or not self.may_dial(caller.address):
            raise Refused("target_refused")
        wait = self._book.target_wait(caller.address, now)
        if wait > 0:
            raise Refused("quota", wait)

    def admit(self, raw: bytes, caller: Caller, now: float) -> Admitted:
        """Take a signed question apart and count it.

        Raises:
            Refused: any rule is broken.
        """
        key, request = self._read(raw)
        self._check_question(request, caller)
        self._check_target(request, caller)
        source = self._settings.source(caller.arrived_at)
        if not self._settings.lab and is_denied(source.seen_as):
            raise Refused("not_ready")  # the plan would announce an address nobody sees
        memory = Memory(self._book, key, caller.address, self._wall)
        declared = {*request.extra_ports, *request.expect_open}
        listed = set(port_list(PortList(request.ports)))
        errand = draw(request, caller.address, source, spared=memory.spared(listed | declared, request.identify))
        extra = declared - listed
        entry = Entry(
            check=errand.check, key=key, target=caller.address, asked=len(errand.probes), extra=frozenset(extra)
        )
        self._book.enter(entry, now)
        return Admitted(key=key, errand=errand, memory=memory)

    def _read(self, raw: bytes) -> tuple[str, Request]:
        try:
            sealed = protocol.envelope(raw, protocol.REQUEST, protocol.REQUEST_BYTES)
            name = sealed.signatures[0].keyid
            public = self._book.public_key(name)
            if public is None:
                raise Refused("key_unknown")
            body = protocol.verified(sealed, [public])
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
            sealed = protocol.envelope(raw, protocol.ENROL, protocol.REQUEST_BYTES)
            # The key is inside what it signed, so this once the body is read before it is verified.
            enrol = protocol.read(sealed.payload, Enrol)
            protocol.verified(sealed, [enrol.public_key])
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
    """Refuse lists nobody knows, ports that are none, and too many of them."""
    asked = {*request.extra_ports, *request.expect_open}
    if request.ports not in PORT_LISTS or not all(1 <= port <= 65535 for port in asked):
        raise Refused("bad_request")
    if len(asked) > protocol.EXTRA_PORTS:
        raise Refused("bad_request")
