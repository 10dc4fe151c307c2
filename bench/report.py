"""The report: what a run found, as one value for JSON, and as Markdown."""
from pathlib import Path

import goals
from summary import FIGURES, LOADS, scaling, spread, summarize
from workload import TESTS

PACED_BY = {"haproxy": "HAProxy (copy)", "nginx": "nginx"}
PEERS = {"haproxy": "HAProxy copy", "splice": "HAProxy splice", "nginx": "nginx"}


def result(options, facts, session):
    settings = {"mode": "cold" if options.cold else f"1 and {options.workers} workers" if options.workers > 1 else "quick" if options.quick else "full",
                "rounds": options.rounds, "seconds": options.seconds, "warm-up seconds": 0 if options.cold else options.warm_up}
    found = {"machine": facts, "settings": settings, "problems": session.problems, "summary": summarize(session.rounds),
             "idle": {}, "startup": {}, "quiet": {}, "saturation": {}, **session.extras,
             "scaling": scaling(session.rounds, options.workers), "rounds": session.rounds}
    found["notes"] = list(notes_on(found))
    found["goals"] = goals.judge(found) if options.workers == 1 and not options.cold and "lb" in options.targets else []
    return found


def notes_on(found):
    """What a reader would otherwise misunderstand."""
    for test, rows in found["summary"].items():
        for target, row in rows.items():
            if TESTS[test].unit == "MB" and "splice" in target and row["spliced"] is not None and row["spliced"] < 0.5:
                yield f"{target} spliced only {row['spliced']:.0%} of the bytes of {test}: there it is a copy, not a splice to compare with"
            if (row["of_rate"] or 1) < 0.95:
                yield f"{target} does not reach the rate of {test}: its latencies are those of a growing queue"
        busy = max((row["cpu_others"] or 0 for row in rows.values()), default=0)
        if busy > 0.1:
            yield f"{test}: other processes used up to {busy:.2f} cores (median of a target's rounds)"
    if Path("/proc/sys/net/ipv4/tcp_tw_reuse").read_text().strip() == "0" and any("connect" in t or t == "mix" for t in found["summary"]):
        yield "net.ipv4.tcp_tw_reuse is 0: tests that connect may run out of ports between balancer and backend"


def short(x):
    return "-" if x is None else f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def cell_text(cell, number=short):
    if not cell:
        return "-"
    if cell["q1"] == cell["q3"]:
        return number(cell["median"])
    return f"{number(cell['median'])} ({number(cell['q1'])}..{number(cell['q3'])})"


def two(x):
    return f"{x:.2f}"


def table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1)] + rows
    return "".join("| " + " | ".join(line) + " |\n" for line in lines) + "\n"


def goals_text(found):
    limit = lambda g, x: "-" if x is None else f"{'<=' if g['less_is_better'] else '>='} {x:g}{g['unit']}"
    rows = [[g["figure"], limit(g, g["required"]), limit(g, g["aim"]), cell_text(g["measured"], two) + (g["unit"] if g["measured"] else ""), g["verdict"]]
            for g in found["goals"]]
    return "## Targets\n\n" + table(["figure", "at least", "aim", "measured", "verdict"], rows)


def overview(found):
    text = ""
    for figure, title in (("per_cpu_second", "Work per CPU-second of the balancer"), ("per_second", "Work per second")):
        targets = list(dict.fromkeys(t for rows in found["summary"].values() for t in rows))
        ratio = lambda row: cell_text(row.get(figure, {}).get("ratio", {}).get("haproxy"), two)
        text += f"## {title}, HAProxy copy = 1\n\n" + table(["test"] + targets, [[test] + [ratio(rows.get(t, {})) for t in targets]
                                                                               for test, rows in found["summary"].items()])
    return text


def test_text(found, test):
    unit, rows = TESTS[test].unit, found["summary"][test]
    text = f"## {test}\n\n"
    if TESTS[test].paced and TESTS[test].paced[1] in found["saturation"]:
        peer, reference = TESTS[test].paced
        text += f"About {found['saturation'][reference] / 2:,.0f} {unit}/s, half of what {PACED_BY[peer]} can do here ({reference}): measured before each round.\n\n"
    head = ["target", f"{unit}/s", f"{unit}/CPU-s balancer", f"{unit}/CPU-s all", "p50 us", "p99 us", "p99.9 us", *(f"/ {name}" for name in PEERS.values()),
            "balancer", "backend", "load", "others", "spliced", "lost"]
    return text + table(head, [
        [target, *(cell_text(row.get(f)) for f in FIGURES),
         *(cell_text(row.get("per_cpu_second", {}).get("ratio", {}).get(peer), two) for peer in PEERS),
         *("-" if row[n] is None else two(row[n]) for n in LOADS), "-" if row["spliced"] is None else f"{row['spliced']:.0%}", "-" if row["lost"] is None else f"{row['lost']:,.0f}"]
        for target, row in rows.items()])


def scaling_text(found):
    rows = [[test, target, cell_text(cells["one"], two), cell_text(cells["many"], two), cell_text(cells["ratio"], two)]
            for test, targets in found["scaling"].items() for target, cells in targets.items()]
    return "## CPU of the balancer for each unit of work, us\n\n" + table(["test", "target", "1 worker", found["settings"]["mode"].split(" and ")[-1], "ratio"], rows)


def resident_text(found):
    text = ""
    if found["startup"]:
        text += "## From exec to the first connection taken, ms\n\n" + table(["target", "median (quartiles)", "starts"], [
            [t, cell_text(spread(values)), str(len(values))] for t, values in found["startup"].items()])
    if found["idle"]:
        count = max(row["sessions"] for row in found["idle"].values())
        number = lambda row, name: "-" if name not in row else two(row[name])
        text += f"## Resident memory, {count:,} idle sessions\n\n" + table(
            ["target", "no session, MB", "each session, KB", "each further one, KB", "live heap of each, KB"],
            [[t, *(number(row, n) for n in ("idle_mb", "kb_per_session", "kb_per_further_session", "heap_kb_per_session"))]
             for t, row in found["idle"].items()])
    if found["quiet"]:
        text += "## CPU two seconds after the last message, % of a core\n\n" + table(["target", "CPU"], [[t, two(c * 100)] for t, c in found["quiet"].items()])
    return text


def markdown(found):
    text = "# Bench report\n\n" + "".join(f"- {k}: {v}\n" for k, v in {**found["machine"], **found["settings"]}.items()) + "\n"
    for name, title in (("problems", "Not a valid run:"), ("notes", "Read this first:")):
        if found[name]:
            text += f"**{title}**\n\n" + "".join(f"- {line}\n" for line in found[name]) + "\n"
    text += "Medians of the rounds with their quartiles (in brackets). Ratios are taken within a round; those in the columns that begin "
    text += "with / are of work per CPU-second of the balancer. The last columns of a test's table are the cores in use.\n\n"
    if found["goals"]:
        text += goals_text(found)
    if found["scaling"]:
        text += scaling_text(found)
    if found["summary"]:
        text += overview(found)
    return text + "".join(test_text(found, test) for test in found["summary"]) + resident_text(found)
