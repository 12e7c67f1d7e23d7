"""The configuration as it holds at this moment: the file's, covered by what was set on the page."""

from sentinel.config import Config
from sentinel.places import Places
from sentinel.settings import covered
from sentinel.store import reading


def effective(config: Config, places: Places) -> Config:
    """Read anew at each call; the file's alone where there is no store, or it cannot be read."""
    try:
        with reading.opened(places.store) as reader:
            return covered(config, reader.settings())
    except OSError:
        return config
