"""The part of the kernel's filter that tells what is spoken on a connection, by how much of the header it keeps.

See `model.beginnings` for the table and for why a length can say it. A verdict shorter than a TCP header costs no
evidence: whatever `decode` reads of a segment is in it. Only a whole match is told, of a segment whose flags are
exactly PSH and ACK; with anything else the headers are kept, as they would be without a label.

What is not pushed is the bulk of every image. There two tests of its first bits leave aside most of it: all that
is dark or bright, and what PS3.8 puts before it. The rest is looked at for what is ever longer than a segment.
"""

from collections.abc import Iterable, Iterator

from sentinel.capture.assembler import Line, Step
from sentinel.model.beginnings import BEGINNINGS, KEPT, SHORTEST, WIDTHS, Look
from sentinel.model.connection import Label

CONTROL_BITS = 0x3F  # RFC 9293 section 3.1; the two above them are about congestion (RFC 3168)
NONE_HAS, EACH_HAS = 0xA0A0, 0x0043
"""Of the first two bytes of what may be longer than a segment: bits that none has, and of which each has one."""


def may_begin(otherwise: str) -> list[Line]:
    """Whether a segment may be the first of a request, by its first two bytes; A holds them.

    Args:
        otherwise: where to go on when it cannot be.
    """
    return [
        Step("if_any_bit", NONE_HAS, otherwise, None),
        Step("if_any_bit", EACH_HAS, None, otherwise),
        Step("if_equal", 0x1603, "may", None),
        Step("if_any_bit", 0x0040, "may", otherwise),  # all the others are letters there
        "may",
    ]


def labelled(
    start: int, payload: int, ip_header: int, labels: Iterable[Label], otherwise: str, flags: int
) -> list[Line]:
    """Keep what tells the label of this segment.

    Args:
        start: where the IP header begins, in the frame.
        payload: scratch memory with the offset of the payload.
        ip_header: scratch memory with the length of the IP header(s).
        labels: which are looked for.
        otherwise: where to go on when it has none.
        flags: that it must have, and no others.
    """
    return [
        Step("ldx_memory", payload),
        Step("ld_length"),
        Step("sub_x"),
        Step("if_at_least", SHORTEST, None, otherwise),  # a load beyond the frame would keep nothing at all
        Step("ldx_memory", ip_header),
        Step("ld_byte_x", start + 13),
        Step("and", CONTROL_BITS),
        Step("if_equal", flags, None, otherwise),
        Step("ldx_memory", payload),
        *_looks(start, ip_header, [label for label in BEGINNINGS if label in labels]),
        Step("jump", otherwise),
    ]


def _looks(start: int, ip_header: int, labels: list[Label]) -> Iterator[Line]:
    loaded: tuple[int, int] | None = None
    for label in labels:
        looks = BEGINNINGS[label]
        for number, look in enumerate(looks):
            yield from _look(look, f"{label} {number}", f"not {label}", is_loaded=loaded == (look.at, look.size))
            loaded = None
        yield from (Step("ld_memory", ip_header), Step("add", start + KEPT[label]), Step("keep_a"), f"not {label}")
        if len(looks) == 1:  # it misses with what it looked at still in the register
            loaded = looks[0].at, looks[0].size


def _look(look: Look, yes: str, no: str, *, is_loaded: bool) -> Iterator[Line]:
    if not is_loaded:
        yield Step(f"ld_{WIDTHS[look.size]}_x", look.at)
    *others, last = (int.from_bytes(value, "big") for value in look.values)
    yield from (Step("if_equal", value, yes, None) for value in others)
    yield from (Step("if_equal", last, None, no), yes)
