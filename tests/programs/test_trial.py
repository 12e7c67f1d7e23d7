"""A new system stays once the gate says that it is well; else the old one comes back, whenever the power goes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sentinel.card.slots import Card, Slot, Trial
from sentinel.errors import MissingDevice
from sentinel.model.moment import Moment
from sentinel.model.renewal import Came, Lack, Lost, Renewal
from sentinel.places import Places
from sentinel.programs import renewing, setback
from sentinel.programs.renewing import Word
from sentinel.programs.trial import Tried
from tests.builders import moment
from tests.card.updates import contents, make_card, start, started
from tests.programs.test_setback import cut, furnish, live_on, seen

OLD, NEW = "0.1.0", "0.2.0"


class Clock:
    """Goes on when somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> Moment:
        return moment(self.seconds)

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Machine:
    """A card with the new version written into b, and what happens to it."""

    folder: Path
    places: Places
    card: Card
    clock: Clock = field(default_factory=Clock)
    reboots: int = 0

    def boot(self) -> Tried:
        """Firmware and initramfs; then the programs of the system that came up."""
        up = started(*contents(self.card))
        trial = self.card.trial()
        if trial and trial.slot is not up.slot and trial.left == 0 and self.card.chosen() is not up.slot:
            self.card.config.write_bytes(self.card.config.read_bytes().replace(b"os_prefix=b/", b"os_prefix=a/"))
        if up.left is not None:
            self.card.tries.write_text(f"{up.slot}{up.left}\n")
        start(self.card, up.slot)
        return self.tried(up.slot)

    def tried(self, slot: Slot) -> Tried:
        return Tried(
            card=self.card,
            places=self.places,
            version=OLD if slot is Slot.A else NEW,
            reboot=self.reboot,
            clock=self.clock,
            wait=self.clock.wait,
        )

    def reboot(self) -> None:
        self.reboots += 1

    def word(self) -> Renewal:
        found = renewing.read(self.places)
        assert found is not None
        return found

    def copies(self) -> list[str]:
        return [path.name for path in setback.copies(self.places)]


@pytest.fixture
def machine(tmp_path) -> Machine:
    """Just after `sentinel update`, before its restart."""
    card = make_card(tmp_path)
    card.begin_trial(Slot.B)
    machine = Machine(tmp_path, furnish(tmp_path, 3), card)
    word = Word(machine.places, machine.clock, NEW, OLD)
    word.leave(Came.WRITING)
    word.leave(Came.WRITTEN)
    return machine


def well() -> tuple[Lack | None, str]:
    return None, "run"


def ill(lack: Lack) -> Callable[[], tuple[Lack | None, str]]:
    return lambda: (lack, "run")


def test_a_healthy_version_stays(machine):
    """After two minutes; the copy of the store is there until then, and no longer."""
    new = machine.boot()
    new.keep()
    assert (machine.word().came, machine.copies()) == (Came.TRYING, ["sentinel.db.before-0.1.0"])
    assert machine.card.trial() == Trial(slot=Slot.B, left=2)

    assert new.gate(well)

    assert machine.clock.seconds == 120
    assert (machine.word().came, machine.word().version, machine.word().before) == (Came.CONFIRMED, NEW, OLD)
    assert (machine.card.trial(), machine.copies(), machine.reboots) == (None, [], 0)
    machine.boot().settle()
    assert (machine.card.running(), machine.word().came) == (Slot.B, Came.CONFIRMED)


@pytest.mark.parametrize("lack", [Lack.PAGE, Lack.CAPTURE, Lack.STORE])
@pytest.mark.parametrize("changed", [False, True], ids=["store as before", "store of a later release"])
def test_a_version_without_one_of_the_three_goes_back_by_itself(machine, lack, changed):
    """In ten minutes, with its reason; the old one finds a store it can read, and what is out of sight is told."""
    new = machine.boot()
    new.keep()
    live_on(machine.places, 2, changed=changed)
    assert not new.gate(ill(lack))
    assert machine.clock.seconds == 600
    assert (machine.word().came, machine.word().lack, machine.reboots) == (Came.GIVEN_UP, lack, 1)

    old = machine.boot()
    old.settle()

    assert machine.card.running() is Slot.A
    told = machine.word()
    assert (told.came, told.lack, told.version, told.before) == (Came.RETURNED, lack, NEW, OLD)
    assert told.lost == (Lost(connections=2, incidents=0, aside="after-0.2.0") if changed else None)
    assert seen(machine.places) == (3 if changed else 5)
    assert (machine.card.is_settled(), machine.copies()) == (True, [])
    machine.boot().settle()
    assert machine.word() == told


def test_a_version_that_never_says_anything_is_left_after_three_starts(machine):
    """It falls over before its programs run, or they fall over."""
    for left in (2, 1, 0):
        machine.boot()
        assert (machine.card.running(), machine.card.trial()) == (Slot.B, Trial(slot=Slot.B, left=left))

    machine.boot().settle()

    assert machine.card.running() is Slot.A
    assert (machine.word().came, machine.word().lack) == (Came.RETURNED, Lack.START)


def test_a_version_that_falls_over_again_and_again_keeps_the_first_copy(machine):
    """Each start of it finds the store as the one before left it."""
    machine.boot().keep()
    live_on(machine.places, 2, changed=True)
    machine.boot().keep()
    machine.boot().keep()

    machine.boot().settle()

    assert seen(machine.places) == 3
    assert machine.word().lost == Lost(connections=2, incidents=0, aside="after-0.2.0")


