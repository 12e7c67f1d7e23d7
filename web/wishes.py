"""Wishes of a person: put to `watch`, which alone decides, and answered in words."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from flask import flash, g, redirect, request
from flask.typing import ResponseReturnValue

from sentinel.accepting import HOURS
from sentinel.text import has
from sentinel.wire.requests import Answer, Reply, Request, ask
from web.scene import surroundings
from web.words import at, t


def act(wish: Request, back: str) -> ResponseReturnValue:
    """Ask, then show the page again with what came of it."""
    flash(said(wish.verb.value, put(wish)))
    return redirect(back, 303)


def put(wish: Request) -> Answer:
    """Put a request to `watch`, always under the browser's address: only the command line has none."""
    return ask(surroundings().places.requests, replace(wish, client=request.remote_addr or "page"))


def said(what: str, answer: Answer) -> str:
    """An answer in words: those of what was asked where it has some, and how long to wait where that is known."""
    waits = answer.reply is Reply.BUSY and answer.wait_seconds
    keys = ["reply.wait"] if waits else [f"reply.{what}.{answer.reply.value}", f"reply.{answer.reply.value}"]
    key = next((each for each in keys if has(g.scene.audience.language, each)), keys[-1])
    return str(t(key, count=max(1, -(-answer.wait_seconds // 60))))


def who() -> str:
    """The first name a form asks for, on one line."""
    return " ".join(request.form.get("who", "").split())[:40]


def accept(wish: Request) -> tuple[Answer, str]:
    """Put an acceptance; its answer, and that in words: a window tells the hour it closes."""
    answer = put(wish)
    if answer.reply is Reply.DONE and wish.window and wish.when:
        return answer, str(t("act.window.done", at=at(datetime.fromisoformat(wish.when))))
    return answer, said(wish.verb.value, answer)


def in_hours(text: str) -> str:
    """The end of a maintenance window of so many hours; empty for a length that is not offered."""
    now: datetime = g.scene.now.wall
    hours = {str(each): each for each in HOURS}.get(text)
    return (now + timedelta(hours=hours)).isoformat(timespec="seconds") if hours else ""


def local(address: str) -> str:
    """An address of our own pages; anything else is the first page."""
    return address if re.fullmatch(r"/(?![/\\])[\w/.?=&%+-]*", address) else "/"
