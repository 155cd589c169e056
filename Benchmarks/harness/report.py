"""The table of a comparison, and its section in RESULTS.md."""

import statistics
from dataclasses import dataclass
from pathlib import Path

BEGIN = "<!-- {name}: written by Benchmarks/compare -->"
END = "<!-- end of {name} -->"


@dataclass
class Row:
    """One measurement of both sides, a number a round; the rounds of the two belong together in pairs."""

    name: str
    unit: str
    apus: list
    pytorch: list
    rival: str
    target: float | None

    @property
    def ratio(self):
        """How many times as fast as PyTorch: the median of one over the median of the other."""
        return statistics.median(self.pytorch) / statistics.median(self.apus)

    @property
    def ratios(self):
        """The ratio of each pair of runs."""
        return [theirs / ours for theirs, ours in zip(self.pytorch, self.apus)]

    def cells(self):
        if self.target is None:
            verdict = ""
        else:
            verdict = f"{self.target:g}×: {'reached' if self.ratio >= self.target else 'missed'}"
        return [
            self.name,
            f"{_spread(self.apus)} {self.unit}",
            f"{_spread(self.pytorch)} {self.unit}",
            self.rival,
            f"{self.ratio:.2f}× ({min(self.ratios):.2f}–{max(self.ratios):.2f})",
            verdict,
        ]


def table(rows):
    """A Markdown table: median (minimum–maximum) of each side, the ratio of the medians, the aim."""
    head = ["", "Apus", "PyTorch", "PyTorch's variant", "Apus is faster by", "aim"]
    return markdown(head, [row.cells() for row in rows])


def markdown(head, body):
    lines = [head, *body]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(head))]

    def text(cells):
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"

    return "\n".join([text(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(text, body)])


def write_section(path, name, text):
    """Replaces the section of that name in the file, or appends it; whatever else stands there is kept."""
    begin, end = BEGIN.format(name=name), END.format(name=name)
    section = f"{begin}\n{text.strip()}\n{end}\n"
    old = Path(path).read_text() if Path(path).exists() else "# Results of the benchmarks\n"
    before, found, rest = old.partition(begin)
    if found:
        _, closed, after = rest.partition(end + "\n")
        if not closed:
            raise SystemExit(f"{path}: the section {name} has no end; expected the line {end}")
        new = before + section + after
    else:
        new = old.rstrip("\n") + "\n\n" + section
    Path(path).write_text(new)


def _spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"
