"""A box on the loopback that answers as it is told: SSDP, HTTP, SOAP, NAT-PMP and PCP, honest or not."""

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from xml.sax.saxutils import escape

UPNP = "urn:schemas-upnp-org"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ADDRESS = IPv4Address(f"127.{77 + os.getpid() % 150}.{os.getpid() // 150 % 250}.1")
"""Of this test run alone, since the ports are fixed."""

INDEX = re.compile(rb"<NewPortMappingIndex>(\d+)<")
Body = bytes | Callable[[BaseHTTPRequestHandler], None]


def service(kind: str, name: str, control: str = "", scpd: str = "") -> str:
    """One entry of a service list; its addresses are relative unless they are given."""
    return (
        f"<service><serviceType>{UPNP}:service:{kind}</serviceType><serviceId>{name}</serviceId>"
        f"<SCPDURL>{scpd or f'/{name}.xml'}</SCPDURL><controlURL>{control or f'/ctl/{name}'}</controlURL>"
        f"<eventSubURL>/evt/{name}</eventSubURL></service>"
    )


def description(version: int, services: str) -> bytes:
    """A root description, everything in one connection device."""
    inner = device(f"WANConnectionDevice:{version}", f"<serviceList>{services}</serviceList>")
    wan = device(f"WANDevice:{version}", f"<deviceList>{inner}</deviceList>")
    root = device(f"InternetGatewayDevice:{version}", f"<deviceList>{wan}</deviceList>")
    return f'<?xml version="1.0"?><root xmlns="{UPNP}:device-1-0">{root}</root>'.encode()


def device(kind: str, inside: str) -> str:
    """One device element."""
    return f"<device><deviceType>{UPNP}:device:{kind}</deviceType><UDN>uuid:{kind}</UDN>{inside}</device>"


FIELDS = {
    "NewPortMappingIndex": "ui2",
    "NewRemoteHost": "string",
    "NewExternalPort": "ui2",
    "NewProtocol": "string",
    "NewInternalPort": "ui2",
    "NewInternalClient": "string",
    "NewEnabled": "boolean",
    "NewPortMappingDescription": "string",
    "NewLeaseDuration": "ui4",
    "NewExternalIPAddress": "string",
    "NewConnectionStatus": "string",
    "NewLastConnectionError": "string",
    "NewUptime": "ui4",
    "FirewallEnabled": "boolean",
    "InboundPinholeAllowed": "boolean",
}
ENTRY = tuple(FIELDS)[1:9]
ACTIONS = {
    "GetExternalIPAddress": ((), ("NewExternalIPAddress",)),
    "GetStatusInfo": ((), ("NewConnectionStatus", "NewLastConnectionError", "NewUptime")),
    "GetGenericPortMappingEntry": (("NewPortMappingIndex",), ENTRY),
    "GetFirewallStatus": ((), ("FirewallEnabled", "InboundPinholeAllowed")),
}


def scpd(*actions: str) -> bytes:
    """A service description with these actions."""
    told = "".join(
        f"<action><name>{name}</name><argumentList>"
        + "".join(_argument(each, "in") for each in ACTIONS[name][0])
        + "".join(_argument(each, "out") for each in ACTIONS[name][1])
        + "</argumentList></action>"
        for name in actions
    )
    table = "".join(
        f'<stateVariable sendEvents="no"><name>V{name}</name><dataType>{kind}</dataType></stateVariable>'
        for name, kind in FIELDS.items()
    )
    return (
        f'<?xml version="1.0"?><scpd xmlns="{UPNP}:service-1-0"><actionList>{told}</actionList>'
        f"<serviceStateTable>{table}</serviceStateTable></scpd>"
    ).encode()


def _argument(name: str, way: str) -> str:
    return (
        f"<argument><name>{name}</name><direction>{way}</direction>"
        f"<relatedStateVariable>V{name}</relatedStateVariable></argument>"
    )


def reply(kind: str, action: str, **fields: object) -> bytes:
    """A SOAP answer."""
    inside = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())
    return _envelope(f'<u:{action}Response xmlns:u="{UPNP}:service:{kind}">{inside}</u:{action}Response>')


def fault(code: int) -> bytes:
    """A SOAP fault."""
    return _envelope(
        "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>"
        f'<UPnPError xmlns="{UPNP}:control-1-0"><errorCode>{code}</errorCode></UPnPError></detail></s:Fault>'
    )


def _envelope(inside: str) -> bytes:
    return f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP}"><s:Body>{inside}</s:Body></s:Envelope>'.encode()


def entry(
    outside: int = 11112,
    inside: int = 4242,
    *,
    machine: str = "192.168.1.66",
    transport: str = "TCP",
    enabled: int = 1,
    text: str = "Viewer",
    lease: int = 0,
    remote: str = "",
) -> dict[str, object]:
    """One mapping as a box tells it."""
    values = (remote, outside, transport, inside, machine, enabled, text, lease)
    return dict(zip(ENTRY, values, strict=True))


def refuse(asked: bytes) -> list[bytes]:
    """« Not authorised », in NAT-PMP and in PCP: an answer, so that nobody waits for one, and no offer."""
    head, length = (b"\0\x80\0\2", 12) if asked == b"\0\0" else (b"\2\x80\0\2", 24)
    return [head.ljust(length, b"\0")]


