"""What the mirror port lets us see, and what was lost on the way."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sentinel.model.moment import Moment


class Wrapping(StrEnum):
    """In what frames may pass so that nothing of them is read."""

    PPPOE = "pppoe"
    """Between the box and the line (RFC 2516): who comes and goes passes on the box's other side."""
    COPY = "copy"
    """GRE with Ethernet inside: the switch sends its copies by way of the network (ERSPAN)."""
    TUNNEL = "tunnel"
    """IP in IP, or any other GRE: somebody's tunnel."""


class Shows(StrEnum):
    """What the watched port shows, in one value."""

    MIRRORED = "mirrored"
    """What goes out and what comes in."""
    ONLY_INWARD = "only_inward"
    ONLY_OUTWARD = "only_outward"
    ELSEWHERE = "elsewhere"
    """Others talk here, and nobody with the outside."""
    UNMET = "unmet"
    """Others talk here, and our own talk through the other card has not passed."""
    BROADCAST = "broadcast"
    """What is sent to everybody, at most."""
    NOTHING = "nothing"
    """Nothing that crosses the boundary; whether anything else passes this kernel does not count."""
    PPPOE = "pppoe"
    """Only what is wrapped in it."""
    COPY = "copy"
    """Only what is wrapped in it."""
    NO_CARRIER = "no_carrier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """What the kernel lost, or put off, before any socket could have it."""

    missed: int = 0
    """Frames the card's own memory had no room for (rx_missed_errors)."""
    fifo: int = 0
    """The same, by another counter of some cards (rx_fifo_errors)."""
    over: int = 0
    """Frames longer than the card's buffers, or than it takes (rx_over_errors, rx_length_errors); some cards count
    one as refused besides."""
    damaged: int = 0
    """Frames that came damaged from the cable (rx_crc_errors, rx_frame_errors)."""
    refused: int = 0
    """Frames that driver or kernel threw away (rx_dropped), but for those that we were shown all the same."""
    backlog: int = 0
    """Frames, of any card, that a processor's queue had no room for (softnet_stat, second column). Those of our
    card are in `refused` as well (net/core/dev.c `enqueue_to_backlog`): it tells why, and marks nothing itself."""
    squeezed: int = 0
    """How often a processor put frames off (third column). None is lost by that: it marks nothing either."""

    @property
    def frames(self) -> int:
        """Frames that nobody saw."""
        return self.missed + self.fifo + self.over + self.damaged + self.refused

    @property
    def by_card(self) -> int:
        """Those for which the card or its driver had no room, and no processor's queue was the cause."""
        return self.missed + self.fifo + self.over + max(0, self.refused - self.backlog)


FRESH = timedelta(minutes=5)
"""Both directions were seen within it: a practice that works talks at least so often."""
ALONE = timedelta(minutes=75)
"""The same where only our own talk counts, which is a check each hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the capture could see in the last second; its silence is itself a finding.

    Counts are totals since `listen` started, so that a lost report loses nothing.
    """

    interface: str
    carrier: bool
    """The cable is in and the other end is up."""
    apart: bool
    """The capture has a card of its own, so that our own talk must show on it as somebody else's."""
    inward: Moment | None
    """Last unicast frame for somebody else that came from outside."""
    outward: Moment | None
    """Last unicast frame for somebody else that went outside."""
    heard: Moment | None
    """Last frame of any kind."""
    frames: int
    """Frames that passed the kernel filter."""
    dropped: int
    """Frames the kernel had no room for."""
    undecodable: int
    """Frames that could not be read."""
    forgotten: int
    """Table entries that had to make room."""
    unsent: int
    """Facts that were overwritten before `watch` had acknowledged them."""
    fragments: int = 0
    """Pieces of TCP packets, and headers without an end: nobody reads on there, so that a visitor may hide."""
    pieces: int = 0
    """Those of them that went from machines of ours to strangers, who do not send them at will: what was answered
    so was not read, and each is a loss."""
    unread: int = 0
    """Rare frames nobody read: beyond what is read in a second, or lost with the child that was to read them. They
    tell what a machine is; no connection hides in them."""
    losses: Losses = Losses()
    """What was lost before our own sockets."""
    foreign: int | None = None
    """Unicast frames for somebody else, by the kernel's count; None: nobody counts them."""
    passed: Moment | None = None
    """When there was last one."""
    opened: int = 0
    """Handshakes of machines of ours that passed whole: SYN, and the SYN-ACK after it."""
    unseen: int = 0
    """Visits that were answered though their SYN had not passed: lost before our card, and no flood's doing. Where
    one half of a visit is lost both of another may be, so each of them marks."""
    unopened: int = 0
    """SYN-ACKs to machines of ours whose SYN had not passed here: of each such pair half was lost before our card.
    It hints at a mirror that has not room for both, and is no loss by itself: `unseen` counts the visits."""
    half: Moment | None = None
    """Since when much has passed in one direction and nothing in the other; None: it is not so."""
    wrapped: tuple[Wrapping, ...] = ()
    """What came wrapped within the last hour."""
    at: Moment

    @property
    def lost(self) -> int:
        """Whatever was not seen, not kept or not told, summed: it only grows, and each growth is a hole."""
        return self.dropped + self.forgotten + self.unsent + self.losses.frames + self.unseen + self.pieces

    @property
    def shows(self) -> Shows:
        """What the port has lately shown, by the capture's own clock."""
        if not self.carrier:
            return Shows.NO_CARRIER
        lasts = ALONE if self.apart else FRESH
        inward, outward = (self._is_fresh(way, lasts) for way in (self.inward, self.outward))
        if inward or outward:
            return Shows.MIRRORED if inward and outward else Shows.ONLY_INWARD if inward else Shows.ONLY_OUTWARD
        if Wrapping.COPY in self.wrapped or Wrapping.PPPOE in self.wrapped:
            return Shows.COPY if Wrapping.COPY in self.wrapped else Shows.PPPOE
        if self.foreign is not None and not self._is_fresh(self.passed, FRESH):
            return Shows.BROADCAST
        if self.apart:
            return Shows.UNMET
        return Shows.NOTHING if self.foreign is None else Shows.ELSEWHERE

    def _is_fresh(self, seen: Moment | None, lasts: timedelta) -> bool:
        return seen is not None and self.at.since(seen) <= lasts
