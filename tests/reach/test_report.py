import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sentinel import dsse
from sentinel.echo import protocol
from sentinel.echo.protocol import App, Control, PlannedAsk, PlannedProbe, PlannedTarget, Vantage
from sentinel.model.declared import Identify
from sentinel.model.exposure import AfterProbe, Answer, Application, Kind, Outcome, Reach, Why
from sentinel.reach.report import DEFINITE, Announced, Proof, read_plan, read_report
from tests.builders import moment
from tests.reach.signing import (
    DECOYS,
    ECHO_KEY,
    HOME,
    LIST,
    NEXT_KEY,
    OURS,
    PUBLIC,
    VPN,
    announced,
    cell,
    plan,
    question,
    report,
    sealed_plan,
    sealed_report,
)

STRANGER = Ed25519PrivateKey.generate()
THIRD = b"3" * 32


def read(raw, asked=None):
    return read_report(raw, asked or question(), announced())


def reach_of(proof, port):
    return {probe.target_port: reach for probe, reach, _, _ in proof.cells}[port]


# -- the plan ----------------------------------------------------------------------------------------------------


def test_a_plan_announces_every_knock():
    """Decoys and declared doors too: all of them will come."""
    found = announced()

    assert {probe.target_port for probe in found.probes} == {*LIST, *DECOYS, VPN}
    assert {str(probe.source) for probe in found.probes} == {"198.51.100.20"}
    assert {probe.target for probe in found.probes} == {HOME}
    assert found.window == timedelta(seconds=42)


def probe(port=104, sport=20_104, source="198.51.100.20", addr="self"):
    return PlannedProbe(from_=source, sport=sport, addr=addr, port=port)


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (b"", Outcome.NOT_AN_ECHO),
        (b"<html>please log in</html>", Outcome.NOT_AN_ECHO),
        (sealed_plan(v=2), Outcome.NOT_AN_ECHO),
        (sealed_plan(check="../../admin"), Outcome.NOT_AN_ECHO),
        (sealed_plan(key=STRANGER), Outcome.BAD_SIGNATURE),
        (sealed_plan(kind=protocol.REPORT), Outcome.BAD_SIGNATURE),
        (sealed_plan(nonce="other"), Outcome.NOT_OUR_QUESTION),
        (sealed_plan(target=PlannedTarget(family=4, addr="192.0.2.8")), Outcome.NOT_OUR_QUESTION),
        (sealed_plan(probes=[probe(port=22)]), Outcome.NOT_OUR_QUESTION),
        (sealed_plan(probes=[probe(), probe()]), Outcome.NOT_OUR_QUESTION),
        (sealed_plan(decoys=[1, 2, 3]), Outcome.NOT_OUR_QUESTION),
        (sealed_plan(window_ms=3_600_000), Outcome.NOT_OUR_QUESTION),
        (sealed_plan(window_ms=-1), Outcome.NOT_OUR_QUESTION),
        (sealed_plan(probes=[probe(source="2001:db8::1")]), Outcome.NOT_AN_ECHO),
        (sealed_plan(probes=[probe(source="anywhere")]), Outcome.NOT_AN_ECHO),
        (sealed_plan(probes=[probe(addr="192.0.2.8")]), Outcome.NOT_AN_ECHO),
        (sealed_plan(probes=[probe(sport=0)]), Outcome.NOT_AN_ECHO),
        (sealed_plan(probes=[probe(port=70_000)]), Outcome.NOT_AN_ECHO),
    ],
)
def test_a_plan_that_is_not_the_answer_excuses_nobody(raw, outcome):
    """Whoever announces more than was asked for would let strangers pass as the echo."""
    assert read_plan(raw, question()) is outcome


def test_a_plan_signed_with_the_next_key_counts():
    """The echo changed its key as it had said it would."""
    assert isinstance(read_plan(sealed_plan(key=NEXT_KEY), question()), Announced)


MARK = "SNTJ2K4QW7XR3MTA"


def asks(port=104, sports=(21_000, 21_001, 21_002), source="198.51.100.20"):
    return PlannedAsk(from_=source, port=port, sports=list(sports))


def plan_with(*planned, mark=MARK, identify=Identify.NEW_NO_TLS):
    return read_plan(sealed_plan(asks=list(planned), mark=mark), question(identify=identify))


