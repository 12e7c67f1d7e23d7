"""A card that can be updated, and whoever has an update for it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sentinel.config import Config, Update
from sentinel.places import Places
from sentinel.programs.update import Updating
from tests.builders import moment
from tests.card.updates import Making, lay_keys, make_card
from tests.programs.benches import Bench, at_night, beat
from tests.programs.shelves import Shelf, serving


@pytest.fixture
def bench(tmp_path) -> Bench:
    told: list[str] = []
    places = Places(lasting=tmp_path / "lasting", passing=tmp_path / "passing")
    places.make()
    (tmp_path / "version").write_text("0.1.0\n")
    updating = Updating(
        config=Config(),
        places=places,
        tell=told.append,
        card=make_card(tmp_path),
        keys=lay_keys(tmp_path / "keys"),
        running=tmp_path / "version",
        clock=moment,
    )
    return Bench(tmp_path, updating, told)


@pytest.fixture
def shelf(tmp_path) -> Iterator[Shelf]:
    with serving(tmp_path) as shelf:
        yield shelf


@pytest.fixture
def night(bench, shelf) -> tuple[Bench, Shelf]:
    """Ticked, at four in the morning, all quiet, and a newer version on the shelf."""
    update = Making(bench.folder / "new").update()
    shelf.files = {path.name: path.read_bytes() for path in (update, update.with_name("latest.json"))}
    config = Config(update=Update(automatic=True, source=shelf.address))
    bench.updating = replace(bench.updating, config=config, clock=at_night, source=lambda _: shelf.source())
    beat(bench.updating.places)
    return bench, shelf
