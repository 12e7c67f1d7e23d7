"""The two witnesses together: several echoes, a box that sends everything, a firewall, what stands at a door."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from sentinel.judgement.casebook import Casebook
from sentinel.judgement.doors import cell_verdict
from sentinel.judgement.echoes import WORD_LASTS
from sentinel.judgement.expected import Accepted
from sentinel.judgement.judge import Judge, Terms
from sentinel.model.connection import Connection, ConnectionState
from sentinel.model.declared import View
from sentinel.model.exposure import (
    AfterProbe,
    Application,
    CellVerdict,
    Exposure,
    Kind,
    Nature,
    Outcome,
    PortList,
    Reach,
    Why,
)
from sentinel.model.finding import Code, Finding, Level
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.standing import Standing
from tests.builders import (
    ECHO_PORT,
    IMAGING,
    IMAGING_MAC,
    WORKSTATION,
    WORKSTATION_MAC,
    connection,
    coverage,
    exposure,
    incident,
    knock,
    knock_heard,
    moment,
    networks,
    outcome,
    sighting,
)

HOUR = 3600.0
ONE, TWO = "echo-one", "echo-two"
DECOYS = (40_001, 40_002)
DICOM, WEB = Application(kind=Kind.DICOM), Application(kind=Kind.HTTP, status=200)
FIREWALL, FIREWALL_MAC = WORKSTATION, WORKSTATION_MAC


@dataclass
class Practice:
    """A judge and its casebook, one whole check after the other."""

    terms: Terms = field(default_factory=Terms)
    proved: bool = True
    findings: list[Finding] = field(default_factory=list)
    cells: dict[int, CellVerdict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.judge = Judge(networks(), self.terms, moment(-HOUR))
        self.casebook = Casebook()
        self._checks = 0

    def check(
        self,
        *cells: Exposure,
        at: float = 0,
        echo: str = ONE,
        heard: dict[int, Connection] | None = None,
        decoys_open: bool = False,
        ports: PortList = PortList.FULL,
        result: Outcome = Outcome.CHECKED,
    ) -> list[Finding]:
        """`heard`: where the knock at each public port was seen inside; ports 40001 and 40002 are decoys."""
        self._checks += 1
        name = f"check-{self._checks}"
        if self.proved:
            self._take(self.judge.see(coverage(moment(at + 3), proof=moment(at + 3))))
        asked = (*(cell.port for cell in cells), *DECOYS)
        self.judge.knock(knock(*asked, check=name, at=moment(at), echo=echo, decoys=DECOYS))
        findings: list[Finding] = []
        for n, port in enumerate(asked):
            if heard and port in heard:
                seen = replace(heard[port], serial=1000 * self._checks + n, source_port=ECHO_PORT + n)
                seen = replace(seen, opened=moment(at + 1), changed=moment(at + 1))
                findings += self.judge.connection(seen, self.judge.standing(seen))
        for cell in cells:
            told = replace(cell, check=name, echo=echo, at=moment(at + 5))
            told = replace(told, open_all=decoys_open and told.reach is Reach.OPEN)
            found = list(self.judge.exposure(told))
            self.cells[cell.port] = cell_verdict(told, found)
            findings += found
        ended = outcome(result, echo=echo, ports=ports, at=moment(at + 6), check=name, decoys_open=decoys_open)
        findings += self.judge.outcome(ended)
        self._take(findings)
        self.findings = findings
        return findings

    def _take(self, findings) -> None:
        for each in findings:
            self.casebook.take(each)

    def alive(self, at: float) -> None:
        self.judge.sighting(sighting(moment(at)))

    def told(self) -> list[tuple[Code, Level]]:
        return [(each.code, each.level) for each in self.casebook.told()]

    def story(self) -> Incident:
        (told,) = self.casebook.told()
        return told


def at_imaging(port: int = 4242, state: ConnectionState = ConnectionState.CLOSED) -> Connection:
    """A knock that came to the imaging server."""
    return knock_heard(port=port, state=state)


def at_firewall(port: int = 443, state: ConnectionState = ConnectionState.CLOSED) -> Connection:
    """A knock that came to the practice's firewall."""
    return replace(knock_heard(port=port, state=state), target=FIREWALL, target_mac=FIREWALL_MAC)