def test_a_plan_announces_every_connection_that_may_ask():
    """And the title under which it does."""
    found = plan_with(asks(), asks(port=VPN, sports=[21_003]))

    assert [(probe.target_port, probe.source_port) for probe in found.asks] == [
        (104, 21_000),
        (104, 21_001),
        (104, 21_002),
        (VPN, 21_003),
    ]
    assert found.mark == MARK


@pytest.mark.parametrize(
    ("planned", "words"),
    [
        ([asks()], {"identify": Identify.NONE}),
        ([asks()], {"mark": ""}),
        ([asks()], {"mark": "ZZSTRANGER"}),
        ([asks(port=22)], {}),
        ([asks(port=DECOYS[0])], {}),
        ([asks(), asks(sports=[21_007])], {}),
        ([asks(sports=[21_000, 21_001, 21_002, 21_003])], {}),
        ([asks(sports=[21_000, 21_000])], {}),
        ([asks(), asks(port=VPN)], {}),
        ([asks(sports=[20_104])], {}),  # a knock's own
        ([asks(port=port, sports=[]) for port in range(1, 140)], {}),
    ],
)
def test_a_plan_that_would_ask_more_than_we_wanted_excuses_nobody(planned, words):
    """Whoever may send is excused for more than whoever only knocks."""
    assert plan_with(*planned, **words) is Outcome.NOT_OUR_QUESTION


@pytest.mark.parametrize("bent", [{"sports": [0]}, {"source": "2001:db8::1"}, {"source": "x"}, {"port": 0}])
def test_a_plan_that_would_ask_from_nowhere_is_none(bent):
    """A port is a port, an address one of this family."""
    assert plan_with(asks(**bent)) is Outcome.NOT_AN_ECHO


@pytest.mark.parametrize(
    ("told", "learnt"),
    [
        ((), ()),
        (PUBLIC, ()),
        ((PUBLIC[1], THIRD), (PUBLIC[1], THIRD)),
        ((PUBLIC[0], THIRD), (PUBLIC[0], THIRD)),
        ((THIRD, b"4" * 32), ()),
        ((PUBLIC[1], b"short"), ()),
        ((PUBLIC[1],), ()),
        ((PUBLIC[1], PUBLIC[1]), ()),
    ],
)
def test_new_keys_are_learnt_beside_one_that_is_known(told, learnt):
    """And only from a plan that counts: one signed by a stranger teaches nothing."""
    found = read_plan(sealed_plan(keys=list(told)), question())

    assert isinstance(found, Announced)
    assert found.keys == learnt
    assert read_plan(sealed_plan(keys=list(told), key=STRANGER), question()) is Outcome.BAD_SIGNATURE


# -- the report --------------------------------------------------------------------------------------------------


def test_a_clean_report_proves_every_door():
    """Each asked port has its state."""
    proof = read(sealed_report())

    assert proof.outcome is Outcome.CHECKED
    assert proof.tested == len(LIST) + 1
    assert not proof.decoys_open
    assert proof.ended == datetime(2026, 3, 2, 9, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (b"", Outcome.NOT_AN_ECHO),
        (b"{}", Outcome.NOT_AN_ECHO),
        (b"<html>", Outcome.NOT_AN_ECHO),
        (sealed_report()[:-40], Outcome.NOT_AN_ECHO),
        (dsse.encode(report()), Outcome.NOT_AN_ECHO),
        (sealed_report(v=2), Outcome.NOT_AN_ECHO),
        (dsse.seal(protocol.REPORT, Control(port=1, state="open"), ECHO_KEY), Outcome.NOT_AN_ECHO),
        (sealed_report(key=STRANGER), Outcome.BAD_SIGNATURE),
        (sealed_report(kind=protocol.PLAN), Outcome.BAD_SIGNATURE),
        (sealed_report(nonce="yesterday's"), Outcome.NOT_OUR_QUESTION),
        (sealed_report(aud="ed25519:aaaaaaaaaaaaaaaa"), Outcome.NOT_OUR_QUESTION),
        (sealed_report(check="check-2"), Outcome.NOT_OUR_QUESTION),
        (sealed_report(target=PlannedTarget(family=4, addr="192.0.2.8")), Outcome.NOT_OUR_QUESTION),
    ],
    ids=[
        "nothing", "empty", "portal", "cut off", "unsigned", "version", "other message", "other key", "other type",
        "old", "somebody else's", "other check", "other address",
    ],
)  # fmt: skip
def test_a_report_that_is_not_the_answer_says_nothing(raw, outcome):
    """Not one cell of it is believed."""
    assert read(raw) is outcome


