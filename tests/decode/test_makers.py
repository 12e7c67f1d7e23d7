"""Who made a network card: the packed table says what scapy's says."""

import sys

import pytest
from scapy.config import conf

from sentinel.decode.makers import NOBODY, WHOLE, Makers

TABLE = {
    "00:00:00": ("Xerox", "Xerox"),
    "00:1B:54": ("Cisco", "Cisco Systems, Inc"),
    "B8:27:EB": ("Raspberr", "Raspberry Pi Foundation"),
    "DC:A6:32": ("Raspberr", "Raspberry Pi Foundation"),
    "FC:FF:AA": ("IEEERegi", NOBODY),
    "FC:FF:AA:10:00:00/28": ("Someone", "Someone else"),
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
        ("fc:ff:aa:10:00:01", ""),
        ("b8:27:ea:00:00:01", ""),
    ],
)
def test_the_first_half_of_an_address_names_the_maker(mac, maker):
    """Of a shared block nobody can be named, and of an unknown one neither."""
    assert Makers(TABLE)[mac] == maker


def test_an_empty_table_knows_nobody():
    """scapy's may be missing one day."""
    assert Makers({})["00:00:00:00:00:00"] == ""


def test_every_maker_of_scapys_table_is_found_again():
    """All of them, with their accents; in a fraction of the room."""
    table = conf.manufdb.d
    makers = Makers(table)
    whole = {prefix: names[1] for prefix, names in table.items() if len(prefix) == WHOLE}
    held = sum(sys.getsizeof(each) for each in (makers._prefixes, makers._names, makers._ends, makers._text))

    assert len(whole) > 30_000
    assert {prefix: makers[f"{prefix.lower()}:00:00:00"] or NOBODY for prefix in whole} == whole
    assert held < 4_000_000
