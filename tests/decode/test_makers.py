"""Who made a network card: the packed table says what scapy's says."""

import sys

import pytest
from scapy.config import conf

from sentinel.decode.makers import NOBODY, Makers

TABLE = {
    "00:00:00": ("Xerox", "Xerox"),
    "00:1B:54": ("Cisco", "Cisco Systems, Inc"),
    "00:1B:C5": ("IEEERegi", NOBODY),
    "00:1B:C5:00:10/36": ("Small", "Small sensors"),
    "B8:27:EB": ("Raspberr", "Raspberry Pi Foundation"),
    "DC:A6:32": ("Raspberr", "Raspberry Pi Foundation"),
    "FC:D2:B6": ("IEEERegi", NOBODY),
    "FC:D2:B6:10/28": ("Medium", "Medium cameras"),
    "FF:FF:FF": ("Last", "Élan"),
}


@pytest.mark.parametrize(
    ("mac", "maker"),
    [
        ("00:00:00:12:34:56", "Xerox"),
        ("b8:27:eb:00:00:01", "Raspberry Pi Foundation"),
        ("dc:a6:32:00:00:01", "Raspberry Pi Foundation"),
        ("ff:ff:ff:00:00:01", "Élan"),
        ("00:00:01:00:00:01", ""),
        ("b8:27:ea:00:00:01", ""),
        ("00:1b:c5:00:1f:ff", "Small sensors"),
        ("00:1b:c5:00:20:00", ""),
        ("fc:d2:b6:1f:ff:ff", "Medium cameras"),
        ("fc:d2:b6:20:00:00", ""),
    ],
)
def test_how_an_address_begins_names_the_maker(mac, maker):
    """Of a shared block only the smaller one in it names anybody, and of an unknown one nobody."""
    assert Makers(TABLE)[mac] == maker


def test_an_empty_table_knows_nobody():
    """scapy's may be missing one day."""
    assert Makers({})["00:00:00:00:00:00"] == ""


def test_every_maker_of_scapys_table_is_found_again():
    """All of them, with their accents; in a fraction of the room."""
    table = conf.manufdb.d
    makers = Makers(table)
    blocks = {begins: long for begins, (_, long) in table.items() if long != NOBODY}
    held = sum(sys.getsizeof(each) for each in (makers._blocks, makers._names, makers._ends, makers._text))

    assert len(blocks) > 40_000
    assert {begins: makers[first(begins)] for begins in blocks} == blocks
    assert held < 5_000_000


def first(begins: str) -> str:
    """The first address of a block."""
    digits = begins.partition("/")[0].replace(":", "").lower().ljust(12, "0")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