@pytest.mark.parametrize(
    "changes",
    [
        {"vantage": Vantage(id="par1", selftest="stale", age_s=60)},
        {"vantage": Vantage(id="par1", selftest="failed", age_s=60)},
        {"vantage": Vantage(id="par1", selftest="splendid", age_s=60)},
        {"vantage": Vantage(id="par1", selftest="ok", age_s=7_201)},
        {"vantage": Vantage(id="par1", selftest="ok", age_s=-1)},
        {"control": []},
        {"control": [Control(port=VPN, state="filtered")]},
        {"control": [Control(port=443, state="open")]},
        {"decoys": []},
        {"decoys": [Control(port=DECOYS[0], state="closed")]},
        {"decoys": [Control(port=port, state="untested") for port in DECOYS]},
    ],
    ids=str,
)
def test_a_report_that_proves_nothing_acquits_nobody_but_may_accuse(changes):
    """An echo that cannot tell open from closed; what it saw open it saw open."""
    proof = read(sealed_report(cell(104, "open", "synack"), **changes))

    assert proof.outcome is Outcome.NOT_PROVED
    assert reach_of(proof, 104) is Reach.OPEN
    assert reach_of(proof, 4242) is Reach.UNKNOWN


@pytest.mark.parametrize(
    "bent",
    [
        cell(104, "untested", "limit"),
        cell(104, "untested", "vantage_no_route"),
        cell(104, "splendid", "refused"),
        cell(104, "unknown", "unknown"),
        cell(104, sport=1),
    ],
    ids=str,
)
def test_a_list_with_a_gap_is_not_proved(bent):
    """One door undialled is one door unknown; the others keep their proof."""
    proof = read(sealed_report(bent))

    assert proof.outcome is Outcome.NOT_PROVED
    assert proof.tested == len(LIST)
    assert reach_of(proof, 4242) is Reach.CLOSED


def test_a_door_left_out_is_noticed():
    """The report must be as long as the question."""
    short = report()
    proof = read(sealed_report(cells=[each for each in short.cells if each.port != 104]))

    assert proof.outcome is Outcome.NOT_PROVED


def test_of_two_answers_for_one_door_the_worse_counts():
    """In either order."""
    both = [cell(104), cell(104, "open", "synack")]
    others = [each for each in report().cells if each.port != 104]

    assert reach_of(read(sealed_report(cells=[*both, *others])), 104) is Reach.OPEN
    assert reach_of(read(sealed_report(cells=[*both[::-1], *others])), 104) is Reach.OPEN


def test_a_door_nobody_asked_about_is_left_out():
    """Nor does a decoy become a door."""
    proof = read(sealed_report(cell(22, "open", "synack"), cell(DECOYS[0], "open", "synack")))

    assert {probe.target_port for probe, *_ in proof.cells} == {*LIST, VPN}


@pytest.mark.parametrize(("states", "opened"), [(("open", "open"), True), (("open", "closed"), False)])
def test_something_that_answers_for_everything_is_told(states, opened):
    """Both decoys; one may be chance."""
    decoys = [Control(port=port, state=state) for port, state in zip(DECOYS, states, strict=True)]

    proof = read(sealed_report(decoys=decoys))

    assert proof.decoys_open is opened
    assert proof.outcome is Outcome.CHECKED


def test_without_a_declared_door_a_clean_report_is_still_a_proof():
    """Of assurance B at most, which is not decided here."""
    asked = question(expect_open=())
    plan = read_plan(sealed_plan(probes=[probe for probe in _planned() if probe.port != VPN]), asked)

    proof = read_report(sealed_report(control=[]), asked, plan)

    assert proof.outcome is Outcome.CHECKED


def _planned():
    return dsse.decode(dsse.decode(sealed_plan(), dsse.Envelope).payload, protocol.Plan).probes


