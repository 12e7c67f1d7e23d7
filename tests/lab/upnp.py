"""The box's UPnP, NAT-PMP and PCP, by Debian's miniupnpd; and a machine of the LAN that asks it for a door.

miniupnpd keeps its rules in a table of its own, beside those of the box.
"""

import http.client
import os
import re
import signal
from contextlib import suppress
from ipaddress import IPv4Address

from tests.lab import plan
from tests.lab.host import FOLDER, Host, wait_until

PORT = 5000
CONFIGURATION = FOLDER / "upnp.conf"
PID = FOLDER / "upnp.pid"
TABLE = """
table inet filter {
  chain miniupnpd { }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
  chain prerouting {
    type nat hook prerouting priority dstnat + 5;
    jump prerouting_miniupnpd
  }
}
"""
SETTINGS = """
ext_ifname={card}
listening_ip=lan0
port={port}
enable_upnp=yes
enable_natpmp=yes
secure_mode=no
uuid=2f5b6e1c-7a52-4d6a-8d0c-0cab10e70001
force_igd_desc_v1={v1}
upnp_forward_chain=miniupnpd
upnp_nat_chain=prerouting_miniupnpd
upnp_nat_postrouting_chain=postrouting_miniupnpd
allow 1-65535 {lan} 1-65535
deny 0-65535 0.0.0.0/0 0-65535
"""
SOAP = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
    '<u:{action} xmlns:u="{service}">{fields}</u:{action}></s:Body></s:Envelope>'
)


def turn_on(box: Host, *, version: int = 2, card: str = "wan0") -> None:
    """The box opens doors to whoever asks, as it was sold; `card`: what it takes for its internet side."""
    v1 = "yes" if version == 1 else "no"
    CONFIGURATION.write_text(SETTINGS.format(port=PORT, v1=v1, lan=plan.LAN4, card=card))
    box.run(["nft", "-f", "-"], stdin=TABLE)
    box.start(["miniupnpd", "-d", "-f", str(CONFIGURATION), "-P", str(PID)], ready=(PORT,))
    wait_until(PID.exists)


def turn_off(box: Host) -> None:
    """It opens nothing any more, and what it opened is closed."""
    number = int(PID.read_text())
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGTERM)
    wait_until(lambda: PORT not in box.listening())
    PID.unlink(missing_ok=True)
    box.run(["nft", "delete", "table", "inet", "filter"])


def ask_for(
    asking: Host, outside: int, inside: int, machine: IPv4Address, *, text: str = "Viewer", transport: str = "TCP"
) -> None:
    """A program on `asking` has the box forward a public port; for a week, the longest version 2 grants.

    Raises:
        RuntimeError: the box refused.
    """
    fields = (
        ("NewRemoteHost", ""),
        ("NewExternalPort", outside),
        ("NewProtocol", transport),
        ("NewInternalPort", inside),
        ("NewInternalClient", machine),
        ("NewEnabled", 1),
        ("NewPortMappingDescription", text),
        ("NewLeaseDuration", 604_800),
    )
    _call(asking, "AddPortMapping", *fields)


def take_back(asking: Host, outside: int, *, transport: str = "TCP") -> None:
    """The same program no longer wants it.

    Raises:
        RuntimeError: the box refused.
    """
    fields = (("NewRemoteHost", ""), ("NewExternalPort", outside), ("NewProtocol", transport))
    _call(asking, "DeletePortMapping", *fields)


def _call(asking: Host, action: str, *fields: tuple[str, object]) -> None:
    told = _http(asking, "GET", "/rootDesc.xml")[1]
    [service] = re.findall(r"<serviceType>([^<]*:WANIPConnection:\d)</serviceType>", told)
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in fields)
    body = SOAP.format(action=action, service=service, fields=inside)
    status, answer = _http(asking, "POST", "/ctl/IPConn", body, {"SOAPAction": f'"{service}#{action}"'})
    if status != 200:
        raise RuntimeError(f"{action}: {status} {answer[-300:]}")


def _http(
    asking: Host, verb: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    gateway = plan.nic("box", "lan0").v4[0]
    line = http.client.HTTPConnection(str(gateway), PORT, timeout=5)
    with asking.inside():
        line.connect()
    try:
        line.request(verb, path, body, headers or {})
        answer = line.getresponse()
        return answer.status, answer.read().decode()
    finally:
        line.close()