RED = (Code.DOOR_REACHABLE, Level.ALARM)
CONTRADICTED = (Code.ECHO_CONTRADICTED, Level.UNSURE)


# -- several echoes ----------------------------------------------------------------------------------------------


def test_a_red_door_that_nothing_inside_confirms_is_red_once_a_second_echo_agrees():
    """One echo alone on a proved mirror cannot be confirmed: the box answers, or the echo is mistaken."""
    practice = Practice()
    practice.check(exposure(port=104))
    assert practice.told() == [(Code.BOX_ANSWERS, Level.ATTENTION)]
    assert practice.cells[104] is CellVerdict.BOX_ANSWERS

    practice.check(exposure(port=104), at=60, echo=TWO)

    assert practice.told() == [RED]


def test_two_echoes_that_see_the_boxs_own_page_do_not_make_it_red():
    """What is not red by itself stays the box's own answer."""
    practice = Practice()
    practice.check(exposure(port=443))
    practice.check(exposure(port=443), at=60, echo=TWO)

    assert practice.told() == [(Code.BOX_ANSWERS, Level.ATTENTION)]


def test_open_at_one_echo_is_open_whatever_another_says():
    """The second echo is filtered by somebody; the door is as open as before."""
    practice = Practice()
    practice.check(exposure(port=104), heard={104: at_imaging(104)})
    practice.alive(60)
    practice.check(exposure(port=104, reach=Reach.CLOSED), at=60, echo=TWO)

    assert practice.told() == [RED]


def test_a_door_is_closed_once_every_echo_says_so():
    """The first to be asked closes nothing, the last one does."""
    practice = Practice()
    for n, echo in enumerate((ONE, TWO)):
        practice.check(exposure(port=104), at=60 * n, echo=echo, heard={104: at_imaging(104)})
    practice.alive(HOUR)
    practice.check(exposure(port=104, reach=Reach.CLOSED), at=HOUR)
    assert practice.told() == [RED]

    practice.check(exposure(port=104, reach=Reach.CLOSED), at=HOUR + 10, echo=TWO)

    assert practice.told() == []


@pytest.mark.parametrize(("age", "told"), [(0, [RED]), (1, [])])
def test_an_echo_that_is_heard_no_more_holds_a_door_open_for_as_long_as_its_list_counts(age, told):
    """Twelve hours: nobody knows whether it would still say open."""
    practice = Practice()
    practice.check(exposure(port=104), echo=TWO, heard={104: at_imaging(104)})
    later = WORD_LASTS.total_seconds() + age
    practice.alive(later)
    practice.check(exposure(port=104, reach=Reach.CLOSED), at=later)

    assert practice.told() == told


def test_the_echo_that_denies_what_we_saw_is_doubted_and_no_other():
    """It ends when that very echo agrees about that very door; the other's clean check settles nothing."""
    practice = Practice()
    denied = exposure(port=104, reach=Reach.CLOSED)
    practice.check(denied, heard={104: at_imaging(104)})
    assert practice.told() == [CONTRADICTED]
    assert (practice.judge.outside.echoes.denies(ONE, 4), practice.judge.outside.echoes.denies(TWO, 4)) == (
        True,
        False,
    )
    assert practice.cells[104] is CellVerdict.CONTRADICTED

    practice.check(denied, at=60, echo=TWO)
    assert practice.told() == [CONTRADICTED]

    practice.check(denied, at=120)
    assert practice.told() == []
    assert not practice.judge.outside.echoes.denies(ONE, 4)