@pytest.mark.parametrize(("ms", "took"), [(3077, 3.077), (-5, 0), (1e300, 60)])
def test_a_time_without_sense_is_bounded(ms, took):
    """It is shown, never counted on."""
    proof = read(sealed_report(cell(104, "unreachable", "icmp_host", ms=ms)))

    assert {each[0].target_port: each[3] for each in proof.cells}[104] == timedelta(seconds=took)


@pytest.mark.parametrize("ended", ["", "yesterday", "2026-03-02T09:00:05"])
def test_an_end_that_is_no_time_is_none(ended):
    """Then our clock cannot be judged by it."""
    assert read(sealed_report(ended=ended)).ended is None


def test_each_cell_becomes_one_fact():
    """With all that the street needs."""
    proof = read(sealed_report(cell(104, "unreachable", "icmp_host", ms=3077)))
    facts = {fact.port: fact for fact in proof.exposures(question(), moment(9))}
    fact = facts[104]

    assert set(facts) == {*LIST, VPN}
    assert (fact.reach, fact.why, fact.took) == (Reach.UNREACHABLE, Why.ICMP_HOST, timedelta(seconds=3.077))
    assert (fact.check, fact.echo, fact.address) == ("check-1", dsse.key_id(question().echo_keys[0]), HOME)
    assert (fact.source, fact.source_port) == (ip_address("198.51.100.20"), 20_104)
    assert fact.at == moment(9)


def test_unknown_words_and_fields_of_a_later_echo_do_no_harm():
    """An unknown reason is unknown; an unknown field is nothing."""
    said = json.loads(dsse.encode(report(cell(104, why="quantum"))))
    said["weather"] = said["cells"][0]["mood"] = "fine"
    body = json.dumps(said).encode()
    signature = dsse.Signature(keyid=question().echo, sig=ECHO_KEY.sign(dsse.signed_bytes(protocol.REPORT, body)))
    raw = dsse.encode(dsse.Envelope(payload_type=protocol.REPORT, payload=body, signatures=[signature]))

    proof = read(raw)

    assert proof.outcome is Outcome.CHECKED
    assert {probe.target_port: why for probe, _, why, _ in proof.cells}[104] is Why.UNKNOWN


WORDS = st.sampled_from([*Reach, "splendid", ""])


@given(st.lists(st.tuples(st.sampled_from([*LIST, 22, VPN]), WORDS), max_size=40), WORDS)
def test_no_report_however_strange_turns_silence_into_proof(told, control):
    """CHECKED only if every asked door has a definite state; nothing raises."""
    cells = [cell(port, state) for port, state in told]
    proof = read(sealed_report(cells=cells, control=[Control(port=VPN, state=control)]))

    assert isinstance(proof, Proof)
    definite = {probe.target_port for probe, reach, _, _ in proof.cells if reach in DEFINITE}
    if proof.outcome is Outcome.CHECKED:
        assert definite == {*LIST, VPN}
        assert control == Reach.OPEN


@given(st.binary(max_size=300))
def test_no_bytes_raise(raw):
    """A value for everything that may come over a wire."""
    assert read(raw) in (Outcome.NOT_AN_ECHO, Outcome.BAD_SIGNATURE)
    assert read_plan(raw, question()) in (Outcome.NOT_AN_ECHO, Outcome.BAD_SIGNATURE)


def test_another_sentinels_report_is_not_ours():
    """Two practices behind one echo."""
    assert question().key_id == OURS
    assert (
        read(sealed_report(), replace(question(), key_id="ed25519:bbbbbbbbbbbbbbbb")) is Outcome.NOT_OUR_QUESTION
    )


# -- what answered -----------------------------------------------------------------------------------------------


def applications(*cells):
    return dict(read_report(sealed_report(*cells), question(), plan_with(asks())).applications)


def test_what_answered_is_told_beside_its_door():
    """In our words."""
    app = App(kind="dicom", tls=True, assoc="rejected", rejection=(1, 1, 7), after_probe="gone")
    proof = read_report(sealed_report(cell(104, "open", "synack", app=app)), question(), plan_with(asks()))
    found = {fact.port: fact.app for fact in proof.exposures(question(), moment(0))}

    assert found[104] == Application(
        kind=Kind.DICOM,
        tls=True,
        answer=Answer.REJECTED,
        rejection=(1, 1, 7),
        after_probe=AfterProbe.GONE,
    )
    assert {app for port, app in found.items() if port != 104} == {None}


