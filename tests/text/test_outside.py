"""What answered, how long an answer counts, and the way in: the same words on the page and at the console."""

from datetime import timedelta

import pytest

from sentinel.model.exposure import AfterProbe, Answer, Application, Auth, Kind
from sentinel.services import DOOR_TEST_PORT
from sentinel.text import say, times
from sentinel.text.outside import answered, endpoint, is_asked, lasts, route


@pytest.mark.parametrize(
    ("app", "french", "english"),
    [
        (None, "", ""),
        (
            Application(kind=Kind.DICOM, answer=Answer.ACCEPTED, after_probe=AfterProbe.OPEN),
            "imagerie (DICOM), association acceptée",
            "imaging (DICOM), association accepted",
        ),
        (
            Application(kind=Kind.DICOM, answer=Answer.REJECTED, rejection=(1, 1, 7), tls=True),
            "imagerie (DICOM), association refusée (1/1/7), dans TLS",
            "imaging (DICOM), association rejected (1/1/7), inside TLS",
        ),
        (
            Application(kind=Kind.HTTP, status=401, auth=Auth.BASIC, product="orthanc"),
            "page web, mot de passe demandé, Orthanc",
            "web page, asks for a password, Orthanc",
        ),
        (Application(kind=Kind.SILENT), "attend sans rien dire", "waits and says nothing"),
    ],
)
def test_what_answered_is_told_in_fixed_words(app, french, english):
    """Of the other side's own text there is none."""
    assert (answered("fr", app), answered("en", app)) == (french, english)


@pytest.mark.parametrize(("port", "hours"), [(104, 3), (443, 12), (1194, 3), (DOOR_TEST_PORT, 3)])
def test_a_port_beyond_the_lists_is_asked_about_every_hour(port, hours):
    """Declared and extra ones go with every check, so three hours without one is too long."""
    assert lasts(port) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("port", "family", "asked"),
    [
        (104, 4, True),
        (104, 6, True),
        (1194, 4, True),
        (1194, 6, False),
        (9000, 6, True),
        (DOOR_TEST_PORT, 6, True),
        (DOOR_TEST_PORT, 4, False),
        (4321, 4, False),
    ],
)
def test_which_ports_are_asked_about_over_which_family(port, family, asked):
    """As the timetable asks."""
    assert is_asked(port, family, expect_open=(1194,), extra_ports=(9000,)) is asked


@pytest.mark.parametrize(
    ("machine", "line"),
    [
        (
            endpoint("RADIO-PC", "192.168.77.20", 4242),
            "internet:11112 → box → RADIO-PC 192.168.77.20:4242",
        ),
        (endpoint("", "fe80::20", 4242), "internet:11112 → box → [fe80::20]:4242"),
        (endpoint("NAS", "192.168.77.9", None), "internet:11112 → box → NAS 192.168.77.9"),
        (endpoint("", None, None), "internet:11112 → box → appareil pas encore connu"),
    ],
)
def test_the_way_in_is_one_line(machine, line):
    """Public port, box, machine and its own port."""
    assert route("fr", 11112, machine) == line


@pytest.mark.parametrize(
    ("age", "french", "english"),
    [
        (timedelta(hours=5, minutes=20), "vieux de 5 heures", "5 hours old"),
        (timedelta(days=3), "vieux de 3 jours", "3 days old"),
    ],
)
def test_an_age_stands_in_a_sentence(age, french, english):
    """In its largest unit."""
    told = {language: say(language, "outside.old", age=times.lasting(language, age)) for language in ("fr", "en")}

    assert {key: words.replace("\u00a0", " ") for key, words in told.items()} == {"fr": french, "en": english}
