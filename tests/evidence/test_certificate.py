"""The installation certificate: full and limited are never taken for each other, and nothing open is hidden."""

from dataclasses import replace
from datetime import timedelta

from sentinel.evidence.certificate import certificate
from sentinel.model.declared import View
from sentinel.model.finding import Code
from tests.evidence.cases import HOSTILE, MACHINES, NOW, STILL_OPEN, installation, pages, words


def lead(said: str) -> list[str]:
    """The first words of its first sentence."""
    return said.partition("Attestation d’installation")[2].replace("Attestation d’installation", "").split()


def test_full_and_limited_differ_in_their_first_five_words():
    """Whoever files one for the other has not read it at all."""
    full, limited = (words(certificate(installation(view=view))) for view in (View.MIRROR, View.LIMITED))

    assert "Vue complète, dedans et dehors." in full
    assert "Vue limitée : du dehors seulement." in limited
    assert "complète" not in limited


def test_it_names_what_was_proved_and_by_whom():
    """Each check with its server, its address and its hour."""
    said = words(certificate(installation()))

    assert "26 nov. 2026, 10:22:00 echo.example.net 25.0.0.2 (IPv4) 48" in said
    assert "2a00:25::2 (IPv6)" in said
    assert "tous les appareils du cabinet étaient allumés" in said


def test_machines_stand_there_one_by_one():
    """Watched or not, or not known yet; in a limited view none is, whatever was heard of it."""
    unsure = replace(MACHINES[0], name="Tablette", watched=None)
    assert "Tablette 192.168.77.20 pas encore su" in words(certificate(installation(machines=(unsure,))))
    assert "RADIO-PC 192.168.77.20 oui" in words(certificate(installation()))
    assert "Imprimante 192.168.77.23 non" in words(certificate(installation()))
    assert "192.168.77.20 oui" not in words(certificate(installation(view=View.LIMITED)))


def test_doors_left_open_have_a_name_a_reason_and_an_end():
    """Or the word none."""
    said = words(certificate(installation()))

    assert "NAS 1194 tout le monde mardi 2 mars 2027 Dr Moreau VPN du cabinet" in said
    assert "Aucune." in words(certificate(installation(left=())))


def test_a_maintenance_window_is_told_with_its_hour():
    """It closes itself in a few hours, and is no door that stays."""
    window = replace(installation().left[0], window=NOW + timedelta(hours=2))

    said = words(certificate(installation(left=(window,))))
    assert "jeudi 26 novembre 2026 à 12 h 30, fenêtre de maintenance" in said


def test_an_open_door_stands_on_top():
    """A certificate that hides one would be worse than none."""
    said = words(certificate(installation(open_stories=(STILL_OPEN,))))

    assert "Une porte n’est pas prouvée fermée au moment de signer :" in said
    assert said.index("n’est pas prouvée fermée") < said.index("Incident nº 14") < said.index("Vue complète")


def test_an_alarm_about_no_door_stands_on_top_too():
    """Somebody is inside who should not be."""
    alarm = replace(STILL_OPEN, number=15, code=Code.PRIVATE_NETWORK, port=None)
    said = words(certificate(installation(alarms=(alarm,))))

    assert said.index("Une alerte est en cours") < said.index("Incident nº 15") < said.index("Vue complète")


def test_without_a_complete_check_it_proves_nothing_and_says_so():
    """Unknown is never green."""
    assert "cette attestation ne prouve rien de dehors" in words(certificate(installation(checks=())))


def test_it_carries_the_fingerprint_the_drill_the_contact_and_two_lines_to_sign():
    """So that the browser's warning can be answered with the paper in hand."""
    said = words(certificate(installation()))

    assert "AB:12:AB:12" in said
    assert "mardi 3 novembre 2026 à 13 h 00" in said
    assert "Sophie Martin (01 23 45 67 89)" in said
    assert "Pour le cabinet (nom, date, signature)" in said
    assert "Pour l’installateur (nom, date, signature)" in said
    assert "pas encore fait" in words(certificate(installation(drills=())))
    assert "Empreinte" not in words(certificate(installation(fingerprint="")))


def test_names_of_any_kind_are_printed():
    """Labels are typed, reasons too."""
    left = replace(installation().left[0], machine=HOSTILE, who=HOSTILE, why="x" * 400, source=HOSTILE)
    machines = tuple(replace(MACHINES[0], name=HOSTILE) for _ in range(120))

    assert pages(certificate(installation(left=(left,), machines=machines))) < 12


def test_it_is_told_in_english_where_the_page_is():
    """Both views."""
    assert "Full view, inside and outside." in words(certificate(installation("en")))
    assert "Limited view: from outside only." in words(certificate(installation("en", View.LIMITED)))
