"""What holds at this moment is the file, covered by the page; without a store it is the file."""

from dataclasses import replace

from sentinel.config import Config, Language, Page
from sentinel.model.acting import Setting
from sentinel.places import Places
from sentinel.programs.effective import effective
from sentinel.store.archive import Archive
from tests.builders import moment


def test_the_page_covers_the_file_and_a_missing_store_covers_nothing(tmp_path):
    """At each call anew."""
    file = Config(page=Page(port=8081))
    places = Places(lasting=tmp_path, passing=tmp_path)
    assert effective(file, places) == file

    archive = Archive(places.store, "boot-1")
    archive.setting(Setting(section="reading", value='{"language": "en"}', who="Anne", at=moment()))
    archive.commit()

    assert effective(file, places) == replace(file, page=replace(file.page, language=Language.EN))
    archive.close()
