from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

from sentinel.echo.dial import Answer
from sentinel.echo.planning import Ask, Errand
from sentinel.echo.prober import Outing
from sentinel.echo.protocol import App, Vantage
from sentinel.echo.report import report
from sentinel.echo.settings import Source
from sentinel.model.exposure import Answer as Association
from sentinel.model.exposure import Application, Kind, Probe, Reach, Why
from tests.builders import moment
from tests.echo.running import Notes

HOME, FROM = ip_address("192.0.2.7"), ip_address("198.51.100.20")
LISTED, DECOY, CONTROL = (
    Probe(source=FROM, source_port=20_000 + number, target=HOME, target_port=port)
    for number, port in enumerate((104, 40_000, 1194))
)
ERRAND = Errand(
    check="c",
    nonce="n",
    target=HOME,
    source=Source(local=FROM, seen_as=FROM),
    listed=(LISTED,),
    decoys=(DECOY,),
    controls=(CONTROL,),
    out_of_share=(443,),
)


def made(errand=ERRAND, **answers):
    outing = Outing(errand, Notes())
    for probe, answer in answers.items():
        outing.note({"listed": LISTED, "decoy": DECOY, "control": CONTROL}[probe], answer)
    return report(outing, "ed25519:k", Vantage(id="v", selftest="ok", age_s=3), began=moment(0), ended=moment(5))


def test_a_report_says_what_each_knock_met():
    """With the time it took, and where it came from."""
    said = made(listed=Answer(reach=Reach.UNREACHABLE, why=Why.ICMP_HOST, took=timedelta(seconds=3.0771)))
    cell = said.cells[0]

    assert (cell.port, cell.state, cell.why, cell.ms, cell.sport) == (
        104,
        "unreachable",
        "icmp_host",
        3077.1,
        20_000,
    )
    assert (said.check, said.nonce, said.aud, said.target.addr) == ("c", "n", "ed25519:k", "192.0.2.7")


def test_what_was_never_dialled_is_untested():
    """Out of time, or out of the caller's share."""
    said = made()

    assert {(cell.port, cell.state, cell.why) for cell in said.cells} == {
        (104, "untested", "time"),
        (1194, "untested", "time"),
        (443, "untested", "out_of_range"),
    }


def test_decoys_are_told_apart_and_declared_doors_twice():
    """A declared door is a door of the practice too."""
    opened = Answer(reach=Reach.OPEN, why=Why.SYNACK)
    said = made(decoy=opened, control=opened)

    assert [(decoy.port, decoy.state) for decoy in said.decoys] == [(40_000, "open")]
    assert [(control.port, control.state) for control in said.control] == [(1194, "open")]
    assert [cell.state for cell in said.cells if cell.port == 1194] == ["open"]
    assert 40_000 not in {cell.port for cell in said.cells}


def test_an_errand_without_declared_doors_has_no_control():
    """The list is empty, not missing."""
    assert made(replace(ERRAND, controls=())).control == []


def test_what_answered_stands_beside_an_open_door_only():
    """In the protocol's words, and whether it still answers."""
    ask = Ask(first=LISTED, second=LISTED, again=replace(LISTED, source_port=20_100))
    found = Application(kind=Kind.DICOM, tls=True, answer=Association.REJECTED, rejection=(1, 1, 7))
    for reach, app in (
        (Reach.OPEN, App(kind="dicom", tls=True, assoc="rejected", rejection=(1, 1, 7), after_probe="gone")),
        (Reach.FILTERED, None),
    ):
        outing = Outing(replace(ERRAND, asks=(ask,)), Notes())
        outing.note(LISTED, Answer(reach=reach, why=Why.SYNACK))
        outing.found(104, found)
        outing.note(ask.again, Answer(reach=Reach.CLOSED, why=Why.REFUSED))
        said = report(outing, "k", Vantage(id="v", selftest="ok", age_s=3), began=moment(0), ended=moment(5))

        assert said.cells[0].app == app