# -- the box sends everything ------------------------------------------------------------------------------------


def everything(at: str = "imaging", state: ConnectionState = ConnectionState.CLOSED) -> dict[int, Connection]:
    """Every knock comes to one machine."""
    make = at_imaging if at == "imaging" else at_firewall
    return {port: make(port, state) for port in (104, 443, *DECOYS)}


BOTH = (exposure(port=104), exposure(port=443))


def test_a_dmz_is_one_story_that_names_its_machine():
    """Not forty-eight of them, and red."""
    practice = Practice()
    practice.check(*BOTH, decoys_open=True, heard=everything())

    story = practice.story()
    assert (story.code, story.level) == (Code.ALL_FORWARDED, Level.ALARM)
    assert (story.machine, story.mac, story.port) == (IMAGING, IMAGING_MAC, None)
    assert practice.cells == {104: CellVerdict.OPEN_ALL, 443: CellVerdict.OPEN_ALL}
    assert practice.judge.outside.public_ports(story.story) == ()


def test_where_everything_answers_and_nothing_proves_more_it_is_attention_alone():
    """No machine was seen, and nobody said what he is: something on the way may answer for everything."""
    practice = Practice()
    practice.check(*BOTH, decoys_open=True)

    assert practice.told() == [(Code.OPEN_ALL, Level.ATTENTION)]
    assert set(practice.cells.values()) == {CellVerdict.OPEN_ALL}


@pytest.mark.parametrize(
    ("app", "told", "cell"),
    [
        (DICOM, (Code.ALL_FORWARDED, Level.ALARM), CellVerdict.EXPOSED),
        (WEB, (Code.ALL_FORWARDED, Level.ALARM), CellVerdict.EXPOSED),
        (Application(kind=Kind.SILENT), (Code.OPEN_ALL, Level.ATTENTION), CellVerdict.OPEN_ALL),
    ],
)
def test_a_door_that_says_what_it_is_proves_a_dmz_where_nobody_can_see_inside(app, told, cell):
    """A middlebox answers for everything, but it speaks no DICOM."""
    practice = Practice(Terms(view=View.LIMITED))
    practice.check(exposure(port=104, app=app), exposure(port=443), decoys_open=True)

    assert practice.told() == [told]
    assert practice.cells == {104: cell, 443: CellVerdict.OPEN_ALL}


def test_what_speaks_outside_and_comes_to_nobody_inside_proves_nothing():
    """The mirror is proved and saw no knock: the echo's word alone does not turn a lamp red."""
    practice = Practice()
    practice.check(exposure(port=104, app=DICOM), decoys_open=True)

    assert practice.told() == [(Code.OPEN_ALL, Level.ATTENTION)]


def test_a_forward_to_another_machine_is_a_story_of_its_own():
    """The DMZ leads to one, an older forward to another."""
    practice = Practice()
    heard = {**everything("firewall"), 104: at_imaging(4242)}
    practice.check(*BOTH, decoys_open=True, heard=heard)

    assert sorted(practice.told()) == [(Code.ALL_FORWARDED, Level.ALARM), RED]


def test_a_dmz_to_a_machine_that_refuses_everything_is_worth_attention():
    """The next program started there is open to everybody."""
    practice = Practice()
    shut = [replace(cell, reach=Reach.CLOSED, why=Why.REFUSED) for cell in BOTH]
    practice.check(*shut, heard=everything(state=ConnectionState.REFUSED))

    assert practice.told() == [(Code.ALL_FORWARDED, Level.ATTENTION)]


@pytest.mark.parametrize(("alive", "state"), [(True, None), (False, IncidentState.DORMANT)])
def test_a_dmz_is_over_only_with_living_proof(alive, state):
    """As with any door: the machine must have been awake."""
    practice = Practice()
    practice.check(*BOTH, decoys_open=True, heard=everything())
    if alive:
        practice.alive(HOUR)
    shut = [replace(cell, reach=Reach.FILTERED, why=Why.TIMEOUT) for cell in BOTH]
    practice.check(*shut, at=HOUR)

    assert [each.state for each in practice.casebook.told()] == ([state] if state else [])


