import asyncio
import time
from dataclasses import replace
from ipaddress import ip_address

import pytest

from sentinel.echo import prober as module
from sentinel.echo.dial import Answer
from sentinel.echo.planning import Errand
from sentinel.echo.prober import Outing, Pace, Prober
from sentinel.echo.settings import Source
from sentinel.model.exposure import Probe, Reach, Why
from tests.echo.running import Notes, free_port, listener

HOME = ip_address("127.0.0.1")


def probes(ports, first=23_000):
    return tuple(
        Probe(source=HOME, source_port=first + number, target=HOME, target_port=port)
        for number, port in enumerate(ports)
    )


def errand(listed=(), decoys=(), controls=()):
    return Errand(
        check="c",
        nonce="n",
        target=HOME,
        source=Source(local=HOME, seen_as=HOME),
        listed=probes(listed),
        decoys=probes(decoys, 24_000),
        controls=probes(controls, 25_000),
        out_of_share=(),
    )


def run(outing, may_dial=lambda address: True, stop_after=None):
    async def running():
        task = asyncio.create_task(Prober(may_dial, lambda family: True).run(outing))
        if stop_after is not None:
            await asyncio.sleep(stop_after)
            task.cancel()
        await asyncio.wait({task})

    asyncio.run(running())
    return outing


def accepted(door):
    door.setblocking(False)
    count = 0
    while True:
        try:
            door.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_every_knock_of_an_errand_is_made_once():
    """Listed, decoys and controls."""
    with listener() as door, listener() as control:
        closed = [free_port() for _ in range(3)]
        outing = run(
            Outing(errand([door.getsockname()[1], *closed[:2]], [closed[2]], [control.getsockname()[1]]), Notes())
        )
        counts = accepted(door), accepted(control)

    assert counts == (1, 1)
    assert outing.done == 5
    assert [outing.answer(probe).reach for probe in outing.errand.listed] == [
        Reach.OPEN,
        Reach.CLOSED,
        Reach.CLOSED,
    ]


def test_a_target_is_knocked_at_twenty_times_a_second():
    """A box is not to be drowned."""
    began = time.monotonic()
    run(Outing(errand([free_port() for _ in range(11)]), Notes()))

    assert 0.5 <= time.monotonic() - began < 1.0


def test_declared_doors_are_knocked_at_last():
    """A firewall may ban a prober midway; then the declared door shows it."""
    order = []

    class Noting(Outing):
        def note(self, probe, answer):
            order.append(probe)
            super().note(probe, answer)

    closed = [free_port() for _ in range(4)]
    outing = run(Noting(errand(closed[:3], [], closed[3:]), Notes()))

    assert order[-1] == outing.errand.controls[0]


def test_what_may_not_be_dialled_is_not_dialled():
    """The last look before the packet."""
    with listener() as door:
        outing = run(Outing(errand([door.getsockname()[1]]), Notes()), may_dial=lambda address: False)
        assert accepted(door) == 0

    answer = outing.answer(outing.errand.listed[0])
    assert (answer.reach, answer.why) == (Reach.UNTESTED, Why.POLICY)


def test_stopping_stops_at_once():
    """Not one more knock after the caller hung up."""
    with listener() as door:
        one = errand([door.getsockname()[1]]).listed[0]
        many = tuple(replace(one, source_port=26_000 + number) for number in range(20))
        outing = run(Outing(replace(errand(), listed=many), Notes()), stop_after=0.3)
        before = accepted(door)
        time.sleep(0.3)
        after = accepted(door)

    assert 3 <= before <= 9
    assert after == 0
    assert outing.done == before


def test_a_check_that_runs_out_of_time_says_so(monkeypatch):
    """What was not dialled is untested, whatever the rest was."""
    monkeypatch.setattr(module, "CHECK_S", 0.2)
    closed = [free_port() for _ in range(12)]
    outing = run(Outing(errand(closed), Notes()))
    answers = [outing.answer(probe) for probe in outing.errand.listed]

    assert {answer.reach for answer in answers} == {Reach.CLOSED, Reach.UNTESTED}
    assert {answer.why for answer in answers if answer.reach is Reach.UNTESTED} == {Why.TIME}


SILENT = Answer(reach=Reach.FILTERED, why=Why.TIMEOUT)
CLOSED = Answer(reach=Reach.CLOSED, why=Why.REFUSED)


@pytest.mark.parametrize(
    ("silent", "closed", "repeated"),
    [(3, 1, 3), (9, 1, 5), (9, 0, 0), (0, 4, 0)],
)
def test_a_few_silent_ports_are_tried_again_if_a_neighbour_answered(silent, closed, repeated):
    """Where all is silent, silence is a rule and not loss."""
    outing = Outing(errand(range(1, silent + closed + 1)), Notes())
    for number, probe in enumerate(outing.errand.listed):
        outing.note(probe, SILENT if number < silent else CLOSED)

    assert len(outing.worth_repeating()) == repeated


def test_a_second_try_that_fails_here_takes_nothing_away():
    """Silence was heard; our own trouble is no answer."""
    outing = Outing(errand([1]), Notes())
    probe = outing.errand.listed[0]
    outing.note(probe, SILENT)
    outing.note(probe, Answer(reach=Reach.UNTESTED, why=Why.LIMIT))

    assert outing.answer(probe) == SILENT


def test_a_pace_is_kept():
    """However many ask at once."""

    async def five():
        pace, began = Pace(50), asyncio.get_running_loop().time()
        await asyncio.gather(*(pace.wait() for _ in range(6)))
        return asyncio.get_running_loop().time() - began

    assert 0.1 <= asyncio.run(five()) < 0.2