class FakeBox:
    """Listens on an address of its own; what it says is in its attributes."""

    def __init__(self, address: IPv4Address = ADDRESS) -> None:
        self.address = address
        self.paths: dict[str, Body] = {}
        """What is told under each path, whole or by a function that writes it."""
        self.actions: dict[str, list[tuple[int, bytes]]] = {}
        """For each SOAP action the answers by number, the last one for every further number."""
        self.asked: list[str] = []
        """Requests, as « GET /path » or the action's name."""
        self.datagrams: list[bytes] = []
        self.answers: Callable[[bytes], list[bytes]] = refuse
        """What is answered to a datagram of NAT-PMP or PCP."""
        self.locations: list[str] | None = None
        """What SSDP tells; None: where this one describes itself."""
        self.port = 0

    def is_honest(
        self,
        *entries: dict[str, object],
        version: int = 1,
        wan: str = "25.0.0.7",
        status: str = "Connected",
        firewall: int | None = None,
        kind: str = "",
    ) -> "FakeBox":
        """It tells these mappings, as a box fresh from the shop does."""
        kind = kind or f"WANIPConnection:{version}"
        services = service(kind, "conn")
        self.paths["/conn.xml"] = scpd("GetExternalIPAddress", "GetStatusInfo", "GetGenericPortMappingEntry")
        if firewall is not None:
            services += service("WANIPv6FirewallControl:1", "fw")
            self.paths["/fw.xml"] = scpd("GetFirewallStatus")
            said = {"FirewallEnabled": firewall, "InboundPinholeAllowed": 1}
            told = reply("WANIPv6FirewallControl:1", "GetFirewallStatus", **said)
            self.actions["GetFirewallStatus"] = [(200, told)]
        self.paths["/desc.xml"] = description(version, services)
        self.actions["GetExternalIPAddress"] = [
            (200, reply(kind, "GetExternalIPAddress", NewExternalIPAddress=wan))
        ]
        self.actions["GetStatusInfo"] = [
            (
                200,
                reply(
                    kind,
                    "GetStatusInfo",
                    NewConnectionStatus=status,
                    NewLastConnectionError="ERROR_NONE",
                    NewUptime=5,
                ),
            )
        ]
        listed = [(200, reply(kind, "GetGenericPortMappingEntry", **each)) for each in entries]
        self.actions["GetGenericPortMappingEntry"] = [*listed, (500, fault(713))]
        return self

    @property
    def url(self) -> str:
        """Where it describes itself."""
        return f"http://{self.address}:{self.port}/desc.xml"

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """One HTTP request."""
        action = request.headers.get("SOAPAction", "").strip('"').rpartition("#")[2]
        self.asked.append(action or f"{request.command} {request.path}")
        if action:
            wanted = INDEX.search(request.rfile.read(int(request.headers.get("Content-Length", 0))))
            told = self.actions.get(action, [(500, fault(401))])
            status, body = told[min(int(wanted[1]) if wanted else 0, len(told) - 1)]
        else:
            said = self.paths.get(request.path)
            if callable(said):
                said(request)
                return
            status, body = (404, b"") if said is None else (200, said)
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def hear(self, line: socket.socket) -> None:
        """Datagrams, until the socket is closed."""
        with suppress(OSError):
            while True:
                data, sender = line.recvfrom(4096)
                if sender is None:  # shut down
                    return
                self.datagrams.append(data)
                for answer in self._say(data):
                    line.sendto(answer, sender)

    def _say(self, data: bytes) -> list[bytes]:
        if not data.startswith(b"M-SEARCH"):
            return self.answers(data)
        told = [self.url] if self.locations is None else self.locations
        return [f"HTTP/1.1 200 OK\r\nST: x\r\nLOCATION: {each}\r\n\r\n".encode() for each in told]

    @contextmanager
    def up(self, ssdp: int = 1900, pcp: int = 5351) -> Iterator["FakeBox"]:
        """Let it answer."""
        box = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are written apart, and the list has 65 of them

            def do_GET(self) -> None:
                with suppress(OSError):
                    box.take(self)

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        lines = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for line, port in zip(lines, (ssdp, pcp), strict=True):
            line.bind((str(self.address), port))
        hearing = [threading.Thread(target=self.hear, args=(line,), daemon=True) for line in lines]
        for each in hearing:
            each.start()
        server = ThreadingHTTPServer((str(self.address), 0), Handler)
        server.daemon_threads = True
        server.block_on_close = False
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
            for line in lines:
                with suppress(OSError):
                    line.shutdown(
                        socket.SHUT_RD
                    )  # says that it is not connected, and wakes the thread all the same
                line.close()
            for thread in hearing:
                thread.join()


@contextmanager
def elsewhere() -> Iterator[tuple[str, list[object]]]:
    """Another host, that must never hear of us: its address, and who connected to it."""
    visitors: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as line:

        def take() -> None:
            with suppress(OSError):
                while True:
                    visitor, name = line.accept()
                    visitors.append(name)
                    visitor.close()

        threading.Thread(target=take, daemon=True).start()
        yield f"127.0.0.1:{line.getsockname()[1]}", visitors
