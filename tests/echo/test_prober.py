import asyncio
import time
from dataclasses import replace
from ipaddress import ip_address
from secrets import SystemRandom

import pytest

from sentinel.echo import prober as module
from sentinel.echo import protocol
from sentinel.echo.dial import Answer
from sentinel.echo.identify import Patience
from sentinel.echo.planning import Ask, Errand
from sentinel.echo.prober import Outing, Pace, Prober
from sentinel.echo.settings import Source
from sentinel.model.exposure import AfterProbe, Application, Kind, Probe, Reach, Why
from sentinel.model.exposure import Answer as Association
from sentinel.reach.line import REPORT_S
from sentinel.reach.report import WINDOW_MS
from tests.echo import answers
from tests.echo.answers import Answering, dies, hangs_up, inside_tls, says, waits
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


# -- banned midway ------------------------------------------------------------------------------------------------


def met(monkeypatch, answer_to, outing):
    """What a report says of each place if `answer_to(knock, number)` is what a knock meets; and the knocks."""
    knocks = []

    async def scripted(probe, local, *, has_route=True):
        knocks.append(probe)
        return answer_to(probe, len(knocks))

    monkeypatch.setattr(module, "dial", scripted)
    monkeypatch.setattr(module, "WITNESS_AFTER_S", 0.01)
    monkeypatch.setattr(module, "RETRY_AFTER_S", 0.01)
    run(outing)
    errand = outing.errand
    return [[outing.told(probe).reach for probe in part] for part in (errand.listed, errand.decoys)], knocks


@pytest.mark.parametrize("refused", [1, 5, 11])
def test_a_box_that_bans_us_midway_proves_nothing(monkeypatch, refused):
    """It refused at first and is silent then: so the rest of the silence is the ban's, and the decoys' too."""
    outing = Outing(errand(range(1, 11), [40_000, 40_001]), Notes())
    (listed, decoys), knocks = met(monkeypatch, lambda _, number: CLOSED if number <= refused else SILENT, outing)

    assert outing.is_banned
    assert set(decoys) == {Reach.UNTESTED}
    assert set(listed) <= {Reach.CLOSED, Reach.UNTESTED}
    assert set(knocks) == set(outing.errand.probes)  # not one that was not announced


def test_a_door_that_was_open_before_the_ban_still_accuses(monkeypatch):
    """And tells of the ban where nothing else had answered."""

    def answer(probe, number):
        return Answer(reach=Reach.OPEN, why=Why.SYNACK) if probe.target_port == 1 and number <= 3 else SILENT

    outing = Outing(errand([1, 2]), Notes())
    (listed, _), _ = met(monkeypatch, answer, outing)

    assert listed == [Reach.OPEN, Reach.UNTESTED]


@pytest.mark.parametrize("always", [SILENT, CLOSED])
def test_a_box_that_always_does_the_same_bans_nobody(monkeypatch, always):
    """Silence from the first knock to the last is a rule."""
    outing = Outing(errand(range(1, 5), [40_000, 40_001]), Notes())
    told, knocks = met(monkeypatch, lambda *_: always, outing)

    assert told == [[always.reach] * 4, [always.reach] * 2]
    assert len(knocks) == 6 + (module.WITNESSES if always is CLOSED else 0)


def test_one_lost_refusal_is_no_ban(monkeypatch):
    """Refusals are limited per second; the second look is answered."""
    outing = Outing(errand([1, 2], [40_000, 40_001]), Notes())
    told, _ = met(monkeypatch, lambda _, number: SILENT if number in (5, 6) else CLOSED, outing)

    assert told == [[Reach.CLOSED] * 2] * 2


def test_to_look_for_a_ban_costs_a_clean_check_next_to_nothing():
    """A full check where everything is refused: fifty knocks at twenty a second, and two more."""
    ports = [free_port() for _ in range(50)]
    began = time.monotonic()
    outing = run(Outing(errand(ports[:48], ports[48:]), Notes()))

    assert time.monotonic() - began < 4
    assert not outing.is_banned


