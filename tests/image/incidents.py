"""Strangers who come, and what the guest says of them."""

import re
from collections.abc import Iterator
from ipaddress import ip_address

from tests.builders import IMAGING_MAC, Talk, mac_bytes
from tests.image.guest import Guest
from tests.pcaps.make import association

COUNTED = """
import sqlite3
store = sqlite3.connect("file:/var/lib/sentinel/sentinel.db?mode=ro", uri=True)
print("CONFIRMED", store.execute("select count(*) from incidents").fetchone()[0])
"""
COUNTS = """
import os, sqlite3
for name in ("/run/ask", "/run/told"):
    os.mkfifo(name)
if os.fork():
    os._exit(0)
os.setsid()
while True:
    open("/run/ask").read()
    store = sqlite3.connect("file:/var/lib/sentinel/sentinel.db?mode=ro", uri=True)
    open("/run/told", "w").write(str(store.execute("select count(*) from incidents").fetchone()[0]))
    store.close()
"""
"""The same, by a program that is in the snapshot: to start one takes an emulated board five seconds, each time."""
ASKS = "echo >/run/ask; cat /run/told"


def stranger(number: int) -> Iterator[bytes]:
    """An association of a stranger with one more machine, which is known by its MAC address: an incident."""
    address, mac = ip_address(f"192.168.1.{10 + number % 240}"), f"02:00:00:00:77:{number % 240:02x}"
    for frame in association(Talk(server=address, client_port=40_000 + number)):
        yield frame[:12].replace(mac_bytes(IMAGING_MAC), mac_bytes(mac)) + frame[12:]


def enters(guest: Guest, number: int) -> int:
    """One more stranger comes; so many incidents are confirmed by now."""
    guest.hears(stranger(number))
    return int(guest.run(ASKS))


def confirmed(guest: Guest) -> int:
    """Incidents in the store, as the guest sees them at this moment."""
    return int(re.search(r"CONFIRMED (\d+)", guest.python(COUNTED))[1])
