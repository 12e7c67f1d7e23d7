"""The doors `sentinel.toml` accepts, beside those of the page: one list in the store, read back at start.

An entry of the file is kept when it is first read, because its year (or its 90 days) counts from then. One that
was withdrawn on the page stays so while it stands in the file unchanged; one taken out of the file is withdrawn
with it.
"""

import logging
from ipaddress import ip_network
from zoneinfo import ZoneInfo

from sentinel import accepting
from sentinel.config import Config, Expected
from sentinel.judgement.installation import SETTLES, Installation
from sentinel.judgement.judge import Judge
from sentinel.model.acting import Acceptance, Withdrawal
from sentinel.model.moment import Moment
from sentinel.store.archive import Archive

FILE = "sentinel.toml"
"""Who withdraws what the file does not say any more."""

log = logging.getLogger(__name__)


def recall(judge: Judge, archive: Archive, config: Config, at: Moment) -> None:
    """Everything that is accepted when `watch` starts, and what was so before; what the file says anew, or no
    more, goes to the store."""
    judge.installation = _installation(archive, at)
    kept, zone = archive.acceptances(at), ZoneInfo(config.practice.time_zone)
    of_file = [each for each in kept if each.acceptance.from_file]
    stays = {each.acceptance.number for each in of_file if _is_said(each.acceptance, config.expected, zone)}
    gone = {each.acceptance.number for each in of_file if each.withdrawn is None} - stays
    for number in gone:
        archive.withdrawal(Withdrawal(number=number, who=FILE, at=at))
    held = [each.acceptance for each in kept if each.withdrawn is None and each.acceptance.number not in gone]
    number = archive.next_acceptance()
    for each in config.expected:
        if any(_made(each, zone, one.acceptance.number, one.acceptance.at) == one.acceptance for one in of_file):
            continue
        made = _made(each, zone, number, at)
        if made.until < accepting.end_of(each.until, zone):
            last = accepting.last_day(made.until, zone)
            log.warning("%s port %d is accepted until %s, not %s", made.machine, made.port, last, each.until)
        archive.acceptance(made)
        held.append(made)
        number += 1
    judge.granted.remember(held, at, number)


def _installation(archive: Archive, at: Moment) -> Installation:
    """What was found closed is looked up while the store is young: later nothing is marked for its sake."""
    born = archive.born(at)
    is_young = at.since(born) <= SETTLES
    return Installation(born, archive.checked_families(), archive.refused_doors() if is_young else ())


def _is_said(kept: Acceptance, expected: tuple[Expected, ...], zone: ZoneInfo) -> bool:
    return any(_made(each, zone, kept.number, kept.at) == kept for each in expected)


def _made(said: Expected, zone: ZoneInfo, number: int, at: Moment) -> Acceptance:
    """What an entry of the file comes to, where it was first read at that moment."""
    source = None if said.source == "any" else ip_network(said.source)
    until = accepting.end_of(said.until, zone)
    return Acceptance(
        number=number,
        machine=said.machine.lower(),
        port=said.port,
        source=None if source is None else str(source),
        until=accepting.at_most(until, at.wall, zone, port=said.port, source=source),
        who=said.who,
        why=said.why,
        at=at,
        from_file=True,
    )
