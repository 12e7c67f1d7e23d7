"""Starts `watch` as often as it is told to, each in a process of its own, without loading Python anew each time.

One line of JSON on standard input is one start: `[config file, lasting folder, passing folder]`; the answer is its
process id. Whatever ends is forgotten at once.
"""

import json
import os
import signal
import sys
from pathlib import Path

from sentinel import toml
from sentinel.places import Places
from sentinel.programs.watch import watch


def main() -> None:
    """Until standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _begin(*json.loads(line))
        print(child, flush=True)


def _begin(config: str, lasting: str, passing: str) -> None:
    """The very function of the command line; `demo` only keeps it from asking this machine's own box."""
    os.umask(0o027)
    try:
        watch(toml.load(Path(config)), Places(lasting=Path(lasting), passing=Path(passing)), demo=True)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
