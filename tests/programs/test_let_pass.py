"""Whatever passes in whatever order: what an ear does not ask again changes nothing but when a machine is told."""

import random
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

import pytest

from sentinel.model.connection import Association
from sentinel.model.machine import HostSighting
from sentinel.model.moment import Moment
from sentinel.model.networks import Networks
from sentinel.model.packet import AssociationHead, Segment
from sentinel.programs.listen import Ear
from tests.builders import moment

STEPS = 400
LAN, OTHER = ip_network("192.168.1.0/24"), ip_network("203.0.113.0/24")
NETWORKS = [
    Networks(own=(LAN, ip_network("2001:db8:1::/64")), box=(ip_address("192.168.1.1"),)),
    Networks(own=(LAN, OTHER), box=(ip_address("192.168.1.1"),)),
    Networks(own=(OTHER,), box=(ip_address("198.51.100.9"),)),
]
"""The practice's, as it was and as it may become."""
ADDRESSES = [
    [
        ip_address(each).packed
        for each in ("192.168.1.66", "192.168.1.67", "192.168.1.1", "203.0.113.7", "198.51.100.9", "10.9.0.1")
    ],
    [ip_address(each).packed for each in ("2001:db8:1::66", "2001:db8:1::67", "2001:db8:bad::7")],
]
PORTS = [each.to_bytes(2, "big") for each in (0, 80, 104, 4242, 32_767, 32_768, 40_000, 65_535)]
NUMBERS = (0, 1, 2, 1_000, 1_001, (1 << 32) - 1)
FLAGS = (0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x13, 0x01, 0x00, 0x3F)
HEADS = [AssociationHead(kind, "A", "B", size=100) for kind in (Association.PROPOSED, Association.ACCEPTED)]


@dataclass
class Wire:
    """What may be on it: a few ends, so that they meet."""

    dice: random.Random

    def __post_init__(self) -> None:
        family = self.dice.choice(ADDRESSES)
        self._ends = self.dice.sample(family, 3)
        self._ports = self.dice.sample(PORTS, 4)
        self._macs = [bytes((2, 0, 0, 0, 0, number)) for number in (1, 66, 0x99)]

    def segment(self, at: Moment) -> Segment:
        """Any."""
        pick = self.dice.choice
        source, target = self.dice.sample(self._ends, 2)
        macs = self._macs[0] + self._macs[1] if source < target else self._macs[1] + self._macs[0]
        if self.dice.random() < 0.1:
            macs = pick(self._macs) + pick(self._macs)
        head = pick(HEADS) if self.dice.random() < 0.05 else None
        way = source + target + pick(self._ports) + pick(self._ports)
        return Segment(at, macs, None, way, pick(NUMBERS), pick(NUMBERS), pick(FLAGS), pick((0, 10)), head)


def known(ear: Ear) -> list[object]:
    """All that it has found out, but for who is alive."""
    tracker, view, handshakes = ear.tracker, ear.view, ear.handshakes
    return [
        *(view.inward, view.outward, view.half),
        *(handshakes.opened, handshakes.unopened, dict(handshakes._syns), dict(handshakes._answers)),
        *(tracker.unseen, tracker.forgotten, [*tracker._table._ways], [*tracker._doors]),
        *([*tracker.openings._waiting], dict(tracker.openings._hairpins._calls)),
    ]


@pytest.mark.parametrize("seed", range(80))
def test_an_ear_that_asks_all_of_every_segment_finds_out_no_more(seed):
    """Strangers and ours, at doors and from them, in any order; now and then the practice has other networks."""
    dice = random.Random(seed)
    wire, now = Wire(dice), 0.0
    ears = [Ear(NETWORKS[0], "02:00:00:00:00:99") for _ in range(2)]
    ears[1].pairs.line = lambda segment: None  # type: ignore[method-assign]
    for _ in range(STEPS):
        now += dice.choice((0, 0.01, 0.01, 0.5, -0.2))
        at, step = moment(now), dice.random()
        if step < 0.01:
            networks = dice.choice(NETWORKS)
            for ear in ears:
                ear.adopt(networks, "")
        segment = wire.segment(at)
        told = [[*ear.feed(segment, at), *(ear.tick(at) if step > 0.98 else ())] for ear in ears]

        some, all_of_them = ([each for each in facts if not isinstance(each, HostSighting)] for facts in told)
        assert some == all_of_them
        assert known(ears[0]) == known(ears[1])


def test_some_of_all_this_is_let_pass():
    """Else the test above would be one of nothing."""
    passed = 0
    for seed in range(20):
        wire, ear = Wire(random.Random(seed)), Ear(NETWORKS[0], "02:00:00:00:00:99")
        for step in range(STEPS):
            segment = wire.segment(moment(step / 100))
            line = ear.pairs.line(segment)
            passed += bool(line and line.with_stranger and ear.tracker.lets_pass(segment, outward=not line.inward))
            ear.feed(segment, segment.at)

    assert passed > 50, passed
