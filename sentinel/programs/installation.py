"""What `sentinel check` says of an installed machine: whether each program may do what it must, and no more."""

import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from sentinel.config import Config
from sentinel.errors import SentinelError
from sentinel.places import Places
from sentinel.programs import firewall
from sentinel.programs.users import user

Tried = tuple[bool, str]


def installation(config: Config, places: Places, file: Path) -> Iterator[Tried]:
    """Users, folders, firewall; nothing where the programs share one user, as on a laptop."""
    if not config.capture.user or not config.page.user:
        return
    try:
        yield _users(config, places, file)
        yield _folders(places, file)
    except (SentinelError, OSError) as error:
        yield False, f"users: {error}"
    yield _firewall()


def _users(config: Config, places: Places, file: Path) -> Tried:
    listener, page = user("capture.user", config.capture.user), user("page.user", config.page.user)
    owner, group = pwd.getpwuid(places.lasting.stat().st_uid), places.lasting.stat().st_gid
    if listener.pw_gid not in _groups(owner):
        return False, f"users: {owner.pw_name} must be in the group of {listener.pw_name}, or no fact arrives"
    if group not in _groups(page):
        return False, f"users: {page.pw_name} must be in the group of {places.lasting}, or the page reads nothing"
    if {group, file.stat().st_gid} & _groups(listener):
        return False, f"users: {listener.pw_name} reads what strangers send; it must not read store or passwords"
    return True, f"users: {owner.pw_name}, {listener.pw_name}, {page.pw_name}, each with no more than it needs"


def _groups(who: pwd.struct_passwd) -> set[int]:
    return set(os.getgrouplist(who.pw_name, who.pw_gid))


def _folders(places: Places, file: Path) -> Tried:
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (places.lasting, places.passing, file)}
    for folder in (places.lasting, places.passing):
        if not modes[folder] & stat.S_ISGID:
            return False, f"folders: what is made in {folder} must be of its group (chmod g+s)"
    if modes[places.lasting] & 0o027 or modes[places.passing] & 0o026 or modes[file] & 0o027:
        found = ", ".join(f"{path} {mode:o}" for path, mode in modes.items())
        return False, f"folders: too much is open to others: {found}"
    return True, f"folders: {places.lasting}, {places.passing} and {file} are closed to whom they must be"


def _firewall() -> Tried:
    try:
        there = firewall.look()
    except SentinelError as error:
        return False, f"firewall: {error}"
    readers = sum(len(there.get(f"readers{version}", ())) for version in (4, 6))
    ssh = "open to them" if there.get("ssh") else "closed"
    return readers > 0, f"firewall: {readers} networks may read the page; ssh is {ssh}"
