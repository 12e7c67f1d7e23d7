"""Writing the report: what each knock met, in the words of the protocol."""

from datetime import datetime

from sentinel.echo.dial import Answer, untested
from sentinel.echo.prober import Outing
from sentinel.echo.protocol import SELF, VERSION, App, Cell, Control, PlannedTarget, Report, Vantage
from sentinel.model.exposure import Application, Probe, Reach, Why
from sentinel.model.moment import Moment


def report(outing: Outing, key: str, vantage: Vantage, *, began: Moment, ended: Moment) -> Report:
    """What the holder of `key` will be told of an errand."""
    errand = outing.errand
    undialled = {
        Why.OUT_OF_RANGE: errand.out_of_share,
        Why.SHARED_ADDRESS: errand.shared,
        Why.VANTAGE_BLOCKED: errand.blocked,
    }
    skipped = [_cell(port, 0, untested(why)) for why, ports in undialled.items() for port in ports]
    return Report(
        v=VERSION,
        check=errand.check,
        nonce=errand.nonce,
        aud=key,
        vantage=vantage,
        target=PlannedTarget(family=errand.target.version, addr=str(errand.target)),
        began=_time(began.wall),
        ended=_time(ended.wall),
        cells=[_cell_of(probe, outing) for probe in errand.listed + errand.controls] + skipped,
        decoys=[_control(probe, outing) for probe in errand.decoys],
        control=[_control(probe, outing) for probe in errand.controls],
        ledger_head=errand.ledger_head,
    )


def _cell_of(probe: Probe, outing: Outing) -> Cell:
    answer = outing.told(probe)
    found = outing.application(probe.target_port) if answer.reach is Reach.OPEN else None
    return _cell(probe.target_port, probe.source_port, answer, None if found is None else _app(found))


def _cell(port: int, sport: int, answer: Answer, app: App | None = None) -> Cell:
    milliseconds = round(answer.took.total_seconds() * 1000, 1)
    return Cell(
        addr=SELF,
        port=port,
        state=answer.reach.value,
        why=answer.why.value,
        ms=milliseconds,
        sport=sport,
        app=app,
    )


def _app(found: Application) -> App:
    return App(
        kind=found.kind.value,
        tls=found.tls,
        assoc=found.answer and found.answer.value,
        rejection=found.rejection,
        status=found.status,
        auth=found.auth and found.auth.value,
        product=found.product,
        after_probe=found.after_probe and found.after_probe.value,
    )


def _control(probe: Probe, outing: Outing) -> Control:
    return Control(port=probe.target_port, state=outing.told(probe).reach.value)


def _time(wall: datetime) -> str:
    return wall.isoformat(timespec="milliseconds")
