"""Where a statement of a TOML text ends: strings and brackets decide, and nothing is lost in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sentinel.card.statements import statements


@given(some.text(alphabet="ab=[]{}#\"'\\\r\n .é", max_size=60))
def test_the_statements_are_the_text(text):
    """Whatever it is, to the last byte."""
    assert "".join(each.words for each in statements(text)) == text


@pytest.mark.parametrize(
    "statement",
    [
        'a = "one ] line # no comment"',
        "a = 'C:\\' # ]",
        'a = [\n  "one",  # ["\n  "two",\n]',
        'a = """\nmany ] lines\n"""',
        "a = '''\nmany \" lines\n'''",
        'a = { b = "}" }',
        'a = "\\"" # "',
        'a = """"quoted""""',
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_statement_ends_where_its_value_does(statement, end):
    """In a string and behind a comment's mark, brackets and quotes mean nothing."""
    whole = f"{statement}{end}".replace("\n", end).replace("\r\r", "\r")

    found = [each.words for each in statements(f"{whole}b = 1{end}")]

    assert found == [whole, f"b = 1{end}"]


def test_a_statement_knows_its_section():
    """As it was written, spaces, quotes and remark included; a header stands in none."""
    found = {each.body: each.header for each in statements('a = 1\n[ "echo" ] # ours\nb = 2\n[[c]]\nd = 3\n')}

    assert found["a = 1"] == ""
    assert found["b = 2"] == '[ "echo" ] # ours'
    assert found["d = 3"] == "[[c]]"
    assert found["[[c]]"] == ""
