"""What several echoes prove together, what failed attempts leave behind, and whose the address is."""

from ipaddress import ip_address

import pytest

from sentinel.judgement.outlook import Outlook
from sentinel.judgement.verdict import weigh
from sentinel.model.declared import View
from sentinel.model.exposure import Outcome, PortList
from sentinel.model.finding import Code, Level, Story, StoryKind
from sentinel.model.moment import Moment
from sentinel.model.verdict import Assurance, Verdict
from tests.builders import incident, moment, outcome

HOUR = 3600.0
NOW = 100 * HOUR
ONE, TWO = "echo-one", "echo-two"
NOT_OURS = {"address": None, "check": None, "tested": 0}
INTERFERENCE = (
    Outcome.NOT_AN_ECHO,
    Outcome.BAD_SIGNATURE,
    Outcome.NOT_OUR_QUESTION,
    Outcome.TLS_INTERCEPTED,
)


def outlook(*families: int) -> Outlook:
    return Outlook(started=moment(), view=View.MIRROR, echo=True, families=families or (4,))


def ago(seconds: float) -> Moment:
    return moment(NOW - seconds)


def checked(known: Outlook, echo: str = ONE, *, family: int = 4, since: float = 0, **more: object) -> Outlook:
    return known.learn(outcome(echo=echo, family=family, asked=ago(since), **more))


def missed(known: Outlook, result: Outcome, echo: str = ONE, *, family: int = 4, **more: object) -> Outlook:
    facts = {"asked": ago(0), "tested": 0, "address": None, **more}
    return known.learn(outcome(result, echo=echo, family=family, **facts))


def verdict(known: Outlook, *incidents, at: float = NOW) -> Verdict:
    return weigh(incidents, known, moment(at))


def told(known: Outlook, *incidents) -> list[tuple[Code, Level, Outcome | None]]:
    return [(each.code, each.level, each.outcome) for each in verdict(known, *incidents).reasons]


# -- assurance ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "assurance"),
    [
        ({}, Assurance.A),
        ({"opened": frozenset({443})}, Assurance.B),
        ({"since": 13 * HOUR}, Assurance.B),
        ({"since": 4 * HOUR}, Assurance.B),
        ({"decoys_open": True}, Assurance.C),
        ({"whole": False}, Assurance.B),
    ],
)
def test_two_echoes_that_are_fresh_and_agree_are_the_best_assurance(second, assurance):
    """Alone, or with one that is old, that disagrees or asked about a part only, it is one echo's word."""
    known = checked(checked(outlook()), TWO, **second)

    assert verdict(checked(outlook())).assurance is Assurance.B
    assert verdict(known).assurance is assurance


def test_an_echo_that_found_open_what_is_open_was_not_banned_midway():
    """A declared door, asked last, is a positive control; of a part of an address it is no proof of the whole."""
    assert verdict(checked(outlook(), control=True)).assurance is Assurance.A
    assert verdict(checked(outlook(), control=True, whole=False)).assurance is Assurance.B


def test_the_weaker_family_gives_the_assurance():
    """The verdict is one value."""
    known = checked(checked(outlook(4, 6), control=True), family=6)

    assert verdict(known).assurance is Assurance.B
    assert verdict(checked(known, TWO, family=6)).assurance is Assurance.A


def test_one_honest_echo_that_is_fresh_is_enough_for_green():
    """The other has been away for a day; what it proved is old, and hides nothing of what is new."""
    known = checked(checked(outlook(), TWO, since=30 * HOUR))

    assert (verdict(known).level, verdict(known).checked) == (Level.CALM, ago(0))


def test_what_a_doubted_echo_proved_counts_for_nothing_until_it_agrees():
    """Its old proofs go as well; another's stay."""
    both = checked(checked(outlook()), TWO)
    denied = both.learn(outcome(echo=ONE, asked=ago(0)), denied=True)

    assert {key[0] for key in denied.proofs} == {TWO}
    assert {key[0] for key in checked(denied).proofs} == {ONE, TWO}


def test_where_the_only_echo_is_doubted_that_is_said_and_nothing_less():
    """One reason, and it is not that nobody was asked; without its incident the sentinel would still be unsure."""
    doubt = incident(
        9,
        code=Code.ECHO_CONTRADICTED,
        level=Level.UNSURE,
        grade=None,
        story=Story(kind=StoryKind.CONDITION, about="echo_contradicted echo-one", family=4),
    )
    known = outlook().learn(outcome(echo=ONE, asked=ago(0)), denied=True)

    assert [code for code, *_ in told(known, doubt)] == [Code.ECHO_CONTRADICTED]
    assert verdict(known).level is Level.UNSURE


# -- why it could not be asked -----------------------------------------------------------------------------------


