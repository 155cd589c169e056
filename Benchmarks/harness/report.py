"""The tables of a comparison, and their section in RESULTS.md."""

import statistics
from dataclasses import dataclass
from pathlib import Path

BEGIN = "<!-- {name}: written by {author} -->"
END = "<!-- end of {name} -->"


@dataclass
class Row:
    """One measurement of both sides, a number a round; the rounds of the two belong together in pairs."""

    name: str
    unit: str
    apus: list
    theirs: list
    rival: str
    target: float | None

    @property
    def ratio(self):
        """How many times as fast as the rival: the median of one over the median of the other."""
        return statistics.median(self.theirs) / statistics.median(self.apus)

    @property
    def ratios(self):
        """The ratio of each pair of runs."""
        return [theirs / ours for theirs, ours in zip(self.theirs, self.apus)]

    def cells(self):
        if self.target is None:
            verdict = ""
        else:
            verdict = f"{self.target:g}×: {_verdict(self.ratio >= self.target)}"
        return [
            self.name,
            f"{_spread(self.apus)} {self.unit}",
            f"{_spread(self.theirs)} {self.unit}",
            self.rival,
            f"{self.ratio:.2f}× ({min(self.ratios):.2f}–{max(self.ratios):.2f})",
            verdict,
        ]


@dataclass
class Growth:
    """The microseconds per image in batches of several sizes, a number a round each."""

    name: str
    times: dict
    # The largest of the medians over the smallest.
    target: float | None

    @property
    def ratio(self):
        """How flat: the smallest of the medians over the largest, 1 where the time per image is the same."""
        medians = [statistics.median(values) for values in self.times.values()]
        return min(medians) / max(medians)

    def cells(self):
        growth = 1 / self.ratio
        times = [f"{_spread(values)} µs" for values in self.times.values()]
        verdict = "" if self.target is None else f"{self.target:g}×: {_verdict(growth <= self.target)}"
        return [self.name, *times, f"{growth:.2f}×", verdict]


def tables(outcomes):
    """All tables of the jobs' outcomes as Markdown."""
    steps = {name: outcome.medians for name, outcome in outcomes.items() if outcome.medians}
    training, inference = ({name: steps[name] for name in steps if kind in name} for kind in ("-train", "-infer"))
    rows = [row for outcome in outcomes.values() for row in outcome.rows]
    growths = [row for row in rows if isinstance(row, Growth)]
    compared = [row for row in rows if isinstance(row, Row)]
    times = [row for row in compared if row.unit != "MiB"]
    memory = [row for row in compared if row.unit == "MiB"]
    texts = [
        table(times, "Apus is faster by") if times else "",
        medians(training, "training step, ms") if training else "",
        medians(inference, "inference step, ms") if inference else "",
        table(memory, "Apus needs less by") if memory else "",
        growth_table(growths) if growths else "",
    ]
    return "\n\n".join(text for text in texts if text)


def table(rows, comparison):
    """Median (minimum–maximum) of each side, the ratio of the medians, the aim."""
    head = ["", "Apus", "rival", "which", comparison, "aim"]
    return markdown(head, [row.cells() for row in rows])


def medians(jobs, title):
    """The median of each side, a row, in each job, a column."""
    sides = dict.fromkeys(side for medians in jobs.values() for side in medians)
    body = [[side, *(f"{job[side]:.2f}" if side in job else "–" for job in jobs.values())] for side in sides]
    return markdown([title, *jobs], body)


def growth_table(rows):
    return markdown(["time per image", *rows[0].times, "largest over smallest", "aim"], [row.cells() for row in rows])


def markdown(head, body):
    lines = [head, *body]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(head))]

    def text(cells):
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"

    return "\n".join([text(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(text, body)])


def write_section(path, name, text, author="Benchmarks/compare"):
    """Replaces the section of that name in the file, or appends it; whatever else stands there is kept."""
    begin, end = BEGIN.format(name=name, author=author), END.format(name=name)
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


def _verdict(is_reached):
    return "reached" if is_reached else "missed"


def _spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"
