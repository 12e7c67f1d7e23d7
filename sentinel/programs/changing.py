"""A section of the settings, changed on the page: checked as the file is, then a fact like any other."""

from sentinel.config import Config
from sentinel.model.acting import Setting
from sentinel.model.moment import Moment
from sentinel.pipeline import Street
from sentinel.settings import covered, merged, mistakes
from sentinel.wire.requests import Reply, Request

NAME = 80
"""Characters of who changed it."""


def change(request: Request, config: Config, street: Street, at: Moment) -> Reply:
    """Keep one section.

    Returns:
        NOT_ALLOWED with a mistake in it, NOT_UNDERSTOOD where it is no section at all.
    """
    kept = street.archive.settings()
    try:
        value = merged(config, kept, request.section, request.value)
    except ValueError:
        return Reply.NOT_UNDERSTOOD
    if mistakes(covered(config, kept), request.section, value):
        return Reply.NOT_ALLOWED
    street.walk(Setting(section=request.section, value=value, who=request.who[:NAME], at=at))
    return Reply.DONE