def test_a_missed_check_is_told_while_green_lasts_and_is_the_reason_once_it_is_lost():
    """Age decides about the colour; the last attempt says why."""
    known = missed(checked(outlook(), since=2 * HOUR), Outcome.UNREACHABLE)
    now, later, late = (verdict(known, at=NOW + n * HOUR) for n in (0, 2, 11))

    assert now.level is Level.CALM
    assert [(each.echo, each.family, each.outcome) for each in now.missed] == [(ONE, 4, Outcome.UNREACHABLE)]
    for weighed, code in ((later, Code.CHECK_AGEING), (late, Code.NOT_CHECKED)):
        assert [(each.code, each.outcome) for each in weighed.reasons] == [(code, Outcome.UNREACHABLE)]


def test_a_check_that_succeeds_ends_what_was_missed():
    """At that echo and family, and at no other."""
    known = missed(missed(outlook(4, 6), Outcome.LATE), Outcome.BUSY, family=6)

    assert [each.family for each in verdict(checked(known)).missed] == [6]


@pytest.mark.parametrize("result", INTERFERENCE)
def test_who_answers_in_an_echos_place_is_told_at_once_and_until_that_echo_answers(result):
    """However fresh the proof: yellow with its own sentence, since it began."""
    known = missed(checked(outlook()), result, asked=ago(60))
    again = missed(missed(known, result), Outcome.UNREACHABLE)

    assert told(known) == [(Code.CHECK_TROUBLED, Level.ATTENTION, result)]
    assert told(again) == [(Code.CHECK_TROUBLED, Level.ATTENTION, result)]
    assert verdict(again).reasons[0].since == ago(60)
    assert verdict(checked(again)).level is Level.CALM


@pytest.mark.parametrize("result", [each for each in Outcome if each not in (Outcome.CHECKED, *INTERFERENCE)])
def test_an_alarm_stays_an_alarm_through_every_failure(result):
    """Red is ended by proof and never by blindness."""
    assert verdict(missed(outlook(), result), incident()).level is Level.ALARM


def test_the_failure_of_a_retest_is_no_missed_check():
    """It has a budget of its own; only interference is interference anywhere."""
    known = missed(checked(outlook()), Outcome.QUOTA, ports=PortList.RETEST)
    assert (verdict(known).level, verdict(known).missed) == (Level.CALM, ())

    assert told(missed(known, Outcome.BAD_SIGNATURE, ports=PortList.RETEST)) == [
        (Code.CHECK_TROUBLED, Level.ATTENTION, Outcome.BAD_SIGNATURE)
    ]


def test_a_retest_proves_nothing_of_the_list():
    """It asked about one door."""
    assert checked(outlook(), ports=PortList.RETEST).proofs == {}


# -- whose the address is ----------------------------------------------------------------------------------------


def test_a_shared_address_counts_as_closed_is_shown_as_such_and_is_never_the_best():
    """IPv6 is asked about as ever, by two echoes that agree."""
    known = outlook(4, 6).learn(outcome(Outcome.NOT_OURS, echo=ONE, asked=ago(0), **NOT_OURS))
    assert verdict(known).level is Level.UNSURE

    known = checked(checked(known, family=6, tested=47), TWO, family=6, tested=47)
    weighed = verdict(known)

    assert (weighed.level, weighed.assurance, weighed.not_ours) == (Level.CALM, Assurance.B, (4,))
    assert (weighed.doors, weighed.checked) == (47, ago(0))


def test_where_every_address_is_shared_nobody_has_looked_and_nothing_is_green():
    """It counts as closed, by a declaration alone."""
    known = outlook().learn(outcome(Outcome.NOT_OURS, echo=ONE, asked=ago(0), **NOT_OURS))

    assert told(known) == [(Code.WEAK_ASSURANCE, Level.ATTENTION, None)]
    assert (verdict(known).assurance, verdict(known).checked) == (Assurance.C, None)


@pytest.mark.parametrize("result", [Outcome.UNREACHABLE, Outcome.CHECKED])
def test_an_address_that_becomes_ours_was_never_looked_at(result):
    """What counted as closed because it was the neighbours' does not any more."""
    shared = outlook().learn(outcome(Outcome.NOT_OURS, echo=ONE, asked=ago(60), **NOT_OURS))
    known = shared.learn(outcome(result, echo=ONE, asked=ago(0)))

    assert [proof.is_ours for proof in known.proofs.values()] == ([True] if result is Outcome.CHECKED else [])


def test_a_doubtful_address_is_unsure_at_once_and_until_it_is_declared():
    """Whatever was proved: was it proved of us?"""
    known = missed(checked(outlook(), since=60), Outcome.ADDRESS_DOUBTFUL)

    assert told(known) == [(Code.ADDRESS_DOUBTFUL, Level.UNSURE, None)]
    assert verdict(missed(known, Outcome.UNREACHABLE)).level is Level.UNSURE
    assert verdict(checked(known)).level is Level.CALM


def test_a_new_address_takes_every_echos_proofs():
    """All of them were of the old one."""
    known = checked(checked(outlook()), TWO)
    moved = checked(known, ports=PortList.HOURLY, address=ip_address("25.0.0.99"))

    assert {key[:2] for key in moved.proofs} == {(ONE, 4)}
    assert verdict(moved).level is Level.UNSURE
