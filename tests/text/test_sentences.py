"""A verdict in words: the first reason decides, all are told, and nothing is named without the code."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from zoneinfo import ZoneInfo

import pytest

from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.model.verdict import Assurance, Reason, Verdict, View
from sentinel.text.points import Audience, Record, gesture, point_of_incident, record, sentence
from sentinel.text.sentences import Words, verdict_words

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
MAC = "00:11:22:33:44:55"
MACHINE = ip_address("192.168.77.20")
AUDIENCE = Audience(
    language="fr",
    named=True,
    now=NOW,
    zone=ZoneInfo("Europe/Paris"),
    contact="Sophie (01 23 45 67 89)",
    labels={MAC: "RADIO-PC"},
)


def moment(hours: float = 0) -> Moment:
    return Moment(wall=NOW - timedelta(hours=hours), boot=timedelta(days=3, hours=-hours))


def reason(code: Code, level: Level, **more: object) -> Reason:
    return Reason(**{"code": code, "level": level, "since": moment(1), **more})


def at_door(code: Code, level: Level = Level.ALARM, port: int = 4242) -> Reason:
    return reason(code, level, machine=MACHINE, mac=MAC, port=port, incident=1)


def verdict(*reasons: Reason, level: Level | None = None, view: View = View.MIRROR) -> Verdict:
    return Verdict(
        level=level or (reasons[0].level if reasons else Level.CALM),
        reasons=reasons,
        at=moment(),
        view=view,
        assurance=Assurance.B,
        checked=moment(2.3),
        doors=48,
    )


def incident(**more: object) -> Incident:
    facts = {
        "number": 1,
        "story": Story(kind=StoryKind.DOOR, about=MAC, port=4242),
        "code": Code.STRANGER_ASSOCIATED,
        "level": Level.ALARM,
        "grade": Grade.ASSOCIATED,
        "state": IncidentState.OPEN,
        "first": moment(1),
        "last": moment(0.5),
        "machine": MACHINE,
        "mac": MAC,
        "port": 4242,
        "outside_port": 11112,
    }
    return Incident(**{**facts, **more})


def told(said: Verdict, audience: Audience = AUDIENCE, **more: object) -> tuple[str, str]:
    """Sentence and gesture, with ordinary spaces."""
    words = verdict_words(said, audience, **more)
    return plain(words.sentence.text(audience.language)), plain(words.gesture.text(audience.language))


def plain(words: str) -> str:
    return words.replace("\u00a0", " ").replace("\u202f", " ")


UNNAMED = replace(AUDIENCE, named=False)
ENGLISH = replace(AUDIENCE, language="en")


def test_calm_says_what_was_proved_and_when():
    """Never that all is well."""
    assert told(verdict()) == (
        "Rien d’ouvert : 48 portes contrôlées de dehors à 8 h 12, passages surveillés sans interruption.",
        "Rien à faire.",
    )


def test_calm_in_a_limited_view_differs_in_its_first_words():
    """Green may not look like full green to whoever reads two words."""
    said, todo = told(verdict(view=View.LIMITED))

    assert said.startswith("Fermé vu de dehors : 48 portes")
    assert "ne voit pas qui passe (vue limitée)" in said
    assert "Sophie" in todo


@pytest.mark.parametrize("view", View)
def test_an_accepted_door_is_named_in_the_sentence(view):
    """Calm with an exception says whose it is; without the code, that there is one."""
    assert "sauf l’accès autorisé de VPN Dupont" in told(verdict(view=view), accepted=("VPN Dupont",))[0]
    unnamed = told(verdict(view=view), UNNAMED, accepted=("VPN Dupont",))[0]
    assert "sauf un accès autorisé" in unnamed
    assert "Dupont" not in unnamed


def test_calm_without_a_proof_is_not_told_as_calm():
    """A verdict that could not be would still not lie."""
    assert told(replace(verdict(), checked=None))[0] == "La sentinelle ne peut rien affirmer pour l’instant."


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        (
            [reason(Code.WEB_UNIDENTIFIED, Level.ATTENTION)],
            "Un point à régler, sans urgence : page web non identifiée.",
        ),
        (
            [reason(Code.WEB_UNIDENTIFIED, Level.ATTENTION), reason(Code.CHECK_AGEING, Level.ATTENTION)],
            "2 points à régler, sans urgence. D’abord : page web non identifiée.",
        ),
        ([at_door(Code.DOOR_REACHABLE)], "Une porte est ouverte sur Internet : RADIO-PC."),
        (
            [reason(Code.DOOR_REACHABLE, Level.ALARM)],
            "Une porte est ouverte sur Internet. La sentinelle ne sait pas encore vers quel appareil.",
        ),
        ([at_door(Code.STRANGER_ASSOCIATED)], "Quelqu’un d’extérieur s’est connecté à RADIO-PC."),
        (
            [reason(Code.NO_ECHO, Level.UNSURE)],
            "Aucun contrôle de dehors n’est configuré : la sentinelle ne peut rien affirmer.",
        ),
        (
            [reason(Code.NOT_CHECKED, Level.UNSURE, since=moment(26.3))],
            "Contrôle impossible depuis hier, 8 h 12. La sentinelle ne peut rien affirmer.",
        ),
        ([reason(Code.STARTING, Level.UNSURE)], "Démarrage : réponse dans trois minutes."),
        (
            [reason(Code.VIEW_LOST, Level.UNSURE)],
            "La sentinelle ne voit plus les passages depuis 9 h 30. Vu de dehors, rien d’ouvert à 8 h 12.",
        ),
        (
            [reason(Code.VIEW_LOST, Level.UNSURE), at_door(Code.WEB_UNIDENTIFIED, Level.ATTENTION)],
            "La sentinelle ne voit plus les passages depuis 9 h 30.",  # something is open: nothing is claimed
        ),
    ],
)
def test_the_first_reason_decides_the_sentence(reasons, said):
    """The words were agreed with the people who read them."""
    assert told(verdict(*reasons))[0] == said


def test_a_door_open_in_a_limited_view_says_what_cannot_be_known():
    """Neither which machine, nor whether anybody came; and the clock runs, to be on the safe side."""
    said = verdict(reason(Code.DOOR_REACHABLE, Level.ALARM), view=View.LIMITED)

    assert "ni si quelqu’un est venu" in told(said)[0]
    assert verdict_words(said, AUDIENCE).deadline is not None


def test_every_reason_is_told_beside_the_first():
    """An alarm does not hide that the sentinel is half blind."""
    words = verdict_words(verdict(at_door(Code.DOOR_REACHABLE), reason(Code.CAPTURE_LOST, Level.UNSURE)), AUDIENCE)

    assert [each.code for each, _ in words.also] == [Code.DOOR_REACHABLE, Code.CAPTURE_LOST]


@pytest.mark.parametrize(
    ("port", "said"),
    [
        (4242, "Le serveur d’images de RADIO-PC répond depuis Internet."),
        (3389, "Le bureau à distance de RADIO-PC est accessible depuis Internet."),
        (445, "Le disque réseau RADIO-PC répond depuis Internet."),
        (5432, "Une base de données de RADIO-PC répond depuis Internet."),
        (31337, "RADIO-PC répond depuis Internet."),
    ],
)
def test_an_open_door_is_told_by_what_stands_behind_it(port, said):
    """Images, remote desktop, share and database have words of their own."""
    words = verdict_words(verdict(at_door(Code.DOOR_REACHABLE, port=port)), AUDIENCE)

    assert plain(words.also[0][1].text("fr")) == said


def test_without_the_code_a_machine_is_one_of_the_practice():
    """And the gesture points at it without naming it."""
    said, todo = told(verdict(at_door(Code.STRANGER_ASSOCIATED)), UNNAMED)

    assert said == "Quelqu’un d’extérieur s’est connecté à un poste du cabinet."
    assert todo.startswith("Débranchez le câble réseau de ce poste entre deux patients")


@pytest.mark.parametrize(
    ("label", "said"), [("ORTHO-2", "d’ORTHO-2"), ("Échographe", "d’Échographe"), ("NAS", "de NAS")]
)
def test_french_elides_before_a_vowel(label, said):
    """« d’ORTHO-2 », « de NAS »."""
    audience = replace(AUDIENCE, labels={MAC: label})

    assert f"câble réseau {said}" in told(verdict(at_door(Code.STRANGER_CONNECTED)), audience)[1]


def test_a_machine_without_a_label_is_named_by_its_address():
    """To whoever gave the code."""
    assert "192.168.77.20" in told(verdict(at_door(Code.DOOR_REACHABLE)), replace(AUDIENCE, labels={}))[0]


def test_without_a_contact_the_gesture_still_says_whom_to_call():
    """The words name a role when nobody named a person."""
    assert "votre informaticien" in told(verdict(at_door(Code.DOOR_REACHABLE)), replace(AUDIENCE, contact=""))[1]


def chapters(*told: tuple[Code, Level, float]) -> list[Chapter]:
    return [Chapter(incident=1, code=code, grade=None, level=level, at=moment(ago)) for code, level, ago in told]


def known(story: Incident) -> dict[int, Record]:
    """The story with a timeline: a milder beginning three hours ago, the alarm two hours ago."""
    timeline = chapters((Code.DOOR_ANSWERED, Level.ATTENTION, 3), (story.code, Level.ALARM, 2))
    return {1: record(story, timeline)}


def deadline(words: Words) -> str:
    return plain(words.deadline.text("fr")) if words.deadline else ""


def test_the_72_hours_are_counted_from_the_alarm_and_not_from_the_first_knock():
    """Both clocks are told: shown, and read."""
    said = verdict(at_door(Code.STRANGER_ASSOCIATED))
    unread = deadline(verdict_words(said, AUDIENCE, known(incident())))
    read = deadline(verdict_words(said, AUDIENCE, known(incident(read=moment(0.5), read_by="Anne"))))

    assert "l’affichage de l’alerte, à 8 h 30. Échéance : jeudi à 8 h 30, week-end compris." in unread
    assert "Alerte lue" not in unread
    assert "Alerte lue à 10 h 00." in read


def test_a_finding_is_dated_by_when_it_was_made():
    """« acceptée à 8 h 30 », though somebody had knocked at half past seven."""
    words = verdict_words(verdict(at_door(Code.STRANGER_ASSOCIATED)), AUDIENCE, known(incident()))

    assert plain(words.also[0][1].text("fr")) == "Une machine inconnue a été acceptée par RADIO-PC à 8 h 30."


@pytest.mark.parametrize(("code", "runs"), [(Code.STRANGER_ASSOCIATED, True), (Code.DOOR_REACHABLE, False)])
def test_an_alarm_that_was_read_keeps_its_clock_where_somebody_came(code, runs):
    """Reading an alarm changes the lamp, never the deadline."""
    story = incident(code=code, read=moment(0.5), read_by="Anne")
    words = verdict_words(verdict(at_door(Code.ALARM_READ, Level.ATTENTION)), AUDIENCE, known(story))

    assert (words.deadline is not None) is runs


def test_an_alarm_that_was_read_says_so_and_stays():
    """The first name of whoever read it is for those who gave the code."""
    said = verdict(at_door(Code.ALARM_READ, Level.ATTENTION))
    stories = known(incident(read=moment(0.5), read_by="Anne"))

    assert told(said, records=stories)[0] == "Alerte lue par Anne à 10 h 00. La porte est encore ouverte."
    assert told(said, UNNAMED, records=stories)[0] == (
        "Alerte lue par quelqu’un du cabinet à 10 h 00. La porte est encore ouverte."
    )


@pytest.mark.parametrize("level", [Level.ATTENTION, Level.NOTE])
def test_a_stranger_on_a_harmless_door_starts_no_clock(level):
    """Only an alarm does."""
    assert verdict_words(verdict(at_door(Code.STRANGER_CONNECTED, level)), AUDIENCE).deadline is None


def test_a_door_whose_machine_sleeps_is_told_as_asleep():
    """It was proved open and stays red, but nothing answers now."""
    story = known(incident(code=Code.DOOR_REACHABLE, grade=Grade.REACHABLE, state=IncidentState.DORMANT))
    said, todo = told(verdict(at_door(Code.DOOR_REACHABLE)), records=story)

    assert said == "Une porte est ouverte vers un appareil éteint : RADIO-PC."
    assert "avant de le rallumer" in todo


def test_sleep_does_not_make_a_visit_undone():
    """Where somebody came, that is what is told."""
    story = known(incident(state=IncidentState.DORMANT))

    assert "Quelqu’un d’extérieur" in told(verdict(at_door(Code.STRANGER_ASSOCIATED)), records=story)[0]


def test_images_that_left_are_measured():
    """The amount is rounded, and what it may be is said."""
    point = point_of_incident(record(incident(code=Code.IMAGES_LEFT, bytes_out=12_400_000), []))

    assert plain(sentence(point, AUDIENCE).text("fr")).startswith("Environ 12 Mo sont sortis de RADIO-PC")
    assert "la décision vous appartient" in plain(gesture(point, AUDIENCE).text("fr"))


def test_a_private_network_nobody_recognises_is_told_as_a_visit():
    """Once answered « not ours », it is no longer a question."""
    said, todo = told(verdict(at_door(Code.PRIVATE_NETWORK)))

    assert said.startswith("Un réseau privé que personne ne reconnaît s’est connecté à RADIO-PC")
    assert todo.startswith("Débranchez")


BANNED = {
    *("echo", "mirror", "port", "knock", "dicom", "association", "upnp", "nat", "ledger", "coverage"),
    *("écho", "miroir", "couverture", "assurance", "incident"),
}
"""What a receptionist would not understand, in either language."""
SECRETS = (str(MACHINE), MAC, "RADIO-PC", "4242", "11112", "Anne")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("level", [Level.ATTENTION, Level.UNSURE, Level.ALARM])
@pytest.mark.parametrize("code", Code)
def test_no_sentence_names_anything_or_uses_a_technical_word(language, level, code):
    """Whatever the finding: anybody on the practice's Wi-Fi may read it, and the receptionist understands it."""
    audience = replace(UNNAMED, language=language)
    stories = known(incident(code=code, read=moment(0.2), read_by="Anne", calling="STRANGER", bytes_out=10**7))
    for reasons in ([at_door(code, level)], [reason(code, level)]):
        words = verdict_words(verdict(*reasons), audience, stories)
        phrases = [words.sentence, words.gesture, words.deadline, *(said for _, said in words.also)]
        everything = " ".join(each.text(language) for each in phrases if each)

        assert not any(secret in everything for secret in SECRETS)
        assert "STRANGER" not in everything
        letters = "".join(each if each.isalnum() else " " for each in everything.lower()).split()
        assert not BANNED & set(letters), everything
