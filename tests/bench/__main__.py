"""`./dev bench`: measures what the sentinel costs on this machine; `--markdown` keeps it in docs/benchmarks.md."""

import signal
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from tests.bench import capture, echo, fuzz, machine, memory, page, red, replay, soak, start, wear
from tests.bench.card import NoCardError
from tests.bench.figure import Figure
from tests.bench.sentinels import TooSlowError
from tests.lab.conditions import why_not
from tests.lab.host import DidNotStartError

SECTIONS: dict[str, Callable[..., list[Figure]]] = {
    "memory": memory.measure,
    "start": start.measure,
    "red": red.measure,
    "echo": echo.measure,
    "page": page.measure,
    "replay": replay.measure,
    "fuzz": fuzz.measure,
    "capture": capture.measure,
    "soak": soak.measure,
    "wear": wear.measure,
}
OF_THE_LAB = frozenset({"red", "echo", "capture", "soak", "wear"})
"""They need namespaces."""
LASTS = {"soak": 30.0, "wear": 60.0}
"""Minutes, unless others are asked for."""
PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
BEGINS, ENDS = "<!-- the table begins -->\n", "<!-- the table ends -->\n"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("sections", nargs=-1, type=click.Choice(tuple(SECTIONS)))
@click.option("--markdown", is_flag=True, help="Write the table of docs/benchmarks.md.")
@click.option("--minutes", type=float, help="How long `soak` (else 30) or `wear` (else 60) lasts.")
def bench(sections: tuple[str, ...], markdown: bool, minutes: float | None) -> None:
    """Measure the sentinel on this machine, section by section: all of them, or only those named."""
    if markdown and sections:
        raise click.UsageError("--markdown writes the whole table: name no section with it")
    reason = why_not()
    if reason and (markdown or OF_THE_LAB.intersection(sections)):
        raise click.ClickException(reason)
    if markdown and (missing := fuzz.why_not()):
        raise click.ClickException(missing)
    click.echo(f"{machine.describe()}\n")
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for name in sections or SECTIONS:
            if missing := reason if name in OF_THE_LAB else fuzz.why_not() if name == "fuzz" else "":
                click.echo(f"{name}: not measured: {missing}")
                continue
            lasts = {"minutes": minutes or LASTS[name]} if name in LASTS else {}
            if lasts:
                click.echo(f"{name}: {lasts['minutes']:g} minutes begin now.")
            figures += _tell(name, Path(folder), **lasts)
    if markdown:
        _write(figures)


def _tell(section: str, folder: Path, **options: float) -> list[Figure]:
    try:
        figures = SECTIONS[section](folder, **options)
    except (TooSlowError, DidNotStartError, NoCardError, AssertionError) as error:
        raise click.ClickException(f"{section}: {error}") from None
    for figure in figures:
        click.echo("\n".join([*figure.lines(), ""]))
    return figures


def _write(figures: list[Figure]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    table = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on {machine.describe()}.",
        "",
        "| What | Value | Aim | Made of |",
        "|---|---|---|---|",
        *(figure.row() for figure in figures),
    ]
    PAGE.write_text(before + BEGINS + "\n".join(["", *table, "", ""]) + ENDS + after, encoding="utf-8")
    click.echo(f"Written to {PAGE.relative_to(PAGE.parents[1])}.")


if __name__ == "__main__":
    # Also where a shell, putting us into the background, has us ignore Ctrl-C: what was started is taken away.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    bench(prog_name="./dev bench")
