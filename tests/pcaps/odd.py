"""The oddities of real lines: how connections begin, end and last."""

from sentinel.model.packet import Flags
from tests.builders import IMAGING6, PATIENT, STRANGER6, Talk, associate_ac, associate_rq, p_data
from tests.pcaps.story import Story, exchange

GIB = 1 << 30
SYN_ACK = Flags.SYN | Flags.ACK
HOUR = 3_600.0


# -- how connections begin and end -------------------------------------------------------------------------------


def openings() -> Story:
    """Handshakes as they are not drawn in textbooks."""
    story = Story()
    for tell in (at_once, fast_open, refused_fast_open, answered_again, asked_again, half_open, half_open6):
        tell(story)
    return story


def at_once(story: Story) -> None:
    """RFC 9293 figure 8: both ends open, and their SYNs cross."""
    talk = story.talk()
    crossing = [talk.syn(), talk.say(False, Flags.SYN)]
    answers = [
        talk.say(True, SYN_ACK, seq=talk.client_isn),
        talk.say(False, SYN_ACK, seq=talk.server_isn),
    ]
    story.tell(talk, [*crossing, *answers, *exchange(talk)])
    story.ends(talk, "closed", 3, 6)


def fast_open(story: Story) -> None:
    """RFC 7413: the SYN carries the question, and the SYN-ACK takes it."""
    talk = story.talk()
    story.tell(talk, [talk.say(True, Flags.SYN, b"question"), talk.syn_ack(), *exchange(talk)])
    story.ends(talk, "closed", 11, 6)


def refused_fast_open(story: Story) -> None:
    """The SYN-ACK takes the SYN alone: the question is sent again."""
    talk = story.talk()
    syn = talk.say(True, Flags.SYN, b"question")
    talk.skip(-8, from_client=True)
    story.tell(talk, [syn, talk.syn_ack(), talk.ack(), talk.asks(b"question"), *exchange(talk)])
    story.ends(talk, "closed", 11, 6)


def answered_again(story: Story) -> None:
    """The client's ACK was lost: the server answers again, before and after the first question."""
    talk = story.talk()
    syn, answer = talk.syn(), talk.syn_ack()
    story.tell(talk, [syn, answer, 1.0, answer, talk.ack(), talk.asks(b"ask"), answer])
    story.tell(talk, [talk.answers(b"answer"), *talk.goodbye()])
    story.ends(talk, "closed", 3, 6)


def asked_again(story: Story) -> None:
    """The SYN was sent three times, a second, then two, apart; the door answers the last."""
    talk = story.talk()
    syn = talk.syn()
    story.tell(talk, [syn, 1.0, syn, 2.0, syn, talk.syn_ack(), talk.ack(), *exchange(talk)])
    story.ends(talk, "closed", 3, 6)


def half_open(story: Story) -> None:
    """A SYN scan: the door is open, and nobody came in; the server goes on trying."""
    talk = story.talk()
    syn, answer = talk.syn(), talk.syn_ack()
    story.tell(talk, [syn, answer, 1.0, answer, 2.0, answer])
    story.ends(talk, "answered")


def half_open6(story: Story) -> None:
    """The same over IPv6; beside it one that nothing answers."""
    talk = story.talk(client=STRANGER6, server=IMAGING6)
    story.tell(talk, [talk.syn(), talk.syn_ack()])
    story.ends(talk, "answered")
    talk = story.talk(client=STRANGER6, server=IMAGING6)
    story.tell(talk, [talk.syn()])
    story.ends(talk, "attempted")


def endings() -> Story:
    """And as they end."""
    story = Story()
    for tell in (reset_with_data, reset_out_of_nowhere, both_at_once, half_closed, used_again, used_again_unheard):
        tell(story)
    return story


def reset_with_data(story: Story) -> None:
    """RFC 9293 section 3.5.3: a reset may carry its reason, which is no payload."""
    talk = story.talk()
    reason = talk.say(False, Flags.RST | Flags.ACK, b"no such study")
    story.tell(talk, [*talk.handshake(), talk.asks(b"ask"), reason])
    story.ends(talk, "closed", 3, 0)


def reset_out_of_nowhere(story: Story) -> None:
    """Somebody forges a reset far outside the window (RFC 5961 section 3): the ends talk on."""
    talk = story.talk()
    forged = talk.say(False, Flags.RST, seq=talk.server_isn + GIB)
    story.tell(talk, [*talk.handshake(), talk.asks(b"ask"), forged, talk.answers(b"answer"), talk.ack()])
    story.tell(talk, exchange(talk))
    story.ends(talk, "closed", 6, 12)


