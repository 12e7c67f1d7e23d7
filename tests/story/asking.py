"""Asks an echo from where this program runs, and prints every fact the sentinel would have: for `host.python`.

    python -m tests.story.asking FOLDER INVITATION IDENTIFY PORT...

The keys and the enrolment stay in FOLDER, so the next call is the same practice.
"""

import sys
from datetime import timedelta
from pathlib import Path

from sentinel import codec
from sentinel.clock import now
from sentinel.echo.protocol import Identify
from sentinel.model.exposure import Exposure, Outcome, PortList
from sentinel.reach import enrol, keys
from sentinel.reach.asking import Check, ask
from tests.lab.host import Host


def asked(host: Host, folder: Path, invitation: str, identify: Identify, *ports: int) -> dict[int, Exposure]:
    """One IPv4 check of these ports, made from that machine.

    Raises:
        subprocess.CalledProcessError: the echo did not prove anything.
    """
    words = [str(folder), invitation, identify.value, *map(str, ports)]
    lines = host.python("-m", "tests.story.asking", *words, timeout=60).stdout.splitlines()
    facts = [codec.decode(line.encode(), Exposure) for line in lines]
    return {fact.port: fact for fact in facts if fact.port in ports}


def _main(folder: Path, invitation: str, identify: str, *ports: str) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    key = keys.own_key(folder)
    if not keys.echoes(folder):
        enrolled = enrol.enrol(enrol.read_invitation(invitation), key)
        if isinstance(enrolled, Outcome):
            print(enrolled, file=sys.stderr)
            return 1
        keys.keep(folder, enrolled)

    def post(fact: object) -> None:
        if isinstance(fact, Exposure):
            print(codec.encode(fact).decode())

    check = Check(
        echo=keys.echoes(folder)[0],
        family=4,
        ports=PortList.HOURLY,
        extra_ports=tuple(map(int, ports)),
        identify=Identify(identify),
    )
    outcome = ask(
        check,
        key=key,
        post=post,
        clock=now,
        record=lambda record: (folder / "report.json").write_bytes(record.report),
        settle=timedelta(0),
    )
    print(outcome, file=sys.stderr)
    return 0 if outcome.outcome is Outcome.CHECKED else 1


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1]), *sys.argv[2:]))
