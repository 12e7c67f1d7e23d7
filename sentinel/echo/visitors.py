"""The page for whoever finds our address in a log: what this is, why it came, and how to be left alone.

The one text for people outside `text/`: the echo runs without the catalogues and their package. Both languages
stand on one page, because a visitor's browser is asked nothing. The address is the socket's peer; it is shown to
its owner and kept nowhere but in the opt-outs, blinded.

Another site can make a visitor's browser send a form, but cannot read this page: so the form carries a token, for
this line and this hour. A name that was made to point at us could read it, so under other names there is no form.
"""

import secrets
from datetime import timedelta
from hashlib import blake2b
from hmac import compare_digest
from html import escape
from importlib.resources import files
from ipaddress import ip_address
from string import Template
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from sentinel.clock import Clock
from sentinel.echo.challenges import Caller
from sentinel.echo.optouts import OptOuts, line_of
from sentinel.echo.refused import Refused
from sentinel.echo.settings import Settings
from sentinel.echo.wire import caller_of, read_body
from sentinel.model.moment import Address

TOKEN_LASTS = timedelta(hours=1)
HEADERS = {
    "Server": "sentinel-echo",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
STATES = {
    False: ("is not opted out", "n’est pas exclue du contrôle", "/opt-out", "Opt out · Ne plus être contrôlé"),
    True: ("is opted out", "est exclue du contrôle", "/opt-in", "Opt in again · Être contrôlé de nouveau"),
}
FORM = """<form method="post" action="{action}"><input type="hidden" name="token" value="{token}">
<button type="submit">{button}</button></form>"""
ELSEWHERE = """<p>Here · Ici\u00a0: <a href="http://{here}/">http://{here}/</a></p>"""
DONE = {
    None: "",
    True: "<p>Done: this line will not be checked.</p>\n"
    '<p lang="fr">C’est fait\u00a0: cette ligne ne sera plus contrôlée.</p>',
    False: "<p>Done: this line may be checked again.</p>\n"
    '<p lang="fr">C’est fait\u00a0: cette ligne peut être contrôlée de nouveau.</p>',
}


class Visitors:
    """Answers whoever is no sentinel."""

    def __init__(self, settings: Settings, optouts: OptOuts, clock: Clock) -> None:
        self._settings = settings
        self._optouts = optouts
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._page = Template(files("sentinel.echo").joinpath("visitors.html").read_text(encoding="utf-8"))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """`GET /`."""
        caller = caller_of(request)
        return self._answer(caller, None, form=self._is_our_name(request, caller))

    async def robots(self, _request: web.Request) -> web.StreamResponse:
        """`GET /robots.txt`: nothing here is worth an index."""
        return web.Response(text="User-agent: *\nDisallow: /\n", headers=HEADERS)

    async def opt_out(self, request: web.Request) -> web.StreamResponse:
        """`POST /opt-out`: from the next check on, and from the next knock of one that runs."""
        caller = await self._own_wish(request)
        self._optouts.add(caller.address, "page", self._clock().wall.timestamp())
        return self._answer(caller, True)

    async def opt_in(self, request: web.Request) -> web.StreamResponse:
        """`POST /opt-in`: as before."""
        caller = await self._own_wish(request)
        self._optouts.remove(caller.address)
        return self._answer(caller, False)

    def _answer(self, caller: Caller, done: bool | None, *, form: bool = True) -> web.Response:
        english, french, action, button = STATES[self._optouts.covers(caller.address)]
        text = self._page.substitute(
            name=escape(self._settings.name),
            contact=escape(self._settings.contact or "–"),
            address=escape(str(line_of(caller.address)).removesuffix("/32")),
            done=DONE[done],
            state_en=english,
            state_fr=french,
            form=FORM.format(action=action, button=button, token=self._token(caller.address, 0))
            if form
            else ELSEWHERE.format(here=self._here(caller)),
        )
        answer = web.Response(text=text, content_type="text/html", headers=HEADERS)
        answer.force_close()
        return answer

    async def _own_wish(self, request: web.Request) -> Caller:
        """Who sent a form of ours, from the line it was made for.

        Raises:
            Refused: `bad_request`, another site made his browser send it, or it is too old.
        """
        caller = caller_of(request)
        given = _token_in(await read_body(request))
        if not self._is_our_name(request, caller) or not any(
            _same(given, self._token(caller.address, ago)) for ago in (0, 1)
        ):
            raise Refused("bad_request")
        return caller

    def _token(self, address: Address, ago: int) -> str:
        hour = int(self._clock().wall.timestamp() // TOKEN_LASTS.total_seconds()) - ago
        return blake2b(f"{line_of(address)} {hour}".encode(), key=self._key, digest_size=16).hexdigest()

    def _is_our_name(self, request: web.Request, caller: Caller) -> bool:
        host, name = _host(request.headers.get("Host", "")), self._settings.name
        if host == name or host.endswith("." + name):
            return True
        return any(_is_address(host, each) for each in {caller.arrived_at, self._seen_as(caller)})

    def _seen_as(self, caller: Caller) -> Address:
        return self._settings.source(caller.arrived_at).seen_as

    def _here(self, caller: Caller) -> str:
        address = self._seen_as(caller)
        return f"[{address}]" if address.version == 6 else str(address)


def _token_in(body: bytes) -> str:
    try:
        return parse_qs(body.decode("ascii"), max_num_fields=4).get("token", [""])[0]
    except ValueError:
        return ""


def _host(header: str) -> str:
    try:
        return (urlsplit(f"//{header}").hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


def _is_address(host: str, address: Address) -> bool:
    try:
        return ip_address(host) == address
    except ValueError:
        return False


def _same(given: str, wanted: str) -> bool:
    return compare_digest(given.encode(), wanted.encode())
