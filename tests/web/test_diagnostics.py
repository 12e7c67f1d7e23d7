"""What may be sent to whoever helps from elsewhere: everything about the sentinel, nothing about anybody."""

import re
from dataclasses import replace
from ipaddress import ip_address

from furnished import CONFIG, HOSTS, MAC, MACHINE, PUBLIC, STRANGER, TOKEN, Cabinet, door, moment, verdict

from sentinel.config import Echo, Notices
from sentinel.model.box import BoxReading, Mapping, Reading, Transport
from sentinel.model.finding import Code
from sentinel.store import rows

SECRETS = {
    "notices": Notices(practice=("mailtos://sophie:pass-word@smtp.example.org",)),
    "echo": Echo(invitation="sentinel-echo://host/token"),
}
BOX = BoxReading(
    reading=Reading.READ,
    at=moment(),
    gateway=ip_address("192.168.77.1"),
    igd=2,
    wan=ip_address(PUBLIC[4]),
    mappings=(
        Mapping(
            transport=Transport.TCP, outside_port=104, machine=ip_address(MACHINE), inside_port=104, text="PACS"
        ),
    ),
    detail="said something",
)


def test_it_names_nobody_and_holds_no_secret(cabinet: Cabinet):
    """Addresses, machines, people, passwords and tokens stay here; also those of a troubled day."""
    cabinet.config = replace(CONFIG, **SECRETS)
    cabinet.add("box", rows.box_row(BOX))
    cabinet.beat(verdict(door(Code.STRANGER_ASSOCIATED)), parts={"disk": "12 MB left"})

    text = cabinet.insider().get("/sentinel.txt").text

    named = (
        MAC,
        MACHINE,
        STRANGER,
        *PUBLIC.values(),
        *HOSTS.values(),
        "192.168.77",
        "PACS",
        "RADIO",
        "Sophie",
        "01 23",
    )
    secret = ("pass-word", "smtp", "sentinel-echo", "3141", TOKEN)
    assert [each for each in (*named, *secret) if each in text] == []
    assert not re.search(r"\d+\.\d+\.\d+\.\d+|([0-9a-f]{2}:){5}", text)


def test_it_says_how_the_sentinel_is_doing(cabinet: Cabinet):
    """One fact a line."""
    cabinet.add("box", rows.box_row(BOX))
    cabinet.beat(verdict(door(Code.STRANGER_ASSOCIATED)))

    answer = cabinet.insider().get("/sentinel.txt")
    text = answer.text

    assert answer.mimetype == "text/plain"
    assert "attachment" in answer.headers["Content-Disposition"]
    for line in (
        "alive: True",
        "verdict: alarm; view mirror; assurance B; 48 doors",
        "reason: stranger_associated, alarm, 4500 s",
        "part: disk, well",
        "shows: mirrored, half since never",
        "wrapped: nothing",
        "counts: frames 120345, dropped 0, undecodable 3, fragments 2, pieces 0, forgotten 0, unsent 0, unread 0, "
        "foreign None, unseen 0, opened 0, unopened 0",
        "losses: missed 0, fifo 0, over 0, damaged 0, refused 0, backlog 0, squeezed 0",
        "box: read, 0 s ago, igd 2, pcp False, natpmp False, ipv6 inbound None, 1 mappings",
        "journal: 0 entries, last never, anchored never",
    ):
        assert f"\n{line}\n" in text, line
    assert "check IPv6 by SECOND: unreachable" in text


def test_a_sentinel_that_does_not_run_says_so(cabinet: Cabinet):
    """The store alone is told of."""
    cabinet.places.pulse.unlink()

    assert "alive: False" in cabinet.insider().get("/sentinel.txt").text


def test_it_is_behind_the_code(cabinet: Cabinet):
    """Codes of findings are nobody else's."""
    assert cabinet.visitor().get("/sentinel.txt").status_code == 303
