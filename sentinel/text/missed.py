"""Checks from outside that could not be made, in words: when, and why."""

from sentinel.model.verdict import Verdict
from sentinel.text import times
from sentinel.text.catalogue import say
from sentinel.text.points import Audience, Phrase


def missed(verdict: Verdict, audience: Audience) -> tuple[Phrase, ...]:
    """Each reason once, with the last time it was met."""
    last = {each.outcome: each.at.wall for each in sorted(verdict.missed, key=lambda each: each.at.boot)}
    language = audience.language
    return tuple(
        Phrase(
            key="miss.line",
            blanks={
                "at": times.at(language, at, audience.now, audience.zone),
                "why": say(language, f"miss.{outcome.value}"),
            },
        )
        for outcome, at in last.items()
    )
