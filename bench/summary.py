"""Turns the rounds of a run into medians, quartiles and ratios."""
import statistics

FIGURES = ("per_second", "per_cpu_second", "per_system_cpu_second", "p50_us", "p99_us", "p999_us")
LOADS = ("cpu_target", "cpu_backend", "cpu_own", "cpu_others")


def spread(values):
    """Median and quartiles, which one bad round does not move; None without values."""
    values = [v for v in values if v is not None]
    if not values:
        return None
    low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return {"median": statistics.median(values), "q1": low, "q3": high}


def ratio(results, others, figure):
    """A ratio is taken within a round, where both met the same machine. Results of a bad measurement are None."""
    return spread([a[figure] / b[figure] for a, b in zip(results, others) if a and b and a.get(figure) and b.get(figure)])


def peers_of(cells):
    """What ratios are relative to: name -> target. cells: target -> spread, more is better."""
    best = lambda names: max((n for n in names if n in cells), key=lambda n: cells[n]["median"], default=None)
    found = {"haproxy": best(["haproxy"]), "splice": best(["haproxy-splice", "haproxy-splice-forced"]), "nginx": best(["nginx"]),
             "best": best(["haproxy", "haproxy-splice", "haproxy-splice-forced", "nginx"]), "busy": best(["haproxy-busy-poll"])}
    return {name: target for name, target in found.items() if target}


def summarize(rounds):
    """rounds: test -> target -> list of results. Gives test -> target -> figure -> median, q1, q3, ratio to each peer."""
    summary = {}
    for test, targets in rounds.items():
        good = {t: [None if r["problems"] else r for r in results] for t, results in targets.items()}
        rows = summary[test] = {t: {"rounds": len([r for r in results if r])} for t, results in good.items()}
        for figure in FIGURES:
            cells = {t: cell for t in good if (cell := spread([r.get(figure) for r in good[t] if r]))}
            peers = peers_of({t: {"median": -c["median"]} for t, c in cells.items()} if figure.endswith("_us") else cells)
            for t, cell in cells.items():
                rows[t][figure] = {**cell, "ratio": {p: found for p, peer in peers.items() if (found := ratio(good[t], good[peer], figure))}}
        for t, results in good.items():
            for name in LOADS:
                cell = spread([r[name] / r["seconds"] for r in results if r])
                rows[t][name] = cell and cell["median"]
            for name in ("spliced", "of_rate", "lost"):
                cell = spread([r[name] for r in results if r])
                rows[t][name] = cell and cell["median"]
    return summary


def scaling(rounds, workers):
    """test -> target -> CPU per unit of work in microseconds with one and with many workers, and the ratio of the two."""
    found = {}
    for test, targets in rounds.items():
        for name in targets:
            many = targets.get(f"{name} x{workers}")
            if many is None:
                continue
            cost = lambda results: [{"us": 1e6 / r["per_cpu_second"]} if not r["problems"] and r["per_cpu_second"] else None for r in results]
            one, all_of_them = cost(targets[name]), cost(many)
            found.setdefault(test, {})[name] = {"one": spread([r["us"] for r in one if r]), "many": spread([r["us"] for r in all_of_them if r]),
                                                "ratio": ratio(all_of_them, one, "us")}
    return found
