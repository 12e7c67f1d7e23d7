"""Everything an echo keeps in its one file, opened together."""

from dataclasses import dataclass
from pathlib import Path

from sentinel.echo.book import Book
from sentinel.echo.neighbours import Neighbours
from sentinel.echo.optouts import OptOuts
from sentinel.echo.retests import Retests

FILE = "echo.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The tables, by whom they are for."""

    book: Book
    retests: Retests
    neighbours: Neighbours
    optouts: OptOuts


def open_books(folder: Path, secret: bytes) -> Books:
    """The file of this folder; what is missing in it is made, also in one an older echo wrote.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    path = folder / FILE
    books = Books(
        book=Book(path, secret),
        retests=Retests(path, secret),
        neighbours=Neighbours(path, secret),
        optouts=OptOuts(path, secret),
    )
    for each in (books.book, books.retests, books.neighbours, books.optouts):
        each.prepare()
    return books
