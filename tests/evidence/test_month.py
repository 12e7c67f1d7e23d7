"""The page of a month: one A4, that never says more than was proved."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sentinel.evidence.facts import MachineLine
from sentinel.evidence.month import month_page
from sentinel.model.declared import View
from sentinel.model.finding import Code
from sentinel.text.points import title
from tests.evidence.cases import (
    CLOSED,
    DRILL,
    HOSTILE,
    MACHINES,
    OFF,
    STILL_OPEN,
    month,
    month_days,
    pages,
    words,
)


def test_a_month_without_a_gap_is_proved_to_its_last_day():
    """Days before installation and days to come are not counted."""
    said = words(month_page(month()))

    assert "Surveillance des portes, novembre 2026" in said
    assert "23 jours prouvés sans interruption sur 23" in said
    assert "184 contrôles complets, de 48 portes chacun." in said
    assert "12 400 essais repoussés ce mois-ci. Rien n’a répondu." in said
    assert "Aucune interruption." in said


def test_a_gap_is_told_with_its_reason_and_its_day_is_not_proved():
    """A day with a gap counts as half, one nobody told of as nothing."""
    said = words(month_page(month(days=month_days(lost=True), gaps=(OFF, replace(OFF, why="no_route")))))

    assert "20 jours prouvés sans interruption sur 23" in said
    assert "1 autre jour prouvé en partie." in said
    assert "Du 13 nov. 2026, 20:30 au 16 nov. 2026, 08:00 : sentinelle éteinte ou débranchée." in said
    assert ": pas d’accès à Internet." in said


@pytest.mark.parametrize(
    "code", ["capture_lost", "view_unproved", "clock_wrong", "echo_contradicted", "not_checked"]
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_gap_of_a_part_is_told_by_the_name_people_know(language, code):
    """As the page called it on that day."""
    said = words(month_page(month(language, gaps=(replace(OFF, why=code),))))

    assert f": {title(Code(code)).text(language)}." in said.replace("\u00a0", " ")


def test_a_month_nobody_watched_proves_nothing():
    """Not one green day, and not one word of closed doors."""
    days = tuple(replace(day, told=None) for day in month_days(lost=False))
    said = words(month_page(month(days=days, checks=0, doors=0)))

    assert "0 jour prouvé sans interruption sur 23" in said
    assert "contrôles complets" not in said


@pytest.mark.parametrize("view", View)
def test_the_first_day_has_nothing_to_count(view):
    """« 0 sur 0 » is no sentence: neither before the first midnight of a month, nor on the day of installation."""
    days = tuple(replace(day, over=False) for day in month_days(lost=False))
    said = words(month_page(month(view=view, days=days)))

    assert "aucun jour entier ne s’est encore écoulé" in said.lower()
    assert "sur 0" not in said
    assert ("Vue limitée" in said) is (view is View.LIMITED)


def test_a_limited_view_says_so_in_its_first_words():
    """And counts no knocks, for it sees none."""
    said = words(month_page(month(view=View.LIMITED)))

    assert "Vue limitée : 23 jours prouvés de dehors, sans interruption, sur 23." in said
    assert "essais repoussés" not in said
    assert "Surveillés, leurs passages" not in said
    assert "Les passages : la vue est limitée" in said


@pytest.mark.parametrize("more", [{"answered": 3}, {"stories": (CLOSED,)}])
def test_nothing_answered_is_said_only_where_nothing_did(more):
    """A door that was open this month answered somebody."""
    assert "Rien n’a répondu" not in words(month_page(month(**more)))


def test_doors_are_told_with_their_end():
    """Closed with proof, or not yet."""
    said = words(month_page(month(stories=(CLOSED, STILL_OPEN))))

    assert "prouvé le 24 nov. 2026, 10:30" in said
    assert "pas encore" in said
    assert "Porte ouverte sur Internet" in said


def test_the_exercise_is_told_as_it_went():
    """Seen by whom; seen by nobody; not made."""
    assert "vu le mardi 3 novembre 2026 à 13 h 04 par Élise" in words(month_page(month()))
    assert "personne n’a appuyé" in words(month_page(month(drills=(replace(DRILL, read=None),))))
    assert "Aucun exercice ce mois-ci." in words(month_page(month(drills=())))


def test_machines_that_are_not_seen_are_named():
    """Watched, not watched and not known yet, by the practice's own names."""
    unsure = MachineLine(name="Tablette", address="192.168.77.30", watched=None)
    said = words(month_page(month(machines=(*MACHINES, unsure))))

    assert "leurs passages se voient : RADIO-PC, PANORAMIQUE, Accueil." in said
    assert "Jamais vus passer par la prise surveillée : Imprimante." in said
    assert "On ne sait pas encore s’ils passent par la prise surveillée : Tablette." in said


def test_a_shared_address_is_named():
    """Counted as closed, and shown as what it is."""
    assert "L’adresse IPv4 de la ligne est partagée" in words(month_page(month(shared=(4,))))


def test_the_four_fixed_lines_are_always_there():
    """What is not watched is part of what is proved."""
    for view in View:
        said = words(month_page(month(view=view)))
        assert all(
            each in said for each in ("TeamViewer", "UDP.", "Wi-Fi de la box", "Les portes hors de la liste")
        )


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_worst_month_fits_one_page(language):
    """Sixty gaps, thirty doors, two hundred machines, names of markup and of four hundred letters."""
    doors = [replace(STILL_OPEN, number=n, machine=name) for n in range(15) for name in (HOSTILE, "x" * 400)]
    machines = [replace(MACHINES[n % 4], name=f"{n} " + "long" * 100) for n in range(200)]
    gaps = [replace(OFF, begins=OFF.begins + timedelta(hours=n)) for n in range(60)]
    drills = (replace(DRILL, read_by="x" * 400),) * 5
    made = month_page(
        month(
            language,
            days=month_days(lost=True),
            gaps=tuple(gaps),
            stories=tuple(doors),
            machines=tuple(machines),
            drills=drills,
            shared=(4, 6),
        )
    )

    assert pages(made) == 1
    assert any(said in words(made) for said in ("Et 55 autres, plus courtes.", "And 55 more, shorter."))


def test_it_is_told_in_english_where_the_page_is():
    """The same page."""
    said = words(month_page(month("en")))

    assert "Doors watched, November 2026" in said
    assert "23 days of 23 proved without a gap" in said
    assert "12,400 attempts repelled this month. Nothing answered." in said


def test_updates_of_the_month_stand_on_it():
    """The last four; where there was none, nobody reads about none."""
    assert "mise à jour" not in words(month_page(month()))

    one = (("0.2.0", datetime(2026, 11, 12, 3, 20, tzinfo=UTC)),)
    assert "Une mise à jour ce mois-ci : 0.2.0 (jeudi 12 novembre 2026 à 4 h 20)." in words(
        month_page(month(updates=one))
    )
    said = words(month_page(month(updates=one * 6)))
    assert "6 mises à jour ce mois-ci" in said
    assert said.count("0.2.0 (") == 4
