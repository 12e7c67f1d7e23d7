"""What machines tell of themselves, as it is kept: over what was known, bounded, and of nobody unseen."""

from datetime import timedelta

from sentinel.model.machine import Kind, Offer, Portrait, SaidBy, Service, Uplink
from sentinel.store import reading
from sentinel.store.archive import Archive
from sentinel.store.portraits import MOST, TOGETHER, Hung, Traits
from tests.builders import IMAGING6, IMAGING_MAC, WORKSTATION_MAC, moment, portrait, sighting, uplink

HOUR = 3600


class Kept:
    """A store that facts are brought to, and read from."""

    def __init__(self, tmp_path) -> None:
        self._path = tmp_path / "sentinel.db"

    def bring(self, *facts) -> None:
        archive = Archive(self._path, "boot-1")
        for each in facts:
            take = {Portrait: archive.portrait, Uplink: archive.uplink}.get(type(each), archive.sighting)
            take(each)
        archive.commit()
        archive.close()

    def traits(self, mac: str = IMAGING_MAC) -> Traits | None:
        with reading.opened(self._path) as reader:
            return reader.heard.traits([mac, "00:00:00:00:00:00"]).get(mac)

    def vendor(self) -> str:
        with reading.opened(self._path) as reader:
            [machine] = reader.heard.machines()
            return machine.vendor

    def hung(self) -> Hung | None:
        with reading.opened(self._path) as reader:
            return reader.heard.hung()

    def purge(self, at) -> None:
        archive = Archive(self._path, "boot-1")
        list(archive.purge(at, timedelta(days=180)))
        archive.close()


def test_a_machine_has_its_maker_its_kinds_and_its_offers(tmp_path):
    """Whichever of its frames told which; the maker holds for all its addresses."""
    kept = Kept(tmp_path)
    kept.bring(sighting(), sighting(address=IMAGING6))
    assert (kept.vendor(), kept.traits()) == ("", None)

    kept.bring(
        portrait(kinds=(), offers=()), portrait(vendor=""), portrait(vendor="", kinds=(Kind.LINUX,), offers=())
    )

    assert kept.vendor() == "Raspberry Pi Foundation"
    assert kept.traits() == Traits(
        kinds=(Kind.LINUX, Kind.STORAGE),
        offers=((Service.SMB, 445), (Service.DICOM, 11112)),
        hosts=("radio-pc",),
    )


def test_a_new_address_of_a_machine_does_not_hide_its_maker(tmp_path):
    """It is the same card."""
    kept = Kept(tmp_path)
    kept.bring(sighting(), portrait())
    kept.bring(sighting(moment(HOUR), address=IMAGING6))

    assert kept.vendor() == "Raspberry Pi Foundation"


def test_what_is_told_again_is_kept_once_under_its_last_name(tmp_path):
    """Machines repeat themselves, and are renamed."""
    kept = Kept(tmp_path)
    kept.bring(sighting(), portrait())
    kept.bring(portrait(moment(HOUR), offers=(Offer(service=Service.DICOM, port=11112, host="ct-2"),)))

    assert kept.traits().hosts == ("ct-2",)
    assert len(kept.traits().offers) == 2


def test_of_a_machine_nobody_has_seen_alive_nothing_is_kept(tmp_path):
    """Whoever invents machines fills no table."""
    kept = Kept(tmp_path)
    kept.bring(sighting(), portrait(mac=WORKSTATION_MAC))

    assert kept.traits(WORKSTATION_MAC) is None


def test_a_machine_that_offers_everything_is_not_listened_to_for_ever(tmp_path):
    """What it said first stays known, and what is known may still be said again."""
    kept = Kept(tmp_path)
    many = [portrait(offers=(Offer(service=Service.HTTP, port=port),)) for port in range(1, 100)]
    kept.bring(sighting(), *many)
    kept.bring(portrait(moment(HOUR), offers=(Offer(service=Service.HTTP, port=5, host="late"),)))

    traits = kept.traits()
    assert len(traits.kinds) + len(traits.offers) == MOST
    assert traits.hosts == ("late",)


def test_a_word_of_a_later_release_is_stepped_over(tmp_path):
    """A store may come back from one."""
    kept = Kept(tmp_path)
    kept.bring(sighting(), portrait())
    archive = Archive(tmp_path / "sentinel.db", "boot-1")
    archive._db.execute("INSERT INTO traits VALUES (?, 'teleporter', 0, '', '2026-01-01')", (IMAGING_MAC,))
    archive._db.commit()
    archive.close()

    assert kept.traits().kinds == (Kind.STORAGE,)


def test_the_port_we_hang_on_is_the_last_word_of_the_switch(tmp_path):
    """Moved to another, the old one is gone."""
    kept = Kept(tmp_path)
    kept.bring(sighting())
    assert kept.hung() is None

    kept.bring(uplink())
    kept.bring(uplink(moment(HOUR), port="gi1/0/4", vlan=20))

    assert kept.hung() == Hung(
        switch="00:1b:54:aa:bb:cc",
        port="gi1/0/4",
        vlan=20,
        vendor="Cisco Systems, Inc",
        said_by=SaidBy.LLDP,
        last=moment(HOUR).wall,
    )


def test_of_two_protocols_lldp_is_believed_while_it_is_fresh(tmp_path):
    """A switch that was exchanged may speak only the other."""
    kept, later = Kept(tmp_path), TOGETHER.total_seconds()
    kept.bring(uplink(), uplink(moment(later), said_by=SaidBy.CDP, port="Gi 0/3"))
    assert kept.hung().port == "gi1/0/3"

    kept.bring(uplink(moment(later + 1), said_by=SaidBy.CDP, port="Gi 0/3"))
    assert kept.hung().port == "Gi 0/3"


def test_what_was_told_goes_with_the_log(tmp_path):
    """After its months, machine, words, and switch."""
    kept = Kept(tmp_path)
    kept.bring(sighting(), portrait(), uplink())
    kept.purge(moment(180 * 24 * HOUR))
    assert kept.traits() is not None

    kept.purge(moment(181 * 24 * HOUR))

    assert (kept.traits(), kept.hung()) == (None, None)
