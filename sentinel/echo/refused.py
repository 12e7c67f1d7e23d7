"""The echo's way to decline: one word of the protocol, raised where it is found and answered at the edge."""


class Refused(Exception):
    """Nothing is dialled; `word` is one of `protocol.STATUS`."""

    def __init__(self, word: str, wait: float | None = None) -> None:
        super().__init__(word)
        self.word = word
        self.wait = wait
        """Seconds after which asking again makes sense."""
