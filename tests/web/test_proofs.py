"""What a step of the first hour shows as its proof."""

from dataclasses import replace
from datetime import timedelta

import pytest
from furnished import moment

from sentinel.model.coverage import Coverage, Wrapping
from sentinel.model.declared import View
from web.proofs import besides, proof_of_view

NEW, OLD, OLDER = timedelta(seconds=30), timedelta(minutes=6), timedelta(minutes=80)


def coverage(
    inward: timedelta | None, outward: timedelta | None, *, carrier: bool = True, apart: bool = False
) -> Coverage:
    """What the port showed, so long ago."""
    return Coverage(
        interface="eth1",
        carrier=carrier,
        apart=apart,
        inward=None if inward is None else moment(inward),
        outward=None if outward is None else moment(outward),
        heard=moment(),
        frames=1,
        dropped=0,
        undecodable=0,
        forgotten=0,
        unsent=0,
        at=moment(),
    )


@pytest.mark.parametrize(
    ("seen", "view", "proof"),
    [
        (coverage(NEW, NEW), View.MIRROR, "mirrored"),
        (coverage(NEW, OLD), View.MIRROR, "only_inward"),
        (coverage(None, NEW), View.MIRROR, "only_outward"),
        (coverage(None, None), View.MIRROR, "nothing"),
        (coverage(OLD, OLD), View.MIRROR, "nothing"),
        (coverage(NEW, NEW, carrier=False), View.MIRROR, "no_carrier"),
        (coverage(NEW, NEW, carrier=False), View.LIMITED, "no_carrier"),
        (coverage(NEW, NEW), View.LIMITED, "limited"),
        (coverage(OLD, OLD, apart=True), View.MIRROR, "mirrored"),  # with a card of its own a check an hour is all
        (coverage(OLDER, OLD, apart=True), View.MIRROR, "only_outward"),
        (coverage(OLDER, OLDER, apart=True), View.MIRROR, "unmet"),
        (None, View.MIRROR, "untold"),
        (None, View.LIMITED, "untold"),
    ],
)
def test_the_view_is_full_only_where_both_directions_were_just_seen(seen, view, proof):
    """A declared limited view is said to be one, whatever passes by chance."""
    assert proof_of_view(seen, view) == proof


def test_what_passes_wrapped_is_said_beside_what_is_read_and_not_twice():
    """Where nothing else passes it is the proof itself."""
    beside, alone = (replace(coverage(way, way), wrapped=(Wrapping.PPPOE, Wrapping.TUNNEL)) for way in (NEW, None))

    assert (proof_of_view(beside, View.MIRROR), besides(beside)) == ("mirrored", beside.wrapped)
    assert (proof_of_view(alone, View.MIRROR), besides(alone)) == ("pppoe", (Wrapping.TUNNEL,))
    assert besides(None) == ()
