"""Turns the rounds of a run into medians, spreads and ratios, and these into Markdown."""
import statistics

BASE = "haproxy"  # what every ratio is relative to
FIGURES = ("per_second", "per_cpu_second", "per_system_cpu_second", "p50_us", "p99_us", "p999_us")
LOADS = ("cpu_target", "cpu_backend", "cpu_own", "cpu_others")


def summarize(rounds):
    """rounds: test -> target -> list of results. Gives test -> target -> figure -> median, min, max, ratio."""
    summary = {}
    for test, targets in rounds.items():
        good = {t: [None if r["problems"] else r for r in results] for t, results in targets.items()}
        for t, results in good.items():
            row = summary.setdefault(test, {}).setdefault(t, {"rounds": len([r for r in results if r])})
            for figure in FIGURES:
                values = [r[figure] for r in results if r and r.get(figure) is not None]
                if values:
                    row[figure] = {"median": statistics.median(values), "min": min(values), "max": max(values)}
                pairs = [a[figure] / b[figure] for a, b in zip(results, good.get(BASE, [])) if a and b and a.get(figure) and b.get(figure)]
                if pairs:  # a ratio is taken within a round, where both met the same machine
                    row[figure]["ratio"] = {"median": statistics.median(pairs), "min": min(pairs), "max": max(pairs)}
            for name in LOADS:
                values = [r[name] / r["seconds"] for r in results if r]
                row[name] = statistics.median(values) if values else None
            values = [r["spliced"] for r in results if r and r["spliced"] is not None]
            row["spliced"] = statistics.median(values) if values else None
    return summary


def notes_on(summary, units):
    """What a reader would otherwise misunderstand."""
    for test, rows in summary.items():
        for target, row in rows.items():
            if units[test] == "MB" and "splice" in target and row["spliced"] is not None and row["spliced"] < 0.5:
                yield f"{target} spliced only {row['spliced']:.0%} of the bytes of {test}: there it is a copy, not a splice to compare with"
        busy = max((row["cpu_others"] or 0 for row in rows.values()), default=0)
        if busy > 0.1:
            yield f"{test}: other processes used up to {busy:.2f} cores (median of a target's rounds)"


def short(x):
    return "-" if x is None else f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def spread(cell, ratio=False):
    if not cell:
        return "-"
    return "{median:.2f} ({min:.2f}..{max:.2f})".format(**cell) if ratio else f"{short(cell['median'])} ({short(cell['min'])}..{short(cell['max'])})"


def table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1)] + rows
    return "".join("| " + " | ".join(line) + " |\n" for line in lines) + "\n"


def markdown(report):
    summary, targets = report["summary"], report["settings"]["targets"]
    text = "# Bench report\n\n" + "".join(f"- {k}: {v}\n" for k, v in {**report["machine"], **report["settings"]}.items() if k != "targets")
    if report["problems"]:
        text += "\n**Not a valid run:**\n\n" + "".join(f"- {p}\n" for p in report["problems"])
    if report["notes"]:
        text += "\n**Read this first:**\n\n" + "".join(f"- {n}\n" for n in report["notes"])
    for figure, title in (("per_cpu_second", "Work per CPU-second of the balancer"), ("per_second", "Work per second"),
                          ("per_system_cpu_second", "Work per CPU-second of balancer, load and backend together")):
        text += f"\n## {title}, {BASE} = 1.00\n\nMedian of the rounds' ratios (lowest..highest).\n\n"
        text += table(["test"] + targets, [[test] + [spread(summary[test].get(t, {}).get(figure, {}).get("ratio"), True) for t in targets] for test in summary])
    for test, rows in summary.items():
        unit = report["units"][test]
        text += f"\n## {test}\n\nMedian (lowest..highest); unit of work: {unit}. The last columns are median cores used.\n\n"
        text += table(["target", f"{unit}/s", f"{unit}/CPU-s balancer", f"{unit}/CPU-s all", "p50 us", "p99 us", "p99.9 us", "balancer", "backend", "load", "others", "spliced"],
                      [[t] + [spread(row.get(f)) for f in FIGURES] + ["-" if row[n] is None else f"{row[n]:.2f}" for n in LOADS]
                       + ["-" if row["spliced"] is None else f"{row['spliced']:.0%}"] for t, row in rows.items()])
    return text
