"""The oddities of mirrors: what a switch copies twice, in the wrong order, one way only, or not at all."""

from sentinel.model.packet import Flags
from tests.pcaps.story import Story, exchange


def mirrors() -> Story:
    """A mirror of two ports, a mirror of one direction, and a line that loses, repeats and overtakes."""
    story = Story()
    for tell in (copied_twice, overtaken, only_the_client, only_the_server, only_the_answer, missing):
        tell(story)
    return story


def copied_twice(story: Story) -> None:
    """Where both ports of a talk are mirrored each frame comes twice, once as it was routed on."""
    talk = story.talk()
    for word in [*talk.handshake(), *exchange(talk)]:
        story.tell(talk, [word])
        story.tell(talk, [word], tags=((0x8100, 20),))
    story.ends(talk, "closed", 3, 6)


def overtaken(story: Story) -> None:
    """Repeated, repeated in other cuts, and in the wrong order, the FIN before the last byte."""
    talk = story.talk()
    opening = talk.handshake()
    a, b, c = (talk.answers(letter * 100) for letter in (b"a", b"b", b"c"))
    both = talk.say(False, Flags.ACK, b"a" * 50 + b"b" * 70, seq=talk.server_isn + 51)
    ask, (fin, fin_back, last) = talk.asks(b"ask"), talk.goodbye()
    story.tell(talk, [*opening, opening[2], ask, ask, b, a, both, fin_back, c, fin, fin, last, a, last])
    story.ends(talk, "closed", 3, 300)


def only_the_client(story: Story) -> None:
    """Nobody is heard to answer."""
    talk = story.talk()
    story.tell(talk, [word for word in [*talk.handshake(), *exchange(talk)] if word.from_client])
    story.ends(talk, "attempted", 3, 0)


def only_the_server(story: Story) -> None:
    """What it acknowledges is what the client has said (RFC 9293 section 3.4)."""
    talk = story.talk()
    words = [*talk.handshake(), talk.asks(bytes(700)), talk.answers(b"answer"), talk.fin(False)]
    story.tell(talk, [word for word in words if not word.from_client])
    story.ends(talk, "connected", 700, 6)


def only_the_answer(story: Story) -> None:
    """The SYN was lost on its way to us: the SYN-ACK carries all there is to know."""
    talk = story.talk()
    story.tell(talk, [*talk.handshake()[1:], *exchange(talk)])
    story.ends(talk, "closed", 3, 6)


def missing(story: Story) -> None:
    """An oversubscribed mirror drops the middle: the numbers around the hole say what was in it."""
    talk = story.talk()
    story.tell(talk, [*talk.handshake(), talk.asks(b"ask"), talk.answers(bytes(1_000))])
    talk.skip(50_000)
    story.tell(talk, [talk.answers(bytes(1_000)), talk.ack(), *talk.goodbye()])
    story.ends(talk, "closed", 3, 52_000)
