"""One measured figure, with what it is made of and what it should stay below."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table."""

    name: str
    value: float
    unit: str
    aim: float | None = None
    """It should stay below this; in the same unit."""
    parts: tuple[tuple[str, float], ...] = ()
    """What it is made of, or the trials it is the median of; in the same unit."""
    note: str = ""

    def shown(self, value: float) -> str:
        """A value with its unit, to about three digits."""
        decimals = 2 if value < 10 else 1 if value < 100 else 0
        return f"{value:.{decimals}f} {self.unit}"

    @property
    def missed(self) -> bool:
        """Whether it is above its aim."""
        return self.aim is not None and self.value > self.aim

    def lines(self) -> list[str]:
        """For the terminal."""
        aim = f"   (aim: below {self.aim:g} {self.unit}{', MISSED' if self.missed else ''})" if self.aim else ""
        note = [f"    {self.note}"] if self.note else []
        return [
            f"{self.name}: {self.shown(self.value)}{aim}",
            *(f"    {name:<10} {self.shown(value):>10}" for name, value in self.parts),
            *note,
        ]

    def row(self) -> str:
        """For the table of docs/benchmarks.md."""
        aim = f"below {self.aim:g} {self.unit}" if self.aim else "–"
        parts = ", ".join(f"{name} {self.shown(value)}" for name, value in self.parts)
        made_of = "; ".join(words for words in (parts, self.note) if words)
        return f"| {self.name} | **{self.shown(self.value)}** | {aim} | {made_of} |"
