"""The Flask app: made once, from configuration, places and a clock; it writes nowhere.

Every page opens the store anew and closes it, so that the page follows the writer and survives its restart.
Whether the sentinel runs is told by the pulse alone; without it, or with an old one, the page never says calm.
"""

import secrets

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException

from sentinel.clock import Clock, boot_id
from sentinel.config import Config
from sentinel.places import Places
from web import (
    accepted,
    account,
    actions,
    connections,
    deeds,
    diagnostics,
    events,
    first,
    front,
    guard,
    lamp,
    machines,
    navigation,
    notices,
    options,
    outside,
    papers,
    shelves,
    status,
    words,
)
from web.scene import Surroundings, look, surroundings

LONGEST = 16 * 1024
"""Bytes of the longest form: a name, a code, a token."""


def create_app(config: Config, places: Places, clock: Clock) -> Flask:
    """The status page of one sentinel."""
    app = Flask(__name__)
    secret = secrets.token_bytes(32)  # forms made before a restart are refused, and say so
    app.extensions["sentinel"] = Surroundings(
        config=config, places=places, clock=clock, boot=boot_id(), secret=secret
    )
    _settle(app, secret, config)
    guard.guard(app)
    app.before_request(_look)
    CSRFProtect(app)
    words.teach(app)
    navigation.teach(app)
    rooms = (
        front,
        lamp,
        status,
        diagnostics,
        shelves,
        events,
        connections,
        outside,
        machines,
        accepted,
        options,
        notices,
        papers,
        first,
        actions,
        deeds,
        account,
    )
    for room in rooms:
        app.register_blueprint(room.pages)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(OSError, _unreadable)
    return app


def _settle(app: Flask, secret: bytes, config: Config) -> None:
    app.secret_key = secret
    app.config.update(
        SESSION_COOKIE_NAME="__Host-sentinel_form" if config.page.https_port else "sentinel_form",
        SESSION_COOKIE_SECURE=bool(config.page.https_port),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=LONGEST,
        MAX_FORM_MEMORY_SIZE=LONGEST,
        WTF_CSRF_TIME_LIMIT=None,  # a page may stay open all day
        WTF_CSRF_SSL_STRICT=False,  # it wants the Referer that our own headers forbid
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _look() -> None:
    """Gather the scene; pictures and style need none."""
    if request.endpoint != "static":
        g.scene = look(request, surroundings())


def _refused(error: HTTPException) -> ResponseReturnValue:
    """A request that cannot be answered, in words."""
    if error.response is not None or "scene" not in g:
        return error.get_response()
    return render_template("error.html", status=error.code), error.code or 500


def _unreadable(_: OSError) -> ResponseReturnValue:
    """The store is the only file a page opens."""
    return render_template("error.html", status=503), 503