def test_a_failed_check_ends_no_dmz():
    """Nothing was learnt."""
    practice = Practice()
    practice.check(*BOTH, decoys_open=True, heard=everything())
    practice.alive(HOUR)
    practice.check(at=HOUR, result=Outcome.NOT_PROVED)

    assert practice.told() == [(Code.ALL_FORWARDED, Level.ALARM)]


# -- the declared firewall ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [FIREWALL_MAC, str(FIREWALL)])
def test_a_dmz_to_the_declared_firewall_is_no_story(name):
    """It is meant to be there: its VPN answers, and whoever connects to it is expected."""
    practice = Practice(Terms(firewall=name))
    shut = replace(BOTH[0], reach=Reach.CLOSED)
    heard = {**everything("firewall", ConnectionState.REFUSED), 443: at_firewall(443)}
    practice.check(shut, BOTH[1], heard=heard)
    visit = replace(connection(target_port=443), target=FIREWALL, target_mac=FIREWALL_MAC)

    assert practice.told() == []
    assert practice.cells == {104: CellVerdict.NOT_SEEN, 443: CellVerdict.EXPECTED}
    assert practice.judge.standing(visit) is Standing.EXPECTED


def test_what_is_red_stays_red_at_the_firewall_and_behind_it():
    """DICOM at the firewall is a server behind it; a knock that reaches the imaging server names it."""
    practice = Practice(Terms(firewall=FIREWALL_MAC))
    practice.check(
        exposure(port=443, app=DICOM),
        exposure(port=11112),
        heard={443: at_firewall(443), 11112: at_imaging(4242)},
    )

    assert practice.told() == [RED, RED]
    assert {each.mac for each in practice.casebook.told()} == {FIREWALL_MAC, IMAGING_MAC}


def test_a_stranger_at_a_red_door_of_the_firewall_is_a_stranger():
    """Remote desktop at the firewall is nobody's VPN."""
    practice = Practice(Terms(firewall=FIREWALL_MAC))
    visit = replace(connection(target_port=3389), target=FIREWALL, target_mac=FIREWALL_MAC)

    assert practice.judge.standing(visit) is Standing.STRANGER


def test_a_firewall_declared_afterwards_ends_the_story():
    """The same DMZ, and now it is said whose it is."""
    before = Practice()
    before.check(heard=everything("firewall", ConnectionState.REFUSED))
    after = Practice(Terms(firewall=FIREWALL_MAC))
    after.casebook = Casebook(before.casebook.told())
    after.judge.remember(before.casebook.told())
    after.check(heard=everything("firewall", ConnectionState.REFUSED), at=HOUR)

    assert before.told() == [(Code.ALL_FORWARDED, Level.ATTENTION)]
    assert after.told() == []


# -- what stands at a door ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("app", "nature"),
    [
        (Application(kind=Kind.HTTP, product="orthanc"), Nature.IMAGING),
        (Application(kind=Kind.HTTP, product="synology"), Nature.STORAGE),
        (Application(kind=Kind.RDP), Nature.REMOTE),
        (DICOM, Nature.IMAGING),
    ],
)
def test_a_door_that_was_recognised_is_red_whatever_its_number(app, nature):
    """8080 is a web page until it says that it is an imaging server."""
    practice = Practice()
    practice.check(exposure(port=8080, app=app), heard={8080: at_imaging(8080)})

    assert (practice.told(), practice.story().nature) == ([RED], nature)


@pytest.mark.parametrize("app", [WEB, Application(kind=Kind.HTTP, product="livebox"), None])
def test_a_web_page_that_is_nothing_we_know_is_attention(app):
    """A camera, a box, a firewall."""
    practice = Practice()
    practice.check(exposure(port=8080, app=app), heard={8080: at_imaging(8080)})

    assert practice.told() == [(Code.WEB_UNIDENTIFIED, Level.ATTENTION)]


