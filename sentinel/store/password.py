"""The page's password: what is too weak to be one, and how it is kept.

Length is what counts, and nothing is asked of its letters (NIST SP 800-63B section 3.1.1): ten characters, none
of the first guesses, neither the claim code nor the practice's name. It is kept by the standard library's scrypt
(RFC 7914): 32 MiB and a third of a second on a small board, so that whoever steals the card guesses slowly. It is
called outside the street's thread, one at a time.
"""

import hmac
import os
import unicodedata
from base64 import b64decode, b64encode
from hashlib import scrypt
from itertools import pairwise
from typing import Final

SHORTEST: Final = 10
LONGEST: Final = 200
"""Characters; more is refused and never cut."""
COST: Final = (2**15, 8, 1)
"""scrypt's N, r, p."""
MEMORY: Final = 64 << 20
"""Bytes one hash may use: a row that asks for more is not ours."""
FIRST_GUESSES: Final = frozenset(
    """
    motdepasse monmotdepasse password mypassword passwd azertyuiop qwertyuiop qwertzuiop azertyqwerty
    administrateur administrator sentinelle cabinetsentinel sentinel cabinetmedical cabinetdentaire radiologie
    orthodontie docteur medecin secretariat bonjour bienvenue welcome changeme changezmoi letmein iloveyou jetaime
    soleil doudou chouchou marseille loulou princesse abcdefghij
    """.split()  # noqa: SIM905 - words are read more easily than a list of them
)
"""What lists of leaked passwords begin with, without digits and signs, in French and English; and our names."""


def is_weak(password: str, *names: str) -> bool:
    """Whether it is too short, too long, or what is tried first; `names` are the code and the practice's."""
    given = _normal(password)
    letters = _letters(given)
    return (
        not SHORTEST <= len(given) <= LONGEST
        or len(set(given)) < 4
        or _is_row(given)
        or letters in FIRST_GUESSES
        or any(_plain(given) == _plain(name) or letters == _letters(_normal(name)) != "" for name in names)
    )


def kept(password: str) -> str:
    """What the store keeps of it; slow on purpose."""
    salt = os.urandom(16)
    words = [str(each) for each in COST] + [
        b64encode(each).decode() for each in (salt, _hash(password, salt, COST))
    ]
    return "$".join(["scrypt", *words])


def matches(row: str, password: str) -> bool:
    """Whether this is the password of that row; as slow. False for a row nobody can read."""
    if len(password) > LONGEST:
        return False
    try:
        name, n, r, p, salt, hashed = row.split("$")
        cost = (int(n), int(r), int(p))
        return name == "scrypt" and hmac.compare_digest(_hash(password, b64decode(salt), cost), b64decode(hashed))
    except ValueError:
        return False


def _hash(password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    return scrypt(_normal(password).encode(), salt=salt, n=n, r=r, p=p, maxmem=MEMORY, dklen=32)


def _normal(password: str) -> str:
    """One spelling for what keyboards of phones and PCs write differently (NFKC, as SP 800-63B advises)."""
    return unicodedata.normalize("NFKC", password)


def _plain(text: str) -> str:
    return "".join(each for each in _normal(text).casefold() if each.isalnum())


def _letters(text: str) -> str:
    """Its letters alone, without accents: digits at the end are what everybody adds."""
    bare = unicodedata.normalize("NFD", text.casefold())
    return "".join(each for each in bare if each.isalpha())


def _is_row(text: str) -> bool:
    """Whether each character follows the one before: 1234567890, abcdefghij, and backwards."""
    steps = {(ord(after) - ord(before)) % 10 for before, after in pairwise(text)}
    return steps in ({1}, {9}) and (text.isdigit() or text.isalpha())
