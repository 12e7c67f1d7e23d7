"""`scapy.sniff` as its manual shows it, in a process of its own; at its end it writes how much it saw and lost."""

import json
import signal
import struct
import sys
from pathlib import Path

from scapy.config import conf
from scapy.packet import Packet
from scapy.sendrecv import sniff

from sentinel.capture.ring import SOL_PACKET, STATISTICS


class Seen:
    """What came."""

    def __init__(self) -> None:
        self.frames = 0

    def take(self, _: Packet) -> None:
        """One frame, which scapy has read to its last layer."""
        self.frames += 1


def main() -> None:
    """The process: interface, file, expression or nothing."""
    import scapy.all  # noqa: F401 - every layer it knows, as whoever types `from scapy.all import *` has them

    interface, path, expression = sys.argv[1:]
    seen = Seen()
    line = conf.L2listen(iface=interface, filter=expression or None)

    def end(*_: object) -> None:
        _, dropped = struct.unpack("=II", line.ins.getsockopt(SOL_PACKET, STATISTICS, 8))
        Path(path).write_text(json.dumps((seen.frames, dropped)))
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    sniff(opened_socket=line, prn=seen.take, store=False)


if __name__ == "__main__":
    main()
