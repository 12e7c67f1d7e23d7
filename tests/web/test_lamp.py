"""`/lampe`: one look from three metres, nothing named, and dark when nobody watches."""

import html
import re
from datetime import timedelta

import pytest
from furnished import HOSTILE, MAC, MACHINE, STRANGER, Cabinet, door, moment, reason, verdict

from sentinel.model.finding import Code, Level


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.parametrize(
    ("said", "lamp", "line"),
    [
        (verdict(), "calm", "Vert : vérifié Rien d’ouvert : 48 portes"),
        (verdict(door(Code.STRANGER_ASSOCIATED)), "alarm", "Rouge : appelez maintenant Quelqu’un d’extérieur"),
        (
            verdict(reason(Code.VIEW_LOST, Level.UNSURE)),
            "unsure",
            "Bleu : je ne sais pas La sentinelle ne voit plus",
        ),
    ],
)
def test_the_lamp_has_its_word_and_its_sentence(cabinet: Cabinet, said, lamp, line):
    """The same as on the first page."""
    cabinet.beat(said)

    page = cabinet.visitor().get("/lampe").text

    assert f'class="lamp lamp-{lamp}"' in page
    assert f'class="verdict-{lamp}"' in page
    assert line in words(page)
    assert re.search(r"<svg class=\"symbol\"", page), "told by a shape as well"


def test_it_goes_dark_when_the_sentinel_is_dead(cabinet: Cabinet):
    """Never the last colour it had."""
    cabinet.beat(verdict(), at=moment(timedelta(hours=3)))

    page = cabinet.visitor().get("/lampe").text

    assert "lamp-dark" in page
    assert "rien n’est surveillé" in page
    assert "lamp-calm" not in page


@pytest.mark.parametrize("who", ["visitor", "insider"])
@pytest.mark.parametrize("code", Code)
def test_it_names_nothing_also_for_whoever_knows_the_password(cabinet: Cabinet, who, code):
    """Patients read it too."""
    cabinet.beat(verdict(door(code), door(code, Level.ATTENTION)))

    page = getattr(cabinet, who)().get("/lampe").text

    assert not [each for each in (MACHINE, MAC, "RADIO-PC", STRANGER, "4242", "Anne") if each in page]
    assert html.escape(HOSTILE) not in page


def test_it_leads_nowhere_and_renews_itself(cabinet: Cabinet):
    """No link, no form; without script it loads itself again, with script it says when it hears nothing."""
    page = cabinet.insider().get("/lampe").text

    assert "<a " not in page
    assert "<form" not in page
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in page
    assert '<p id="lost" hidden role="alert">' in page
    assert 'id="content" data-live' in page


def test_a_long_sentence_is_written_smaller(cabinet: Cabinet):
    """So that it still stands on one screen."""
    cabinet.beat(verdict(reason(Code.ADDRESS_DOUBTFUL, Level.UNSURE)))
    assert '<h1 id="sentence" class="long">' in cabinet.visitor().get("/lampe").text
    cabinet.beat(verdict())
    assert '<h1 id="sentence">' in cabinet.visitor().get("/lampe").text


def test_a_recorded_day_is_said_to_be_one(cabinet: Cabinet):
    """Nobody must take a demonstration for their practice."""
    cabinet.beat(verdict(), demo=True)

    assert "Démonstration enregistrée" in cabinet.visitor().get("/lampe").text
