"""One life of `dissect`, seen from its parent: two pipes that are never waited for, and what it still owes."""

import os
import subprocess
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sentinel.model.machine import Portrait, Uplink
from sentinel.model.moment import Moment
from sentinel.wire.dissection import Answers, question

OWED = 64
"""Answers outstanding, at most: all of them fit into the pipe while a child starts."""
PATIENCE = timedelta(seconds=20)
"""A child that has owed an answer for so long hangs; starting takes it a few seconds on a slow card."""


class Child:
    """One life of `dissect`, by its two pipes.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], at: Moment) -> None:
        theirs, self._to = os.pipe()
        self._from, ours = os.pipe()
        try:
            self.process = subprocess.Popen(command, stdin=theirs, stdout=ours, stderr=subprocess.DEVNULL)
        except OSError:
            self._close()
            raise
        finally:
            os.close(theirs)
            os.close(ours)
        self.began = at
        self.owed: deque[tuple[Moment, Moment]] = deque()
        """Of each question the frame's own moment, and when it was asked."""
        self._answers = Answers()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)

    def ask(self, frame: bytes, seen: Moment, at: Moment) -> bool:
        """Whether the question is in the pipe.

        Raises:
            OSError: the child has gone.
        """
        if len(self.owed) >= OWED:
            return False
        try:
            os.write(self._to, question(frame, seen))
        except BlockingIOError:
            return False
        self.owed.append((seen, at))
        return True

    def answers(self) -> Iterator[tuple[bool, tuple[Portrait | Uplink, ...]]]:
        """What has come back: of each frame whether it was read, and what it told.

        Raises:
            OSError: the child has gone.
            ValueError: it says what no `dissect` says.
        """
        try:
            data = os.read(self._from, 1 << 16)
        except BlockingIOError:
            return
        if not data:
            raise BrokenPipeError
        for said in self._answers.take(data):
            if not self.owed:
                raise ValueError("an answer nobody asked for")
            seen, _ = self.owed.popleft()
            if any(fact.at != seen for fact in said.facts):
                raise ValueError("an answer to another frame")
            yield not said.unread, said.facts

    def is_stuck(self, at: Moment) -> bool:
        """Whether it has owed an answer for too long."""
        return bool(self.owed) and at.since(self.owed[0][1]) > PATIENCE

    def end(self) -> None:
        """Take it away; it is not waited for."""
        self._close()
        self.process.kill()

    def _close(self) -> None:
        os.close(self._to)
        os.close(self._from)