# -- asking who answers ------------------------------------------------------------------------------------------

BRIEF = Patience(dicom=0.8, web=0.5, listen=0.3, turn=0.4, again=0.2)


def asking(target, listed=(), controls=(), *, tls=False):
    """An errand whose every door may be asked."""
    target = ip_address(target)
    sports = iter(SystemRandom().sample(range(20_000, 30_000), 40))

    def knock(port):
        return Probe(source=HOME, source_port=next(sports), target=target, target_port=port)

    return Errand(
        check="c",
        nonce="n",
        target=target,
        source=Source(local=HOME, seen_as=HOME),
        listed=tuple(knock(port) for port in listed),
        decoys=(),
        controls=tuple(knock(port) for port in controls),
        out_of_share=(),
        asks=tuple(Ask(first=knock(port), second=knock(port), again=knock(port)) for port in (*listed, *controls)),
        mark="SNTJ2K4QW7XR3MTA",
        tls=tls,
    )


def ask(outing, stop_after=None):
    async def running():
        task = asyncio.create_task(Prober(lambda address: True, lambda family: True, BRIEF).run(outing))
        done, _ = await asyncio.wait({task}, timeout=stop_after)
        if not done:
            task.cancel()
            await asyncio.wait({task})

    asyncio.run(running())
    return outing


def test_an_open_door_is_asked_once_and_looked_at_again():
    """And it is written down before it is asked."""
    with Answering(104, says(answers.ASSOCIATED)) as server:
        outing = ask(Outing(asking(server.address, [104, 4242]), Notes()))

    assert outing.application(104) == Application(
        kind=Kind.DICOM, answer=Association.ACCEPTED, after_probe=AfterProbe.OPEN
    )
    assert outing.application(4242) is None  # refused: nobody to ask
    assert (outing.memory.asked, outing.memory.gone) == ([104], [])
    assert len(server.told) == 1
    assert outing.done == 2


def test_a_server_that_dies_of_a_handshake_is_gone_and_remembered(tmp_path):
    """As Debian's Orthanc with HTTPS does; where no handshake is allowed it lives."""
    for tls, after in ((False, AfterProbe.OPEN), (True, AfterProbe.GONE)):
        with Answering(8443, hangs_up(), inside_tls(tmp_path, dies)) as server:
            outing = ask(Outing(asking(server.address, [8443], tls=tls), Notes()))

        assert outing.application(8443).after_probe is after
        assert outing.memory.gone == ([8443] if tls else [])


def test_a_door_that_may_not_be_asked_is_not_asked():
    """It could not be written down; what it would have said stays unknown."""
    with Answering(104, says(answers.ASSOCIATED)) as server:
        outing = ask(Outing(asking(server.address, [104]), Notes(willing=False)))

    assert outing.application(104) is None
    assert server.told == []
    assert outing.answer(outing.errand.listed[0]).reach is Reach.OPEN


def test_doors_are_asked_one_at_a_time_and_imaging_first():
    """However the knocks before them were shuffled."""
    told = []

    def note(name):
        def script(caller, _told):
            told.append(f"{name} begins")
            time.sleep(0.1)
            told.append(f"{name} ends")  # before the answer: the next door is asked as soon as that is there
            caller.sendall(answers.ABORT)

        return script

    with Answering(8042, note("web")) as web, Answering(104, note("dicom"), address=web.address):
        ask(Outing(asking(web.address, [8042, 104]), Notes()))

    assert told == ["dicom begins", "dicom ends", "web begins", "web ends"]


def test_a_declared_door_is_asked_too_and_knocked_at_after_all_questions():
    """It may have become another service; and a ban by then shows."""
    peers = []

    class Noting(Outing):
        def note(self, probe, answer):
            peers.append(probe)
            super().note(probe, answer)

    with Answering(104, says(answers.ASSOCIATED)) as server:
        outing = ask(Noting(asking(server.address, controls=[104]), Notes()))

    assert outing.application(104).answer is Association.ACCEPTED
    assert peers[-1] == outing.errand.controls[0]
    assert outing.answer(peers[-1]).reach is Reach.OPEN


