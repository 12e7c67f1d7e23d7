"""Our own knocks: announced by the echo, recognised on the mirror, and what they prove of the inside.

A knock is known by its announced source, source port and the time of its SYN, never by arrival order, and by its
silence: the echo connects and leaves. Only where it announced that it may ask who answers, it may also speak: a
few bytes, or an association for verification under the title it announced, without one command inside. Whatever
else comes from the echo's address is a stranger's.
"""

from dataclasses import dataclass
from datetime import timedelta

from sentinel.model.connection import Connection, ConnectionState, Dicom, DicomService
from sentinel.model.exposure import Knock, Probe
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import ALWAYS_INSIDE, SHARED

EARLY = timedelta(milliseconds=500)
"""The ring stamps frames by the wall clock, which may be nudged between announcement and SYN."""
KEPT = 64
SILENT = 1
"""Bytes: an acknowledged FIN that was not seen itself counts as one, and nothing more is silence."""
ASKING = 4096
"""Bytes an announced question may send: a TLS handshake and a request inside it, and not an image."""
HEARS = 128 * 1024
"""Bytes an echo may be sent: it reads 4 KiB, and its window takes little more. Whoever takes images is none."""
RELEASE = 10
"""Bytes of an A-RELEASE-RQ: all that we send after the request (PS3.8 section 9.3.6)."""
LADDER = tuple(ConnectionState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One knock as it was seen inside: which machine it came to, and what that machine did."""

    machine: Address
    mac: str | None
    port: int
    """Inside port, after the box renumbered it."""
    state: ConnectionState


class Knocks:
    """Announced knocks of the last checks, and what was heard of them inside."""

    def __init__(self) -> None:
        self._announced: list[Knock] = []
        self._heard: dict[tuple[str, int], Heard] = {}
        self.hiding: dict[Address, None] = {}
        """Sources behind which the box hid a knock of ours: it hides strangers there as well."""

    def announce(self, knock: Knock) -> None:
        """From now on its SYNs are ours."""
        self._announced.append(knock)
        if len(self._announced) > KEPT:
            gone = self._announced.pop(0)
            self._heard = {key: heard for key, heard in self._heard.items() if key[0] != gone.check}

    def recognise(self, connection: Connection) -> bool:
        """Whether a connection is our own knock; if so, what it met inside is remembered.

        Asked anew each time it changes: one that takes more than a knock would is a stranger's from then on.
        """
        if connection.bytes_out > HEARS:
            return False
        for knock in reversed(self._announced):
            if not _is_within(knock, connection.opened):
                continue
            probe = _match(knock.probes, connection) if _is_silent(connection) else None
            if probe is not None:
                self._hear(knock, probe, connection)
            else:
                probe = _asked(knock, connection)
            if probe is not None:
                if probe.source != connection.source:
                    self._hides(connection.source)
                return True
        return False

    def _hear(self, knock: Knock, probe: Probe, connection: Connection) -> None:
        """What a knock met; of several at one door what came furthest, for silence may have been loss."""
        key = (knock.check, probe.target_port)
        known = self._heard.get(key)
        if known is not None and LADDER.index(known.state) > LADDER.index(connection.state):
            return
        self._heard[key] = Heard(
            machine=connection.target,
            mac=connection.target_mac,
            port=connection.target_port,
            state=connection.state,
        )

    def _hides(self, source: Address) -> None:
        """The box's own address comes again with every check; a forged one does not, and makes room."""
        self.hiding.pop(source, None)
        self.hiding[source] = None
        if len(self.hiding) > KEPT:
            del self.hiding[next(iter(self.hiding))]

    def hides(self, connection: Connection) -> bool:
        """Whether a knock of ours came with another source than the echo's: the box shows nobody's."""
        return connection.source in self.hiding

    def sent_all(self, check: str) -> Heard | None:
        """The machine at which the knocks nobody would expect arrived, all of them: it is sent everything."""
        decoys = next((knock.decoys for knock in self._announced if knock.check == check), frozenset())
        heard = [self._heard.get((check, port)) for port in decoys]
        places = {(each.machine, each.mac) if each else None for each in heard}
        return heard[0] if len(places) == 1 else None

    def opened(self, check: str) -> Moment | None:
        """When the knocks of a check were announced."""
        knock = self.announced(check)
        return knock.opens if knock else None

    def announced(self, check: str) -> Knock | None:
        """The knocks of one check."""
        return next((knock for knock in self._announced if knock.check == check), None)

    def heard(self, check: str, port: int) -> Heard | None:
        """What the knock at this public port met inside, if it was seen there."""
        return self._heard.get((check, port))


def _match(probes: tuple[Probe, ...], connection: Connection) -> Probe | None:
    """The announced probe this connection is; a hidden source is accepted only when private.

    A public source other than the announced one is nobody's knock: anyone can choose a source port.
    """
    for probe in probes:
        if probe.source_port == connection.source_port and _comes_from(probe, connection):
            return probe
    return None


def _comes_from(probe: Probe, connection: Connection) -> bool:
    if probe.source == connection.source:
        return True
    return _may_hide(connection.source) and connection.source.version == probe.source.version


def _is_silent(connection: Connection) -> bool:
    return connection.bytes_in <= SILENT and connection.dicom is None


def _asked(knock: Knock, connection: Connection) -> Probe | None:
    """The announced question this connection is.

    By its source port, or where the box has changed that, by the title that was made up for this very check.
    """
    if connection.bytes_in > ASKING:
        return None
    dicom = connection.dicom
    if dicom is None:
        return _match(knock.asks, connection)
    if not _is_our_association(knock, dicom, connection.bytes_in):
        return None
    return next((probe for probe in knock.asks if _comes_from(probe, connection)), None)


def _is_our_association(knock: Knock, dicom: Dicom, sent: int) -> bool:
    """Our title, verification at most, and nothing after the request but its release."""
    return (
        bool(knock.mark)
        and dicom.calling == knock.mark
        and set(dicom.services) <= {DicomService.VERIFICATION}
        and sent <= dicom.request_size + RELEASE + SILENT
    )


def _may_hide(source: Address) -> bool:
    """A box hides sources behind a private address; `is_private` also means ranges for tests and for later."""
    return any(source in network for network in (*ALWAYS_INSIDE, SHARED))


def _is_within(knock: Knock, opened: Moment) -> bool:
    return -EARLY <= opened.since(knock.opens) <= knock.lasts
