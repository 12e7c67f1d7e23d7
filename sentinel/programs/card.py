"""`sentinel card`: at the bench, a practice's file is looked at as a card would, and laid on its FAT partition."""

import os
from collections.abc import Callable
from pathlib import Path

from sentinel import toml, written
from sentinel.card.handed import Handed
from sentinel.card.partitions import SECRETS, Partitions
from sentinel.card.reading import tables, text
from sentinel.card.refusal import Why
from sentinel.card.settings import InForce, in_force
from sentinel.config import Config
from sentinel.errors import ConfigurationError, MissingDevice, NotReadable
from sentinel.secret import write_secret

Tell = Callable[[str], object]


def card(file: Path, folder: Path | None, tell: Tell) -> None:
    """Look at a file, and with a folder lay it there; what is laid is the file as it is.

    Raises:
        NotReadable: there is no such file.
        ConfigurationError: with everything a card would refuse; nothing is laid.
        MissingDevice: the folder is no sentinel's card, or cannot be written.
    """
    if not file.is_file():
        raise NotReadable(f"there is no file {file}")
    config = _looked_at(file, tell)
    if folder is not None:
        _lay(file, folder)
        tell(f"{folder / 'sentinel.toml'}: written. Eject the card before you pull it out.")
    _tell(config, tell)


def outlives(file: Path, card: Partitions) -> bool:
    """Keep a configuration that was put back, where the root of this machine is RAM; whether it is.

    Raises:
        OSError: the data partition cannot be written.
    """
    try:
        card.check()
    except MissingDevice:
        return False
    card.settings.keep(tables(text(file.read_bytes(), file.name)[0], file.name))
    return True


def _looked_at(file: Path, tell: Tell) -> Config:
    chosen = in_force(Handed(file=file, kept=file / "none", secrets=SECRETS))
    mistakes = [each.told("en") for each in chosen.refused if each.why is not Why.FIXED]
    if mistakes:
        raise ConfigurationError(mistakes)
    _tell_overruled(chosen, tell)
    return toml.parse(written.document(chosen.tables))


def _tell_overruled(chosen: InForce, tell: Tell) -> None:
    for each in chosen.refused:
        tell(each.told("en"))


def _lay(file: Path, folder: Path) -> None:
    """Nobody finds out at the practice that the file went to another stick."""
    try:
        words = (folder / "config.txt").read_text(encoding="ascii", errors="replace")
    except OSError:
        words = ""
    if "os_prefix=" not in words:
        raise MissingDevice(f"{folder} is not the FIRMWARE partition of a sentinel's card: no config.txt of ours")
    try:
        write_secret(folder / "sentinel.toml", file.read_bytes())
        os.sync()
    except OSError as error:
        raise MissingDevice(f"{folder} cannot be written: {error.strerror}") from None


def _tell(config: Config, tell: Tell) -> None:
    """What matters on site, and only there."""
    practice, echoes = config.practice, len(config.echo.all_invitations)
    tell(
        f"practice: {practice.name or '(none)'}; to call: {practice.contact or '(none)'} {practice.phone}".rstrip()
    )
    tell(f"echo: {echoes} invitation{'s' if echoes != 1 else ''}" if echoes else "echo: none; it will stay blue")
    recipients = len(config.notices.practice) + len(config.notices.technician)
    tell(
        f"notices: {recipients} address{'es' if recipients != 1 else ''}"
        if recipients
        else "notices: nobody is told"
    )
    tell(f"code: {config.page.code}" if config.page.code else "code: made at the first start, CODE-SENTINELLE.txt")
