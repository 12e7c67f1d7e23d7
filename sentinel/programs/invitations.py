"""The invitations of `sentinel.toml`: each is used once, whenever its echo can be reached."""

import logging
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel.clock import Clock
from sentinel.errors import SentinelError
from sentinel.model.exposure import Outcome
from sentinel.model.moment import Moment
from sentinel.reach import enrol, keys

log = logging.getLogger(__name__)

AGAIN = timedelta(seconds=60)
"""An invitation that could not be used is tried again this often."""


class Invitations:
    """Those that wait to be used."""

    def __init__(self, texts: tuple[str, ...], folder: Path, clock: Clock, key: Ed25519PrivateKey) -> None:
        self._texts = texts
        self._folder = folder
        self._clock = clock
        self._key = key
        self._tried: dict[str, Moment] = {}
        self._used: set[str] = set()
        """Whose echo has been ours; where two name one server, the later takes the place and the former rests."""

    def accept(self) -> None:
        """Enrol where we are not enrolled yet: an echo we know needs no invitation, however often it is named."""
        for text in self._texts:
            at, tried = self._clock(), self._tried.get(text)
            known = keys.echoes(self._folder)
            waits = text not in self._used and (tried is None or at.since(tried) >= AGAIN)
            if waits and len(known) < keys.MOST:
                self._tried[text] = at
                self._accept(text, {echo.key_id for echo in known})

    def _accept(self, text: str, known: set[str]) -> None:
        try:
            invitation = enrol.read_invitation(text)
        except SentinelError as error:
            log.error("the invitation cannot be read: %s", error)
            return
        if invitation.key_id in known:
            self._used.add(text)
            return
        answer = enrol.enrol(invitation, self._key)
        if isinstance(answer, Outcome):
            log.warning("%s did not take the invitation: %s", invitation.host, answer.value)
            return
        keys.keep(self._folder, answer)
        self._used.add(text)
        log.info("enrolled with the echo %s", answer.host)