def test_what_answered_counts_at_an_open_door_that_was_to_be_asked():
    """Elsewhere there was nobody to ask, or nobody had announced it."""
    app = App(kind="http", status=200)

    assert applications(cell(104, "open", "synack", app=app))
    assert not applications(cell(104, "closed", "refused", app=app))
    assert not applications(cell(4242, "open", "synack", app=app))
    assert not applications(cell(104, "open", "synack"))


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        (App(kind="MEIER^ANNA"), Application(kind=Kind.UNKNOWN)),
        (App(kind="dicom", assoc="maybe"), Application(kind=Kind.DICOM)),
        (App(kind="dicom", rejection=(1, 2, 999)), Application(kind=Kind.DICOM)),
        (App(kind="http", status=7), Application(kind=Kind.HTTP)),
        (App(kind="http", status=10**9, auth="psst"), Application(kind=Kind.HTTP)),
        (App(kind="http", product="<script>"), Application(kind=Kind.HTTP)),
        (App(kind="http", product="orthanc"), Application(kind=Kind.HTTP, product="orthanc")),
        (App(kind="http", after_probe="perhaps"), Application(kind=Kind.HTTP)),
    ],
)
def test_words_nobody_knows_become_none(app, expected):
    """An echo of a later version, or one that lies."""
    assert applications(cell(104, "open", "synack", app=app)) == {104: expected}


# -- a shared address, and what else a report may leave open -----------------------------------------------------

SHARE = (0, 1023)


def test_of_a_shared_address_our_part_is_proved_and_the_rest_is_nobodys_business():
    """The doors of neighbours become cells by our own word: no echo is asked about them."""
    ours = [port for port in LIST if port <= 1023]
    probes = [each for each in plan().probes if each.port in (*ours, *DECOYS)]
    asked = question(port_share=SHARE, expect_open=())
    told = read_plan(sealed_plan(probes=probes), asked)
    assert isinstance(told, Announced)
    cells = [cell(port) for port in ours]
    proof = read_report(sealed_report(cells=cells, control=[]), asked, told)

    assert isinstance(proof, Proof)
    assert (proof.outcome, proof.tested) == (Outcome.CHECKED, len(ours))
    cells_by_port = {each.port: each for each in proof.exposures(asked, moment())}
    assert cells_by_port.keys() == set(LIST)
    beyond = cells_by_port[11112]
    assert (beyond.reach, beyond.why, beyond.source_port) == (Reach.UNTESTED, Why.OUT_OF_RANGE, 0)


def test_a_plan_to_knock_at_a_neighbour_is_none_of_ours():
    """Not even one that an echo would call an excuse."""
    assert read_plan(sealed_plan(), question(port_share=SHARE)) is Outcome.NOT_OUR_QUESTION


def test_an_echo_that_has_met_neighbours_at_our_address_leaves_it_in_doubt():
    """Nobody has declared a share: what was not dialled is not closed."""
    shared = cell(104, "untested", "shared_address", sport=0)

    assert read(sealed_report(shared)).outcome is Outcome.ADDRESS_DOUBTFUL


@pytest.mark.parametrize("ended", ["", "soon", "2026-03-02T09:00:05"])
def test_a_report_without_a_time_proves_nothing(ended):
    """Nothing would confirm our clock, and every age would rest on it."""
    proof = read(sealed_report(ended=ended))

    assert (proof.outcome, proof.ended) == (Outcome.NOT_PROVED, None)


def test_the_positive_control_is_told_only_where_doors_are_declared():
    """And decoys that are refused say that somebody is awake."""
    assert read(sealed_report()).control
    assert read(sealed_report()).decoys_refused
    silent = [Control(port=port, state="filtered") for port in DECOYS]
    assert not read(sealed_report(decoys=silent)).decoys_refused
    assert not read(sealed_report(control=[Control(port=VPN, state="closed")])).control


def test_what_is_open_among_ports_that_all_are_is_marked():
    """The judge must know it before the check has ended."""
    answers = [Control(port=port, state="open") for port in DECOYS]
    proof = read(sealed_report(cell(104, "open", "synack"), decoys=answers))

    marked = {each.port for each in proof.exposures(question(), moment()) if each.open_all}
    assert marked == {104, VPN}
