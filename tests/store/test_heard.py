"""The machines of the store: gathered from their sightings, bounded, and honest about what passed."""

from dataclasses import replace

from sentinel.model.machine import HostSighting, SeenBy
from sentinel.store import reading
from sentinel.store.archive import Archive
from sentinel.store.heard import ADDRESSES
from tests.builders import IMAGING, IMAGING6, IMAGING_MAC, moment

FIRST = "00:00:00:00:00:01"


def sighting(seconds: float, seen_by: SeenBy = SeenBy.ARP, **more: object) -> HostSighting:
    """The imaging machine was alive."""
    said = HostSighting(mac=IMAGING_MAC, address=IMAGING, seen_by=seen_by, at=moment(seconds))
    return replace(said, **more)


def told(tmp_path, *sightings: HostSighting) -> list:
    """What a reader sees after these."""
    archive = Archive(tmp_path / "sentinel.db", "boot-1")
    for each in sightings:
        archive.sighting(each)
        archive.commit()
    archive.close()
    with reading.opened(tmp_path / "sentinel.db") as reader:
        return reader.heard.machines()


def test_traffic_that_passed_is_remembered_beside_what_was_heard(tmp_path):
    """A broadcast of a moment before does not hide it, a later one does not blot it out."""
    [machine] = told(
        tmp_path, sighting(0), sighting(5, SeenBy.PASSING), sighting(4000), sighting(4001, address=IMAGING6)
    )

    assert (machine.mac, machine.first, machine.last) == (IMAGING_MAC, moment(0).wall, moment(4001).wall)
    assert machine.crossed == moment(5).wall


def test_a_machine_that_was_only_heard_has_not_passed(tmp_path):
    """By whatever protocol; nor one that spoke to the sentinel itself."""
    [machine] = told(tmp_path, sighting(0), sighting(9, SeenBy.NDP, address=IMAGING6), sighting(9, SeenBy.TCP))

    assert machine.crossed is None


def test_of_many_addresses_the_last_are_told(tmp_path):
    """Newest first."""
    many = [sighting(n, address=IMAGING6 + n) for n in range(20)]
    told(tmp_path, *many)

    with reading.opened(tmp_path / "sentinel.db") as reader:
        addresses = reader.heard.addresses([IMAGING_MAC, "00:00:00:00:00:00"])

    assert addresses[IMAGING_MAC] == [str(IMAGING6 + n) for n in range(19, 19 - ADDRESSES, -1)]
    assert addresses["00:00:00:00:00:00"] == []


def test_invented_addresses_come_last(tmp_path):
    """However lately they were heard."""
    sightings = (
        sighting(60, mac="da:a1:19:00:11:22"),
        sighting(0, mac="00:80:00:00:00:42"),
        sighting(9, mac=FIRST),
    )

    assert [each.mac for each in told(tmp_path, *sightings)] == [FIRST, "00:80:00:00:00:42", "da:a1:19:00:11:22"]


def test_sightings_of_one_kind_are_written_once_an_hour(tmp_path):
    """To spare the card; passing and being heard each have their hour."""
    archive = Archive(tmp_path / "sentinel.db", "boot-1")
    for n in range(0, 3000, 60):
        archive.sighting(sighting(n))
        archive.sighting(sighting(n, SeenBy.PASSING))
    written = len(archive)
    archive.close()

    assert written == 2
