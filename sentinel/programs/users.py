"""The users of the other programs, by the names that the configuration gives them."""

import pwd

from sentinel.errors import ConfigurationError


def user(key: str, name: str) -> pwd.struct_passwd:
    """The user named by a key of the configuration.

    Raises:
        ConfigurationError: there is no such user on this machine.
    """
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise ConfigurationError([f"{key} = {name!r}: there is no such user on this machine"]) from None
