"""The report of a soak: a row for each minute, and what has grown over the second half."""
from dataclasses import dataclass
from statistics import median

from footprint import MB, Held, Memory
from report import table

COLUMNS = ["minute", "descriptors", "of pipes", "of flows", "RSS MB", "heap MB", "outside MB", "loaded: descriptors", "sessions lb/clients", "flows lb/clients",
           "sessions/s", "p50 us", "p99 us", "datagrams/s", "p99 us", "lost", "lb cores"]
HEAD = "  ".join(COLUMNS)
SHORTEST = 10  # minutes; before, the compiler still works and tables reach their size


@dataclass(frozen=True)
class Row:
    """One minute: what lb held at its end, with no load and after a collection; what it held under load; what the load did."""
    minute: int
    held: Held
    memory: Memory
    under_load: Held = None
    mix: dict = None
    datagrams: dict = None


@dataclass(frozen=True)
class Verdict:
    figure: str
    growth: float
    slack: float
    unit: str
    is_judged: bool

    @property
    def is_too_much(self):
        return self.is_judged and self.growth > self.slack

    def __str__(self):
        says = "too much" if self.is_too_much else "within the slack" if self.is_judged else f"not judged in less than {SHORTEST} minutes"
        return f"{self.figure}: {self.growth:+.2f}{self.unit} over the second half, slack {self.slack:g}{self.unit}: {says}"


FIGURES = [  # name, unit, value, slack in the second half
    ("descriptors but those of flows and pipes", "", lambda row: row.held.descriptors - row.held.flows - row.held.pipes, 0.9),
    ("heap after collection", " MB", lambda row: row.memory.heap / MB, 0.5),
    ("memory outside the heap", " MB", lambda row: row.memory.outside / MB, 3),
    ("RSS", " MB", lambda row: row.memory.resident / MB, 5),
]


def verdicts(rows):
    """Descriptors of flows do not count, as how many wait for their idle timeout is the load's doing; nor do those of pipes, which
    are as many as were needed at a time."""
    if len(rows) < 2:
        return []
    last = rows[-1].minute
    half = rows[-(len(rows) // 2 + 1):]
    return [Verdict(name, slope([(row.minute, value(row)) for row in half]) * (half[-1].minute - half[0].minute), slack, unit, last >= SHORTEST)
            for name, unit, value, slack in FIGURES]


def slope(points):
    """The median of the slopes between any two points (Theil and Sen): a single odd minute does not move it."""
    return median((y2 - y1) / (x2 - x1) for i, (x1, y1) in enumerate(points) for x2, y2 in points[i + 1:])


def cells(row):
    mb = lambda b: f"{b / MB:.1f}"
    found = [str(row.minute), str(row.held.descriptors), str(row.held.pipes), str(row.held.flows), mb(row.memory.resident), mb(row.memory.heap), mb(row.memory.outside)]
    if row.mix is None:
        return found + ["-"] * (len(COLUMNS) - len(found))
    load, number = row.under_load, lambda r, name: f"{r[name]:,.0f}" if r.get(name) is not None else "-"
    return found + [
        str(load.descriptors), f"{load.sessions}/{load.sessions_of_clients}", f"{load.flows}/{load.flows_of_clients}",
        number(row.mix, "per_second"), number(row.mix, "p50_us"), number(row.mix, "p99_us"),
        number(row.datagrams, "per_second"), number(row.datagrams, "p99_us"), number(row.datagrams, "lost"),
        f"{row.mix['cpu_target'] / row.mix['seconds']:.2f}" if row.mix.get("seconds") else "-"]


def line(row):
    return "  ".join(text.rjust(len(name)) for text, name in zip(cells(row), COLUMNS))


def markdown(facts, rows, verdicts, found, problems):
    text = "# Soak report\n\n" + "".join(f"- {k}: {v}\n" for k, v in facts.items()) + "\n"
    if problems:
        text += "**Not in order:**\n\n" + "".join(f"- {problem}\n" for problem in problems) + "\n"
    if "load" in found:
        text += ("Saturation was {0[0]:,.0f} sessions/s of the mix, or {0[1]:,.0f} datagrams/s. ".format(found["saturation"])
                 + "The load was half of that in all: {0[0]:,} sessions/s and {0[1]:,} datagrams/s over 64 flows.\n\n".format(found["load"]))
    text += "## Growth over the second half\n\n" + "".join(f"- {v}\n" for v in verdicts) + "\n"
    if end := found.get("end"):
        text += f"After the last flow: {end.sessions} sessions, {end.flows} flows, {end.descriptors} descriptors, {end.pipes} of them of pipes.\n\n"
    text += ("## Minutes\n\nThe first columns are of the minute's end, without load and after a collection; \"outside\" is resident memory that "
             "lies neither in the heap nor in a file. \"loaded\" is the middle of the minute.\n\n")
    return text + table(COLUMNS, [cells(row) for row in rows])