def test_what_was_recognised_once_stays_known():
    """It is not asked again, and a stranger who connects to it is at a red door; a restart forgets nothing."""
    practice = Practice()
    orthanc = Application(kind=Kind.HTTP, product="orthanc")
    practice.check(exposure(port=8080, app=orthanc), heard={8080: at_imaging(8080)})
    practice.check(exposure(port=8080), at=HOUR, heard={8080: at_imaging(8080)})
    assert practice.told() == [RED]

    again = Practice()
    again.judge.remember(practice.casebook.told())
    visit = connection(target_port=8080)
    (found,) = again.judge.connection(visit, again.judge.standing(visit))
    assert (found.level, found.nature) == (Level.ALARM, Nature.IMAGING)
    again.check(exposure(port=8080), heard={8080: at_imaging(8080)})
    assert again.told() == [RED]


def test_another_machine_behind_the_same_public_port_is_not_taken_for_the_first():
    """What was recognised was recognised there."""
    practice = Practice()
    orthanc = Application(kind=Kind.HTTP, product="orthanc")
    practice.check(exposure(port=8080, app=orthanc), heard={8080: at_imaging(8080)})
    practice.check(exposure(port=8080), at=HOUR, heard={8080: at_firewall(8080)})

    assert practice.told() == [(Code.WEB_UNIDENTIFIED, Level.ATTENTION)]


def test_a_service_that_stops_after_our_question_is_told_and_ends_when_it_is_back():
    """Named, as the door is; and remembered over a restart."""
    practice = Practice()
    gone = Application(kind=Kind.TLS, after_probe=AfterProbe.GONE)
    practice.check(exposure(port=8042, app=gone), heard={8042: at_imaging(8042)})
    assert (Code.SERVICE_GONE, Level.ATTENTION) in practice.told()
    (told,) = [each for each in practice.casebook.told() if each.code is Code.SERVICE_GONE]
    assert (told.machine, told.port, told.outside_port) == (IMAGING, 8042, 8042)

    practice.judge = Judge(networks(), Terms(), moment(0))
    practice.judge.remember(practice.casebook.told())
    practice.check(exposure(port=8042), at=HOUR, heard={8042: at_imaging(8042)})

    assert Code.SERVICE_GONE not in {code for code, _ in practice.told()}


# -- a box that hides who comes ----------------------------------------------------------------------------------


def test_a_knock_that_arrives_under_a_private_address_betrays_a_box_that_hides_everybody():
    """Attention until a knock shows its true source."""
    practice = Practice()
    hidden = replace(at_imaging(104), source=incident().machine)
    practice.check(exposure(port=104), heard={104: hidden})
    assert (Code.BOX_HIDES, Level.ATTENTION) in practice.told()

    practice.check(exposure(port=104), at=HOUR, heard={104: at_imaging(104)})

    assert practice.told() == [RED]


# -- shares and re-tests -----------------------------------------------------------------------------------------


def test_a_neighbours_door_is_not_ours_by_our_own_word_alone():
    """What the echo itself calls out of range was ours to be knocked at."""
    ours = exposure(port=104, reach=Reach.UNTESTED, why=Why.OUT_OF_RANGE)
    practice = Practice()
    practice.check(ours, replace(ours, port=443, source_port=0))

    assert practice.cells == {104: CellVerdict.UNKNOWN, 443: CellVerdict.NOT_OURS}


def test_a_retest_closes_its_door_and_says_nothing_of_everything_else():
    """Its decoys are no look at the whole."""
    practice = Practice()
    practice.check(exposure(port=104), heard={104: at_imaging(104)})
    practice.alive(60)
    practice.check(exposure(port=104, reach=Reach.CLOSED), at=60, ports=PortList.RETEST)

    assert practice.told() == []
    assert Code.OPEN_ALL not in {each.code for each in practice.findings}