def test_hanging_up_ends_a_question_at_once():
    """The caller is gone, so we are."""
    with Answering(104, waits) as server:
        began = time.monotonic()
        outing = ask(Outing(asking(server.address, [104]), Notes()), stop_after=0.4)
        took = time.monotonic() - began

    assert took < 0.7
    assert outing.application(104) == Application(kind=Kind.UNKNOWN)
    assert server.connections == 2


def test_cells_are_complete_though_nobody_answers_in_time(monkeypatch):
    """Who it is may stay unknown; that it is open does not, nor whether it stayed so."""
    monkeypatch.setattr(module, "ANSWERS_S", 0.5)
    with Answering(104, waits) as server:
        outing = ask(Outing(asking(server.address, [104], [4242]), Notes()))

    assert outing.application(104) == Application(kind=Kind.UNKNOWN, after_probe=AfterProbe.OPEN)
    assert [outing.answer(probe).reach for probe in outing.errand.probes] == [Reach.OPEN, Reach.CLOSED]


def test_a_door_that_keeps_us_waiting_does_not_hold_up_the_next():
    """Its answer still counts when it comes."""
    with (
        Answering(104, says(answers.ASSOCIATED, after=0.65)) as slow,
        Answering(4242, says(answers.ASSOCIATED), address=slow.address),
    ):
        began = time.monotonic()
        outing = ask(Outing(asking(slow.address, [104, 4242]), Notes()))
        took = time.monotonic() - began

    assert {outing.application(port).answer for port in (104, 4242)} == {Association.ACCEPTED}
    assert took < 1.8


def test_the_time_limits_follow_from_one_another():
    """An echo stops before the sentinel's excuse for it ends, and the sentinel waits for its report."""
    assert protocol.CONNECT_S < protocol.CHECK_S < protocol.ANSWERS_S
    assert protocol.ANSWERS_S + protocol.AGAIN_S + protocol.CONNECT_S < protocol.STOP_S
    assert protocol.STOP_S * 1000 + 2000 <= protocol.WINDOW_MS < WINDOW_MS
    assert protocol.STOP_S + protocol.PROGRESS_S < protocol.REPORT_WAIT_S == REPORT_S
    assert protocol.DICOM_S > 2 * 15.3  # storescp, measured: the knock's turn and then ours


def test_a_question_that_could_not_begin_in_time_is_asked_another_day(monkeypatch):
    """And so it is not written down as asked."""
    monkeypatch.setattr(module, "CHECK_S", 0.3)
    with Answering(104, waits) as slow, Answering(4242, waits, address=slow.address):
        outing = ask(Outing(asking(slow.address, [104, 4242]), Notes()))

    assert outing.memory.asked == [104]
    assert outing.application(4242) is None


@pytest.mark.parametrize(
    ("reach", "banned", "after"),
    [
        (Reach.OPEN, False, AfterProbe.OPEN),
        (Reach.CLOSED, False, AfterProbe.GONE),
        (Reach.FILTERED, False, AfterProbe.GONE),  # its machine hides what is closed
        (Reach.UNREACHABLE, False, AfterProbe.GONE),
        (Reach.UNTESTED, False, None),
        (Reach.FILTERED, True, None),
        (Reach.CLOSED, True, AfterProbe.GONE),
    ],
)
def test_a_service_is_gone_unless_it_is_us_who_are_banned(reach, banned, after):
    """When even the decoys that refused fall silent, a firewall has had enough of us."""
    outing = Outing(asking("127.0.0.1", [104]), Notes())
    outing.found(104, Application(kind=Kind.SILENT))
    outing.note(outing.errand.asks[0].again, Answer(reach=reach, why=Why.UNKNOWN))
    outing.is_banned = banned

    assert outing.application(104).after_probe is after
