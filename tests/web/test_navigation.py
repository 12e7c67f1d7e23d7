"""The list of pages leads to pages, and says which one is being read."""

import re

import pytest

from web.navigation import FIRST, MORE


def listed(page: str) -> list[str]:
    """Where the list leads."""
    menu = re.search(r'<nav class="pages".*?</nav>', page, re.DOTALL)
    return re.findall(r'href="([^"]+)"', menu[0])


def test_every_link_of_the_list_answers(cabinet):
    """And none is missing that there is a page for."""
    browser = cabinet.insider()

    paths = listed(browser.get("/").text)

    assert set(paths) >= {"/", "/incidents", "/outside", "/connections", "/settings", "/sentinel"}
    assert {path: browser.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
    rules = {str(rule) for rule in cabinet.page.url_map.iter_rules()}
    assert [link.path for link in (*FIRST, *MORE) if link.path in rules and link.path not in paths] == []


@pytest.mark.parametrize("path", ["/incidents", "/incidents/1", "/settings", "/settings/practice", "/sentinel"])
def test_the_page_that_is_read_is_marked(cabinet, path):
    """Once."""
    page = cabinet.insider().get(path).text

    assert re.findall(r'href="([^"]+)" aria-current="page"', page) == ["/" + path.split("/")[1]]


def test_without_the_code_there_is_no_list(cabinet):
    """Only the way to give it."""
    page = cabinet.visitor().get("/").text

    assert '<nav class="pages"' not in page
    assert 'href="/code"' in page
