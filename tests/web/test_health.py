"""The health page: echoes and ages, the box, the store and its journal, versions."""

import re
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

from furnished import NOW, PUBLIC, Cabinet, moment

from sentinel import __version__, lan
from sentinel.model.box import BoxReading, Reading
from sentinel.store import rows

BOX = BoxReading(reading=Reading.READ, at=moment(), gateway=ip_address("192.168.77.1"), igd=2)


def plain(cabinet: Cabinet) -> str:
    """The page as it is read."""
    page = cabinet.insider().get("/sentinel").text
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").replace("\u202f", " ").split())


def test_each_echo_stands_with_the_age_of_its_answer(cabinet):
    """An attempt in vain beside the last proof."""
    page = plain(cabinet)

    assert "second.example IPv6" in page
    assert "echo.example IPv4 contrôle complet, il y a 2 heures" in page


def test_what_the_box_says_stands_beside_what_was_seen_outside(cabinet):
    """In the sentences of the command line; before it was asked, that."""
    assert "La box n’a encore rien dit." in plain(cabinet)

    cabinet.add("box", rows.box_row(replace(BOX, wan=ip_address(PUBLIC[4]))))
    assert "C’est la même" in plain(cabinet)

    cabinet.add("box", rows.box_row(replace(BOX, wan=ip_address("25.9.9.9"))))
    assert "Elles diffèrent" in plain(cabinet)


def test_the_store_says_how_far_back_it_reaches_and_how_long_it_keeps(cabinet):
    """And how large it is."""
    page = plain(cabinet)

    assert "Durée de conservation 6 mois" in page
    assert re.search(r"Taille du journal \d+ ko", page)
    assert "Plus ancienne connexion 23 nov. 2026" in page
    assert f"Cabinet Sentinel {__version__}" in page


def test_the_head_of_the_journal_and_its_anchor_are_shown(cabinet):
    """« jamais » before there is one."""
    assert "Registre chaîné jamais" in plain(cabinet)

    entry = {"number": 7, "at": rows.text(NOW - timedelta(minutes=5)), "kind": "day", "body": "{}"}
    cabinet.add("ledger", {**entry, "before": "a" * 64, "hash": "b" * 64})

    page = plain(cabinet)
    assert "7 écritures, la dernière à 10 h 25" in page
    assert "b" * 64 in page
    assert "contresignée dehors jamais" in page


def test_this_device_is_told_from_another_of_its_name(cabinet):
    """By what the box's list of devices shows of it."""
    page = plain(cabinet)

    assert f"Nom sur le réseau {lan.host()}" in page
    assert all(str(each) in page for each in lan.look().addresses)
    assert "Deux sentinelles" in page


def test_diagnostics_are_a_link_away(cabinet):
    """As a file."""
    assert 'href="/sentinel.txt"' in cabinet.insider().get("/sentinel").text
