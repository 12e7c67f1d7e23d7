"""An incident's sentences for paper."""

from dataclasses import replace
from datetime import timedelta

from sentinel.evidence.telling import Telling
from sentinel.model.exposure import Reach
from sentinel.model.incident import IncidentState
from tests.evidence.cases import NOW, case, chapters, incident, open_case, proof


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_a_door_found_long_after_installation_is_not_called_older():
    """Only what was found at once may have been there before."""
    facts = case(incident=incident(installation=False), installed=NOW - timedelta(days=300))

    assert plain(Telling(facts).since) == "Première observation : vendredi 20 novembre 2026 à 20 h 30."
    assert not Telling(facts).is_old


def test_a_door_found_on_the_first_day_may_be_older_even_if_no_check_said_so():
    """Strangers may find it before the first check is complete."""
    assert Telling(case(incident=incident(installation=False))).is_old


def test_a_door_that_a_check_found_closed_before_is_not_called_older():
    """The paper's own table would say the contrary; one that kept silent may have slept."""
    before = replace(proof(0, Reach.CLOSED), at=incident().first.wall - timedelta(minutes=30))
    facts = case(incident=incident(installation=False), proofs=(before, proof(2)))

    assert not Telling(facts).is_old
    assert Telling(replace(facts, proofs=(replace(before, reach=Reach.FILTERED), proof(2)))).is_old


def test_an_end_without_proof_is_an_end_and_not_a_proof():
    """Stories that grow quiet are closed by their time."""
    quiet = case(chapters=chapters()[:3])

    assert plain(Telling(quiet).ended) == "L’incident a pris fin le mardi 24 novembre 2026 à 10 h 30."


def test_a_machine_that_sleeps_is_neither_open_nor_closed():
    """Unknown stays unknown."""
    asleep = open_case(state=IncidentState.DORMANT)

    assert "ni ouverte ni prouvée fermée" in Telling(asleep).ended


def test_an_alarm_of_an_older_store_is_counted_from_its_first_line():
    """It had no moment of being shown."""
    old = open_case(shown=None)

    assert "vendredi 20 novembre 2026 à 20 h 30" in plain(Telling(old).clock()[0])


def test_a_door_without_a_public_port_has_no_route():
    """What was not learnt is not drawn."""
    assert Telling(open_case(outside_port=None)).route == ""
    assert "internet:11112" in plain(Telling(open_case()).route)


def test_a_false_alarm_is_told_beside_the_rest():
    """It takes nothing away."""
    said = Telling(replace(case(), incident=incident(false_alarm=incident().read))).done()

    assert any("Déclarée sans objet" in line for line in said)
    assert any("débranché" in line for line in said)
