"""What the box's UPnP service tells: its address, its mappings, its IPv6 firewall, read by async-upnp-client.

The only place of the appliance with asyncio and aiohttp in it, and so never imported by `watch`: it lives in the
short-lived child of `reach/box.py`. Whatever answers is hostile until shown otherwise. No redirect is followed, no
other host is ever spoken to, every body is cut off as it arrives, and XML with entities is refused by defusedxml.
Readers that others wrote raise anything at all on nonsense, so what is caught here is `Exception`: nothing of it
is lost, since the reading says that something was not understood.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Address, ip_address

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar
from async_upnp_client.client import UpnpDevice, UpnpRequester
from async_upnp_client.client_factory import UpnpFactory
from async_upnp_client.const import HttpRequest, HttpResponse
from async_upnp_client.exceptions import UpnpActionError, UpnpCommunicationError
from async_upnp_client.profiles.igd import IgdDevice, PortMappingEntry

from sentinel.model.box import Mapping, Transport
from sentinel.reach.ssdp import is_of

BODY = 256 << 10
"""Bytes of one answer, as received."""
BODIES = 4 << 20
"""Bytes of all of them together."""
REQUESTS = 120
"""A list of mappings takes 65, the descriptions a dozen."""
MAPPINGS = 64
TEXT = 80
LASTS = 8.0
"""Seconds for everything; what has been read by then is kept."""
ONE = 4.0
"""Seconds for one request."""
CONNECTIONS = ("WANIPC", "WANPPPC")
"""Where mappings are kept: a box may have both, and use either."""
NO_MORE = 713
"""SpecifiedArrayIndexInvalid: the list ends here. Any other error may have cut it short."""


@dataclass(slots=True)
class Told:
    """What has been learnt so far; kept when time runs out in the middle."""

    igd: int | None = None
    wan: IPv4Address | None = None
    connected: bool = False
    """Its line is up."""
    ipv6_inbound: bool | None = None
    mappings: list[Mapping] = field(default_factory=list)
    complete: bool = False
    """The list was read to its end, and every entry of it was understood."""
    trouble: list[str] = field(default_factory=list)


def read_igd(url: str, gateway: IPv4Address, *, lasts: float = LASTS) -> Told:
    """Read the box that describes itself at `url`; nothing raises but a bug, and nothing lasts longer."""
    told = Told()
    try:
        asyncio.run(_within(url, gateway, told, lasts))
    except TimeoutError:
        told.complete = False
        told.trouble.append("it took too long")
    except Exception as error:
        told.complete = False
        told.trouble.append(f"not understood: {type(error).__name__}")
    return told


async def _within(url: str, gateway: IPv4Address, told: Told, lasts: float) -> None:
    async with (
        asyncio.timeout(lasts),
        ClientSession(
            auto_decompress=False,  # the limit is on what is received, and nothing may grow after it
            cookie_jar=DummyCookieJar(),
            headers={"Accept-Encoding": "identity"},
            timeout=ClientTimeout(total=ONE),
        ) as session,
    ):
        device = await UpnpFactory(Careful(session, gateway), non_strict=True).async_create_device(url)
        await _read(IgdDevice(device, None), told)


class Careful(UpnpRequester):
    """Speaks to the gateway and to nobody else, and stops listening when it has heard enough."""

    def __init__(self, session: ClientSession, gateway: IPv4Address) -> None:
        self._session = session
        self._gateway = gateway
        self._requests = 0
        self._bytes = 0

    async def async_http_request(self, http_request: HttpRequest) -> HttpResponse:
        """One request.

        Raises:
            UpnpCommunicationError: it leads elsewhere, or there were too many, or the answer is too long.
        """
        self._requests += 1
        if self._requests > REQUESTS or not is_of(http_request.url, self._gateway):
            raise UpnpCommunicationError(message="a request that is not made")
        async with self._session.request(
            http_request.method,
            http_request.url,
            headers=dict(http_request.headers),
            data=http_request.body,
            allow_redirects=False,
        ) as response:
            body = await self._body(response)
        return HttpResponse(response.status, response.headers, body.decode("utf-8", "replace"))

    async def _body(self, response: ClientResponse) -> bytes:
        body = bytearray()
        async for piece in response.content.iter_any():
            body += piece
            self._bytes += len(piece)
            if len(body) > BODY or self._bytes > BODIES:
                response.close()
                raise UpnpCommunicationError(message="an answer too long")
        return bytes(body)


async def _read(box: IgdDevice, told: Told) -> None:
    told.igd = _version(box.profile_device)
    listed = [await _list(box, name, told) for name in CONNECTIONS if _has(box, name)]
    told.complete = bool(listed) and all(listed)
    if not listed:
        told.trouble.append("no list of mappings")
    try:
        firewall = await box.async_get_firewall_status()
    except Exception as error:
        told.trouble.append(f"IPv6 firewall: {type(error).__name__}")
    else:
        told.ipv6_inbound = None if firewall is None else _inbound(firewall.firewall_enabled)


def _version(device: UpnpDevice) -> int:
    """2 where either the device or its connection service is of the second version."""
    kinds = [device.device_type, *(service.service_type for service in device.all_services)]
    second = any(kind.endswith((":InternetGatewayDevice:2", ":WANIPConnection:2")) for kind in kinds)
    return 2 if second else 1


def _has(box: IgdDevice, name: str) -> bool:
    return box._any_action([name], "GetGenericPortMappingEntry") is not None  # the library tells it no other way


def _inbound(enabled: object) -> bool | None:
    """A box whose firewall is off lets everything in over IPv6."""
    return not enabled if isinstance(enabled, bool) else None


async def _list(box: IgdDevice, name: str, told: Told) -> bool:
    """The address and the mappings of one connection; True when the list was read to its end and understood."""
    try:
        await _address(box, name, told)
    except Exception as error:
        told.trouble.append(f"its address: {type(error).__name__}")
    understood = True
    for index in range(MAPPINGS + 1):
        try:
            entry = await box.async_get_generic_port_mapping_entry(index, [name])
            found = _mapping(entry) if entry else None
        except UpnpActionError as error:
            if error.error_code == NO_MORE:
                return understood
            told.trouble.append(f"mapping {index}: error {error.error_code}")
            return False
        except (UpnpCommunicationError, ClientError, OSError) as error:
            told.trouble.append(f"mapping {index}: {type(error).__name__}")
            return False
        except Exception as error:
            told.trouble.append(f"mapping {index}: {type(error).__name__}")
            understood = False
            continue
        if found is None or len(told.mappings) >= MAPPINGS:
            break
        if found not in told.mappings:  # some boxes answer every index with the same one
            told.mappings.append(found)
    told.trouble.append("the list has no end")
    return False


async def _address(box: IgdDevice, name: str, told: Told) -> None:
    status = await box.async_get_status_info([name])
    told.connected = told.connected or (status is not None and status.connection_status == "Connected")
    said = await box.async_get_external_ip_address([name])
    address = ip_address(said.strip()) if said and said.strip() else None
    if isinstance(address, IPv4Address) and not address.is_unspecified:
        told.wan = told.wan or address


def _mapping(entry: PortMappingEntry) -> Mapping:
    """One entry as we know it.

    Raises:
        ValueError: it is no forward of a port to a machine.
    """
    return Mapping(
        transport=Transport(str(entry.protocol).lower()),
        outside_port=_port(entry.external_port),
        machine=IPv4Address(entry.internal_client),
        inside_port=_port(entry.internal_port),
        enabled=bool(entry.enabled),
        remote=None if entry.remote_host is None or entry.remote_host.is_unspecified else entry.remote_host,
        lease=_lease(entry.lease_duration),
        text=printable(str(entry.description or "")),
    )


def _port(said: object) -> int:
    if isinstance(said, int) and 0 < said < 65_536:
        return said
    raise ValueError("not a port")


def _lease(said: timedelta | None) -> timedelta | None:
    return said if said is not None and timedelta(0) < said < timedelta(days=36_500) else None


def printable(said: str) -> str:
    """A text of the LAN as it may be shown: 80 printable characters at most."""
    return "".join(_shown(said))[:TEXT]


def _shown(said: str) -> Iterator[str]:
    return (each for each in said[: 4 * TEXT] if each.isprintable())
