"""What protects every answer: who reads, under which name, by which port; headers, the login, tags for polling.

With a certificate (`page.https_port`) the plain port tells what anybody of the LAN may know, without any cookie of
ours; everything else is sent to the other port, and a form that came in clear is not sent on.
"""

import re
from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from ipaddress import ip_address
from typing import ParamSpec
from urllib.parse import urlencode

from flask import Flask, Response, abort, g, redirect, request
from flask.typing import ResponseReturnValue

from sentinel.text import say
from web.readers import may_read
from web.scene import LANGUAGE_COOKIE, is_private, language, surroundings

P = ParamSpec("P")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),  # data: is for the arrows of Pico's lists
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
LOCAL_ENDINGS = (".local", ".home", ".lan")
OPEN = frozenset({"/", "/lampe", "/healthz", "/api/v1/status"})
"""What the plain port tells where there is another."""
YEAR = 365 * 24 * 3600


def is_local_name(host: str) -> bool:
    """Whether a Host header can be ours: an address, or a name that no public DNS can give.

    A page of the internet that rebinds its own name to our address comes with that name, and is refused.
    """
    name = re.sub(r":\d{1,5}$", "", host).lower().removesuffix(".")
    bracketed = re.fullmatch(r"\[(.*)\]", name)
    try:
        ip_address(bracketed[1] if bracketed else name)
    except ValueError:
        plain = re.fullmatch(r"[a-z0-9.-]{1,253}", name) is not None
        return plain and ("." not in name or name.endswith(LOCAL_ENDINGS))
    return True


def refuse_foreign_names() -> None:
    """Stop a request that came under a name of the internet (DNS rebinding)."""
    if not is_local_name(request.headers.get("Host", "")):
        abort(Response("This is not the name of a machine of this network.\n", 400, mimetype="text/plain"))


def refuse_strangers() -> None:
    """Stop whoever is not of the practice's networks: a page that was forwarded to the internet tells nothing."""
    around = surroundings()
    if not may_read(request.remote_addr or "", around):
        words = say(language(request, around.config), "refused.network")
        abort(Response(f"{words}\n", 403, mimetype="text/plain"))


def to_private() -> ResponseReturnValue | None:
    """Send a reader of the plain port to the other one, as a GET: a form that came in clear is not sent on."""
    config = surroundings().config
    if is_private(request, config) or request.path in OPEN or request.path.startswith("/static/"):
        return None
    host = re.sub(r":\d{1,5}$", "", request.host)
    port = "" if config.page.https_port == 443 else f":{config.page.https_port}"
    path = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else request.path
    return redirect(f"https://{host}{port}{path}", 303)


def behind_code(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A page only for those who gave the code; others are sent to give it, and come back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if g.scene.named:
            return view(*args, **kwargs)
        if not g.scene.readable:  # then no login can be recognised either
            abort(503)
        back = request.full_path.rstrip("?") if request.method == "GET" else "/"
        return redirect("/code?" + urlencode({"next": back}), 303)

    return guarded


def finish(response: Response) -> Response:
    """Headers, the remembered language, the tag."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/static/"):
        return response
    scene = g.get("scene")
    private = scene is None or scene.named or request.method != "GET" or response.status_code != 200
    response.headers["Cache-Control"] = "no-store" if private else "private, no-cache"
    response.headers["Vary"] = "Cookie, Accept-Language"
    if request.args.get("lang") in ("fr", "en"):
        response.set_cookie(LANGUAGE_COOKIE, request.args["lang"], max_age=YEAR, httponly=True, samesite="Lax")
    if request.method == "GET" and response.mimetype == "text/html" and response.status_code == 200:
        response.set_etag(tag(response.get_data()))
        response.make_conditional(request)
    return response


def tag(page: bytes) -> str:
    """The page's tag: what differs at every rendering (form token, time of printing) is left out.

    It is keyed with this process's secret, since after a restart the forms of an older page no longer work.
    """
    for volatile in (g.get("csrf_token", ""), g.get("made", "")):
        page = page.replace(str(volatile).encode(), b"") if volatile else page
    return blake2b(page, key=surroundings().secret, digest_size=12).hexdigest()


def guard(app: Flask) -> None:
    """Put the protections around every request of `app`."""
    for each in (refuse_foreign_names, refuse_strangers, to_private):
        app.before_request(each)
    app.after_request(finish)