def test_a_store_that_cannot_be_copied_is_not_tried(machine):
    """Without a way back there is no trial; `watch` of the new version has not touched it."""
    machine.places.store.write_bytes(b"spoiled " * 999)

    machine.boot().keep()

    assert (machine.word().came, machine.word().lack, machine.reboots) == (Came.GIVEN_UP, Lack.COPY, 1)
    assert "cannot be copied" in machine.word().why
    assert machine.clock.seconds == 600  # it holds `watch` up until the restart ends it
    machine.boot().settle()
    assert (machine.card.running(), machine.word().came, machine.word().lack) == (Slot.A, Came.RETURNED, Lack.COPY)


def test_a_cut_before_the_choice_is_an_update_that_never_was(tmp_path):
    """The count is there, the old system started."""
    machine = Machine(tmp_path, furnish(tmp_path, 3), make_card(tmp_path))
    Word(machine.places, machine.clock, NEW, OLD).leave(Came.WRITING)
    machine.card.tries.write_text("b3\n")

    machine.boot().settle()

    assert (machine.word().came, machine.card.is_settled()) == (Came.INTERRUPTED, True)


def test_a_cut_right_after_the_trial_ended_is_a_version_that_stays(machine):
    """The card says so; the word was not left yet, nor the copy taken away."""
    new = machine.boot()
    new.keep()
    machine.card.end_trial()

    machine.boot().settle()

    assert (machine.word().came, machine.copies()) == (Came.CONFIRMED, [])


def test_before_its_restart_nothing_of_an_update_is_settled(machine):
    """Whoever starts the unit by hand ends no trial that has not begun."""
    machine.tried(Slot.A).settle()

    assert (machine.word().came, machine.card.trial()) == (Came.WRITTEN, Trial(slot=Slot.B, left=3))


def test_a_start_like_any_other_is_left_alone(tmp_path):
    """No trial, no copy, no word."""
    machine = Machine(tmp_path, furnish(tmp_path, 3), make_card(tmp_path))
    before = contents(machine.card)
    tried = machine.boot()

    tried.keep()
    tried.settle()

    assert tried.gate(ill(Lack.PAGE))
    assert contents(machine.card) == before
    assert (renewing.read(machine.places), machine.copies(), machine.reboots) == (None, [], 0)


def edited(card: Card) -> None:
    """As Windows' editor saves it."""
    card.config.write_bytes(card.config.read_bytes().replace(b"\n", b"\r\n"))


def test_an_edited_config_does_not_stop_the_settling(machine, caplog):
    """The old version is back, the card says so, and `watch` starts; the journal names the line."""
    for _ in range(3):
        machine.boot()
    tried = machine.boot()
    edited(machine.card)

    tried.settle()

    assert (machine.word().came, machine.card.is_settled(), machine.copies()) == (Came.RETURNED, True, [])
    assert "os_prefix=a/ or os_prefix=b/" in caplog.text


def test_an_edited_config_ends_no_trial(machine):
    """Of the system that runs, or of the one that is to be started next."""
    tried = machine.boot()
    edited(machine.card)

    for slot in (Slot.B, Slot.A):
        start(machine.card, slot)
        tried.settle()
        assert machine.card.trial() == Trial(slot=Slot.B, left=2)


@pytest.mark.parametrize("content", [b"", b"??\n", b"b9", b"\0\0\0", b"-0\nmore"])
def test_a_spoiled_count_is_put_right(tmp_path, content):
    """Or the next update would find who knows what."""
    machine = Machine(tmp_path, furnish(tmp_path, 3), make_card(tmp_path))
    machine.card.tries.write_bytes(content)

    machine.boot().settle()

    assert machine.card.tries.read_bytes() == b"-0\n"


def test_a_cut_at_any_step_of_settling_comes_to_the_same_end(tmp_path):
    """The old version, its store, the count of what is out of sight."""
    for number in range(1, 100):
        folder = tmp_path / str(number)
        card = make_card(folder)
        card.begin_trial(Slot.B)
        machine = Machine(folder, furnish(folder, 3), card)
        Word(machine.places, machine.clock, NEW, OLD).leave(Came.WRITTEN)
        new = machine.boot()
        new.keep()
        live_on(machine.places, 2, changed=True)
        new.gate(ill(Lack.PAGE))
        old = machine.boot()
        whole_way = cut(number, old.settle)

        machine.boot().settle()

        told = machine.word()
        assert (told.came, told.lack) == (Came.RETURNED, Lack.PAGE), number
        assert told.lost == Lost(connections=2, incidents=0, aside="after-0.2.0"), number
        assert (seen(machine.places), machine.copies(), machine.card.is_settled()) == (3, [], True), number
        if whole_way:
            break
    assert whole_way
    assert number > 10


@pytest.mark.parametrize("part", ["keep", "settle"])
def test_where_the_firmware_partition_is_not_there_nothing_is_decided(machine, part):
    """Whether this is a trial cannot be known: to copy, to put back or to confirm could each be wrong."""
    tried = machine.boot()
    machine.card.config.unlink()

    with pytest.raises(MissingDevice):
        getattr(tried, part)()
    assert (machine.word().came, machine.copies()) == (Came.WRITTEN, [])
