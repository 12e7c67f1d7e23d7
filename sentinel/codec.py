"""How our frozen values become JSON and come back: what does not fit is refused, never guessed."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, TypeVar

import msgspec

from sentinel.model.moment import Address

T = TypeVar("T")


def _to_json(value: object) -> object:
    if isinstance(value, IPv4Address | IPv6Address):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def _from_json(wanted: Any, value: object) -> object:
    if wanted is Address and isinstance(value, str):
        return ip_address(value)
    raise ValueError(f"{value!r:.80} is not {wanted}")


def encode(value: object) -> bytes:
    """JSON of a model value, on one line."""
    return msgspec.json.encode(value, enc_hook=_to_json)


def decode(data: bytes, wanted: type[T]) -> T:
    """A model value from JSON.

    Raises:
        ValueError: the bytes are not JSON, or do not hold a `wanted`.
    """
    try:
        return msgspec.json.decode(data, type=wanted, dec_hook=_from_json)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def convert(value: object, wanted: Any) -> Any:
    """A model value from plain Python values, as TOML or a form gives them.

    Raises:
        ValueError: the value is not a `wanted`.
    """
    try:
        return msgspec.convert(value, wanted, dec_hook=_from_json)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def plain(value: object) -> Any:
    """The same value as dictionaries, lists, strings and numbers."""
    return msgspec.to_builtins(value, enc_hook=_to_json)
