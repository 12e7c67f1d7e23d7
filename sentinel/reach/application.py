"""What an echo says answered at a door, in our own words: whatever it says besides is dropped here."""

from enum import StrEnum
from typing import TypeVar

from sentinel.echo.protocol import App
from sentinel.model.exposure import AfterProbe, Answer, Application, Auth, Kind
from sentinel.services import PRODUCTS

W = TypeVar("W", bound=StrEnum)


def read_application(app: App) -> Application:
    """An application in fixed words; those nobody knows become "unknown", or nothing."""
    return Application(
        kind=_word(Kind, app.kind) or Kind.UNKNOWN,
        tls=app.tls,
        answer=_word(Answer, app.assoc),
        rejection=_rejection(app.rejection),
        status=app.status if app.status is not None and 100 <= app.status <= 599 else None,
        auth=_word(Auth, app.auth),
        product=app.product if app.product in PRODUCTS else None,
        after_probe=_word(AfterProbe, app.after_probe),
    )


def _word(words: type[W], said: str | None) -> W | None:
    try:
        return words(said or "")
    except ValueError:
        return None


def _rejection(said: tuple[int, int, int] | None) -> tuple[int, int, int] | None:
    """Result, source and reason are one byte each (PS3.8 section 9.3.4)."""
    if said is None or not all(0 <= number <= 255 for number in said):
        return None
    return said
