"""What protects every answer: host names, headers, the code, and tags that make polling cheap."""

import re
from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from ipaddress import ip_address
from typing import ParamSpec
from urllib.parse import urlencode

from flask import Flask, Response, abort, g, redirect, request
from flask.typing import ResponseReturnValue

from web.scene import LANGUAGE_COOKIE, surroundings

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
YEAR = 365 * 24 * 3600


def is_local_name(host: str) -> bool:
    """Whether a Host header can be ours: an address, or a name that no public DNS can give.

    A page of the internet that rebinds its own name to our address comes with that name, and is refused.
    """
    name = re.sub(r":\d{1,5}$", "", host).lower()
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
    app.before_request(refuse_foreign_names)
    app.after_request(finish)
