"""The health page: echoes and ages, the box, the store and its journal, versions."""

import re
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

from furnished import NOW, PUBLIC, Cabinet, moment

from sentinel import __version__, codec, lan
from sentinel.model.box import BoxReading, Reading
from sentinel.model.coverage import Coverage, Losses, Wrapping
from sentinel.model.renewal import Came, Lack, Lost, Renewal
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


RENEWAL = Renewal(version="0.2.0", before="0.1.0", came=Came.CONFIRMED, at=NOW - timedelta(hours=3))


def renewed(cabinet: Cabinet, **more: object) -> str:
    """The page after an update that came so far."""
    cabinet.places.renewal.write_bytes(codec.encode(replace(RENEWAL, **more)))
    return plain(cabinet)


def test_a_machine_that_was_never_updated_says_nothing_of_it(cabinet):
    """Nor one whose word cannot be read."""
    assert "dernière mise à jour" not in plain(cabinet)

    cabinet.places.renewal.write_bytes(b'{"came": "beamed"}')
    assert "dernière mise à jour" not in plain(cabinet)


def test_what_came_of_the_last_update_is_said(cabinet):
    """With its age; on trial, it says what happens otherwise."""
    assert "La version 0.2.0 est installée et a fait ses preuves. il y a 3 heures" in renewed(cabinet)
    assert "La version 0.2.0 est à l’essai" in renewed(cabinet, came=Came.TRYING)
    refused = renewed(cabinet, came=Came.REFUSED, version="", why="the update is not signed <b>")
    assert "Une mise à jour a été refusée : rien n’a changé." in refused
    assert "the update is not signed &lt;b&gt;" in refused


def test_a_version_that_came_back_says_why_and_what_is_out_of_sight(cabinet):
    """Counted; or that it could not be, which is not nothing."""
    lost = Lost(connections=2, incidents=1, aside="after-0.2.0")
    page = renewed(cabinet, came=Came.RETURNED, lack=Lack.CAPTURE, lost=lost)

    assert "la version 0.1.0 est revenue d’elle-même" in page
    assert "Elle ne voyait rien du réseau." in page
    told = "2 connexions et 1 incident, enregistrés pendant l’essai, ne sont plus affichés."
    assert f"{told} Ils sont gardés à part, dans after-0.2.0" in page
    text = cabinet.insider().get("/sentinel.txt").text
    assert (
        "update: 0.1.0 to 0.2.0: returned, 10800 s ago, lacking capture, out of sight 2 connections, 1 inc" in text
    )

    uncounted = replace(lost, connections=None, incidents=None)
    assert "n’a pas pu être compté" in renewed(cabinet, came=Came.RETURNED, lost=uncounted)


def seen(**more: object) -> Coverage:
    """A port that showed both directions just now, and what else."""
    return Coverage(
        **{
            "interface": "eth1",
            "carrier": True,
            "apart": True,
            "inward": moment(),
            "outward": moment(),
            "heard": moment(),
            "frames": 1,
            **dict.fromkeys(("dropped", "undecodable", "forgotten", "unsent"), 0),
            "at": moment(),
            **more,
        }
    )


def test_what_the_port_shows_stands_above_its_counts_with_what_to_change(cabinet):
    """The words of the first hour and of the console; what passes wrapped beside it is named."""
    cabinet.beat(coverage=seen(wrapped=(Wrapping.TUNNEL,)))
    page = plain(cabinet)
    assert "Vue complète, deux sens. Les passages vers Internet et depuis Internet sont vus." in page
    assert "Il passe aussi un tunnel" in page

    cabinet.beat(coverage=seen(inward=None, outward=None, foreign=5))
    page = plain(cabinet)
    assert "Rien que ce qui est envoyé à tous. Ouvrez une page Internet" in page
    assert "Il passe aussi" not in page


def test_what_was_not_read_is_told_apart_by_its_reason(cabinet):
    """A cable that spoils frames is one thing, somebody who cuts his into pieces another."""
    cabinet.beat(coverage=seen(undecodable=1_001, fragments=1_002, pieces=1_003, unread=1_004))

    page = plain(cabinet)
    assert "Trames illisibles 1 001 Fragments et en-têtes sans fin, comptés et non lus 1 002 Dont envoyés" in page
    assert "Dont envoyés par nos machines à l’extérieur (temps noté incomplet) 1 003" in page


def test_every_place_where_frames_are_lost_has_its_own_count(cabinet):
    """Which one grows says what to change; a kernel that does not count what is meant for others says so."""
    losses = Losses(
        missed=1_001, fifo=1_002, over=1_003, damaged=1_004, refused=1_005, backlog=1_006, squeezed=1_007
    )
    cabinet.beat(coverage=seen(losses=losses, opened=1_008, unopened=1_009, unseen=1_010))
    page = plain(cabinet)

    for number, words in enumerate(
        (
            "Perdues par la carte, faute de mémoire",
            "Perdues par la carte, file pleine",
            "Perdues par la carte, trop longues",
            "Abîmées sur le câble",
            "Refusées par le pilote ou le noyau",
            "Perdues par un processeur, file pleine",
            "Remises à plus tard par un processeur, sans perte",
        ),
        1,
    ):
        assert f"{words} 1 00{number}" in page
    assert "Trames destinées à d’autres non comptées ici" in page
    assert "Appels vus en entier 1 008 Réponses dont l’appel n’est pas passé (miroir saturé) 1 009" in page
    assert "Visites dont l’appel n’est pas passé (temps noté incomplet) 1 010" in page