# -- what a restart, a door that was closed, and a declaration may not hide --------------------------------------


def test_after_a_restart_open_at_one_echo_is_still_open_whatever_another_says():
    """The store knows who said open; the other one alone closes nothing."""
    practice = Practice()
    practice.check(exposure(port=104), heard={104: at_imaging(104)})
    again = Practice()
    again.casebook = practice.casebook
    again.judge.remember(practice.casebook.told())
    again.judge.outside.echoes.recall([(ONE, 4, 104, moment(5))])
    again.alive(60)
    again.check(exposure(port=104, reach=Reach.CLOSED), at=60, echo=TWO)
    assert again.told() == [RED]

    again.check(exposure(port=104, reach=Reach.CLOSED), at=70)
    again.alive(120)
    again.check(exposure(port=104, reach=Reach.CLOSED), at=120, echo=TWO)

    assert again.told() == []


def test_a_recognised_door_that_is_opened_again_is_what_it_was():
    """The echo asks nobody twice a day who he is."""
    practice = Practice()
    orthanc = Application(kind=Kind.HTTP, product="orthanc")
    practice.check(exposure(port=8080, app=orthanc), heard={8080: at_imaging(8080)})
    practice.alive(60)
    practice.check(exposure(port=8080, reach=Reach.CLOSED), at=60)
    assert practice.told() == []

    practice.check(exposure(port=8080), at=120, heard={8080: at_imaging(8080)})

    assert practice.told() == [RED]


def test_a_declared_door_behind_which_imaging_is_recognised_is_not_what_was_declared():
    """A VPN was declared."""
    practice = Practice(Terms(expect_open=frozenset({443})))
    practice.check(exposure(port=443), heard={443: at_imaging(443)})
    assert practice.told() == []

    orthanc = Application(kind=Kind.HTTP, product="orthanc")
    practice.check(exposure(port=443, app=orthanc), at=60, heard={443: at_imaging(443)})

    assert practice.told() == [RED]


def test_a_contradiction_about_a_port_that_is_asked_about_no_more_ends_with_a_full_list():
    """A port the box mapped once leaves the list after a day."""
    practice = Practice()
    practice.check(exposure(port=40_104, reach=Reach.CLOSED), heard={40_104: at_imaging(4242)})
    assert CONTRADICTED in practice.told()

    practice.check(exposure(port=104, reach=Reach.CLOSED), at=HOUR)

    assert CONTRADICTED not in practice.told()


def test_an_address_that_no_echo_has_signed_is_not_taken_for_ours():
    """It is what excuses our own machines."""
    practice = Practice()
    practice.check(exposure(port=104, reach=Reach.CLOSED), result=Outcome.NOT_PROVED)
    assert practice.judge.outside.addresses == {}

    practice.check(exposure(port=104, reach=Reach.CLOSED), at=60)

    assert set(practice.judge.outside.addresses) == {4}


def test_an_accepted_door_where_storage_is_recognised_is_attention_until_it_is_closed():
    """Somebody said so, and it is open to everybody all the same."""
    accepted = Accepted(machine=IMAGING_MAC, port=443, source=None, until=datetime(2030, 1, 1, tzinfo=UTC))
    practice = Practice(Terms(accepted=(accepted,)))
    nas = Application(kind=Kind.HTTP, product="synology")
    practice.check(exposure(port=443, app=nas), heard={443: at_imaging(443)})
    assert practice.told() == [(Code.EXPECTED_BROAD, Level.ATTENTION)]

    practice.check(exposure(port=443), at=60, heard={443: at_imaging(443)})
    assert practice.told() == [(Code.EXPECTED_BROAD, Level.ATTENTION)]
    practice.check(exposure(port=443, reach=Reach.CLOSED), at=120)

    assert practice.told() == []
