"""Every step by which an update comes onto the card: which there are, in which order, and a cut after any."""

import os
import random
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from sentinel.card.pen import Pen
from sentinel.card.slots import Card, Slot
from tests.card.updates import (
    MIB,
    SWITCHED,
    Making,
    contents,
    make_card,
    put,
    started,
)

pytestmark = pytest.mark.zstd


class Noting(Pen):
    """Writes, and remembers every step."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[str, Path, bytes, int]] = []

    def put(self, path: Path, piece: bytes, place: int) -> None:
        super().put(path, piece, place)
        self.steps.append(("put", path, piece, place))

    def settle(self, path: Path) -> None:
        super().settle(path)
        self.steps.append(("settle", path, b"", 0))

    def remove(self, path: Path) -> None:
        super().remove(path)
        self.steps.append(("remove", path, b"", 0))


def test_what_stands_there_already_is_not_written_again(tmp_path):
    """Most of a root is empty, and a card wears out by being written."""
    noting = Noting()
    card = make_card(tmp_path, pen=noting)
    root = os.urandom(MIB) + bytes(2 * MIB)

    put(Making(tmp_path / "new", root=root).update(), card)

    assert sum(len(step[2]) for step in noting.steps if step[1].name == "root-b" and step[0] == "put") == MIB


def waiting(steps: list[tuple[str, Path, bytes, int]]) -> list[int]:
    """The steps that need not have reached the card yet: nobody waited for them."""
    last = {path: number for number, (kind, path, _, _) in enumerate(steps) if kind == "settle"}

    def is_settled(number: int) -> bool:
        kind, path, _, _ = steps[number]
        waited = last.get(path, -1) if kind == "put" else last.get(path.parent, -1)
        return waited > number

    return [number for number, step in enumerate(steps) if step[0] != "settle" and not is_settled(number)]


def lost(numbers: list[int], chance: random.Random) -> Iterator[frozenset[int]]:
    """None, all, each alone, all but one, and some by chance: a card writes in an order of its own."""
    yield frozenset()
    yield frozenset(numbers)
    for number in numbers if len(numbers) <= 6 else chance.sample(numbers, 6):
        yield frozenset([number])
        yield frozenset(numbers) - {number}
    for _ in range(4):
        yield frozenset(number for number in numbers if chance.random() < 0.5)


def after(card: Card, before: tuple, steps: list, gone: frozenset[int]) -> tuple:
    """The card as it lies there when these steps were taken and some of them never arrived."""
    files = {name: bytearray(held) for name, held in before[0].items()}
    other = next(path for path in card.roots.values() if path.name == "root-b")
    root = bytearray(before[1][Slot.B])
    for number, (kind, path, piece, place) in enumerate(steps):
        if kind == "settle" or number in gone:
            continue
        name = path.relative_to(card.firmware.parent).as_posix().removeprefix("firmware/")
        if kind == "remove":
            files.pop(name, None)
            continue
        held = root if path == other else files.setdefault(name, bytearray())
        held.extend(bytes(max(0, place - len(held))))  # a hole, where what came before it was lost
        held[place : place + len(piece)] = piece
    return {name: bytes(held) for name, held in files.items()}, {**before[1], Slot.B: root}


def test_a_power_cut_after_any_step_leaves_a_card_that_starts(tmp_path):
    """The old system as it was, or the new one whole and counted; whichever unsettled writes were lost."""
    noting, chance = Noting(), random.Random(5)
    card = make_card(tmp_path, room=10 * MIB, pen=noting)
    making = Making(tmp_path / "new", root=os.urandom(9 * MIB + 300))
    before = contents(card)
    old = started(*before)
    update = making.update()

    put(update, card)

    new, cuts = started(*contents(card)), 0
    assert new.files == SWITCHED
    assert new.root == sha256(making.root + before[1][Slot.B][len(making.root) :]).hexdigest()
    seen: list[Slot] = []
    for length in range(len(noting.steps) + 1):
        steps = noting.steps[:length]
        for gone in lost(waiting(steps), chance):
            found = started(*after(card, before, steps, gone))
            assert found in (old, new), (length, sorted(gone))
            cuts += 1
        seen.append(found.slot)
    assert cuts > 200
    assert [pair for pair in pairwise(seen) if pair[0] is not pair[1]] == [(Slot.A, Slot.B)]  # one way, once


def test_the_trial_is_counted_before_the_choice_is_changed(tmp_path):
    """Otherwise a new system that does not come up would never be left."""
    noting = Noting()
    card = make_card(tmp_path, pen=noting)
    put(Making(tmp_path / "new").update(), card)

    last = [(kind, path.name, piece) for kind, path, piece, _ in noting.steps[-4:]]
    assert last == [
        ("put", "trial.txt", b"b3\n"),
        ("settle", "trial.txt", b""),
        ("put", "config.txt", b"b"),
        ("settle", "config.txt", b""),
    ]


def test_a_cut_between_count_and_choice_starts_the_old_system(tmp_path):
    """The count is of a system that is not running: nobody counts."""
    noting = Noting()
    card = make_card(tmp_path, pen=noting)
    before = contents(card)
    put(Making(tmp_path / "new").update(), card)

    found = started(*after(card, before, noting.steps[:-2], frozenset()))

    assert (found.slot, found.left) == (Slot.A, None)
