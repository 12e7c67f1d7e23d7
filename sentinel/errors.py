"""Our exceptions: wrong configuration, a missing right or device, and nothing else.

The world going wrong is a value, not an exception.

    SentinelError
    ├── ConfigurationError    exit 2: every mistake in sentinel.toml, all at once
    ├── MissingRight          exit 77: the kernel refused what the program needs
    ├── MissingDevice         exit 69: interface, store folder or lamp is not there
    └── NotReadable           exit 65: a file that is not what it should be
"""


class SentinelError(Exception):
    """Something a person can put right; its text is one plain sentence, its `exit_code` follows sysexits."""

    exit_code = 70


class ConfigurationError(SentinelError):
    """`sentinel.toml` is wrong; `mistakes` holds one sentence for each."""

    exit_code = 2

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class MissingRight(SentinelError):
    """The kernel refused: the sentence says which right is needed and how to give it."""

    exit_code = 77


class MissingDevice(SentinelError):
    """An interface, a folder or a lamp is not there."""

    exit_code = 69


class NotReadable(SentinelError):
    """A capture, a key or a report that cannot be read."""

    exit_code = 65