def both_at_once(story: Story) -> None:
    """RFC 9293 figure 13: both FINs cross."""
    talk = story.talk()
    words = [*talk.handshake(), talk.asks(b"ask"), talk.answers(b"answer")]
    crossing = [
        talk.say(True, Flags.FIN | Flags.ACK),
        talk.say(False, Flags.FIN | Flags.ACK, ack=talk.client_isn + 4),
    ]
    story.tell(talk, [*words, *crossing, talk.ack(), talk.ack(False)])
    story.ends(talk, "closed", 3, 6)


def half_closed(story: Story) -> None:
    """The client has nothing more to say; the server answers for a while yet."""
    talk = story.talk()
    words = [*talk.handshake(), talk.asks(b"ask"), talk.fin(), talk.ack(False)]
    story.tell(
        talk, [*words, talk.answers(bytes(900)), talk.ack(), talk.answers(bytes(90)), talk.fin(False), talk.ack()]
    )
    story.ends(talk, "closed", 3, 990)


def used_again(story: Story) -> None:
    """The same two ports four times: after a FIN, after a reset, and after an end nobody saw."""
    for number, ending in enumerate(("FIN", "RST", "never seen", "FIN")):
        talk = Talk(client_port=39_999, client_isn=1_000 + number * 100_000, server_isn=900_000 * number)
        words = [*talk.handshake(), talk.asks(b"ask"), talk.answers(b"answer")]
        if ending != "never seen":
            words += talk.goodbye() if ending == "FIN" else [talk.rst(True)]
        story.tell(talk, [*words, 0.5])
        story.ends(talk, "closed", 3, 6)


def used_again_unheard(story: Story) -> None:
    """The second time the SYN is lost on its way to us: the SYN-ACK answers another than the one we know."""
    for number in range(2):
        talk = Talk(client_port=39_998, client_isn=1_000 + number * GIB, server_isn=5_000 + number * 3 * GIB // 2)
        words = [*talk.handshake(), *exchange(talk)]
        story.tell(talk, [*words[number:], 0.5])
        story.ends(talk, "closed", 3, 6)


# -- what lasts --------------------------------------------------------------------------------------------------


def patience() -> Story:
    """Connections that do nothing for long."""
    story = Story()
    for tell in (kept_alive, kept_alive_from_the_start, shut_window):
        tell(story)
    return story


def kept_alive(story: Story) -> None:
    """RFC 9293 section 3.8.4: a modality keeps its association for two days, a probe every two hours."""
    talk = story.talk()
    request, answer = associate_rq(), associate_ac()
    story.tell(talk, [*talk.handshake(), talk.asks(request), talk.answers(answer), talk.ack()])
    probe = talk.say(True, Flags.ACK, seq=talk.client_isn + len(request))
    reply = talk.ack(False)
    story.tell(talk, [part for _ in range(24) for part in (2 * HOUR, probe, reply)])
    story.tell(talk, exchange(talk))
    story.ends(talk, "closed", len(request) + 3, len(answer) + 6)


def kept_alive_from_the_start(story: Story) -> None:
    """Nothing was ever said, and the probe carries the one byte that old systems put in: it is no payload."""
    talk = story.talk()
    story.tell(talk, talk.handshake())
    probe = talk.say(True, Flags.ACK, b"\0", seq=talk.client_isn)
    story.tell(talk, [part for _ in range(3) for part in (2 * HOUR, probe, talk.ack(False))])
    story.tell(talk, [talk.fin(), talk.fin(False), talk.ack()])
    story.ends(talk, "closed", 0, 0)


def shut_window(story: Story) -> None:
    """RFC 9293 section 3.8.6.1: the printer is full; one byte at a time is tried, and comes again later."""
    talk = story.talk()
    story.tell(talk, [*talk.handshake(), talk.asks(bytes(500))])
    story.tell(talk, [talk.ack(False)], window=0)
    probe = talk.say(True, Flags.ACK, b"\0", seq=talk.client_isn + 501)
    for pause in (1.0, 2.0, 4.0):
        story.tell(talk, [pause, probe])
        story.tell(talk, [talk.ack(False)], window=0)
    story.tell(talk, [talk.ack(False), talk.asks(bytes(300)), *talk.goodbye()])
    story.ends(talk, "closed", 800, 0)


def wraps() -> Story:
    """Nine gibibytes of images, of which one segment in 256 MiB was kept: the numbers turn twice."""
    story = Story()
    talk = story.talk(server_isn=(1 << 32) - GIB)
    story.tell(talk, [*talk.handshake(), talk.asks(b"ask")])
    for _ in range(36):
        story.tell(talk, [60.0, talk.answers(p_data(PATIENT)), talk.ack()])
        talk.skip(GIB // 4 - len(p_data(PATIENT)))
    story.tell(talk, [talk.ack(), *talk.goodbye()])
    story.ends(talk, "closed", 3, 9 * GIB)
    return story
