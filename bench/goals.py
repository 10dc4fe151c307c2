"""What lb is to reach, and how far a run shows it."""
from dataclasses import dataclass
from typing import Callable

from resident import ALL_CORES, ONE_CORE
from summary import spread


@dataclass(frozen=True)
class Goal:
    figure: str
    required: float
    aim: float | None
    measured: Callable  # result -> spread or None
    less_is_better: bool = False
    unit: str = ""


def against(peer, test, figure="per_cpu_second", target="lb"):
    return lambda result: result["summary"].get(test, {}).get(target, {}).get(figure, {}).get("ratio", {}).get(peer)


def of_idle(name):
    def measured(result):
        value = result["idle"].get("lb", {}).get(name)
        return value and spread([value])
    return measured


def of_start(name):
    return lambda result: spread(result["startup"].get(name, []))


def quiet_percent(result):
    cores = result["quiet"].get("lb-busy-poll")
    return None if cores is None else spread([cores * 100])


BULK = ("up-1", "up-4", "down-1", "down-4")
COPY = {"pingpong-64-50": (1.18, 1.25), "pingpong-64-500": (1.5, 1.7), "pingpong-16k-50": (1.25, 1.4), "connect-fin": (1.1, 1.2), "connect-rst": (1.1, 1.2)}
UDP = ("udp-64-64", "udp-1200-64")
UDP_PACED = ("udp-paced-64-64", "udp-paced-1200-64")
GOALS = [
    *(Goal(f"{test}, work per CPU-second, HAProxy copy = 1", *limits, against("haproxy", test)) for test, limits in COPY.items()),
    *(Goal(f"{test}, work per CPU-second, best HAProxy splice = 1", 1.0, 1.3, against("splice", test)) for test in BULK),
    *(Goal(f"{test}, work per CPU-second of the whole system, best peer = 1", 0.95, 1.1, against("best", test, "per_system_cpu_second")) for test in BULK),
    *(Goal(f"{test}, work per CPU-second, nginx = 1", 1.0, None, against("nginx", test)) for test in (*COPY, *BULK)),
    *(Goal(f"{test}, datagrams per CPU-second, nginx = 1", 1.5, 2.5, against("nginx", test)) for test in UDP),
    Goal("udp-64-1, p50, nginx = 1", 1.0, None, against("nginx", "udp-64-1", "p50_us"), True),
    *(Goal(f"{test}, p99, nginx = 1", 1.0, None, against("nginx", test, "p99_us"), True) for test in ("udp-64-1", *UDP)),
    *(Goal(f"{test}, p99 at half of nginx's saturation, nginx = 1", 1.0, None, against("nginx", test, "p99_us"), True) for test in UDP_PACED),
    Goal("p99 at half of HAProxy's saturation, HAProxy copy = 1", 1.0, 0.9, against("haproxy", "paced-64-50", "p99_us"), True),
    Goal("memory per idle session", 3.0, 1.0, of_idle("kb_per_session"), True, " KB"),
    *(Goal(f"start to listening{where}", 300, 200, of_start("lb" + where), True, " ms") for where in (ALL_CORES, ONE_CORE)),
    Goal("idle RSS", 90, 60, of_idle("idle_mb"), True, " MB"),
    *(Goal(f"{p[:3]} of one connection with busy polling, HAProxy's = 1", 1.0, None,
           against("busy", "busy-poll-64-1", p, "lb-busy-poll"), True) for p in ("p50_us", "p99_us")),
    Goal("CPU two seconds after the last message with busy polling", 1.0, None, quiet_percent, True, " %"),
]


def verdict(goal, cell):
    sign = -1 if goal.less_is_better else 1
    reached = lambda limit: limit is not None and sign * cell["median"] >= sign * limit
    if cell is None:
        return "not measured"
    text = "aim reached" if reached(goal.aim) else "reached" if reached(goal.required) else f"missed by {abs(cell['median'] / goal.required - 1):.0%}"
    return text + (", within the noise" if cell["q1"] < goal.required < cell["q3"] else "")


def judge(result):
    found = []
    for goal in GOALS:
        cell = goal.measured(result)
        found.append({"figure": goal.figure, "required": goal.required, "aim": goal.aim, "less_is_better": goal.less_is_better, "unit": goal.unit,
                      "measured": cell, "verdict": verdict(goal, cell)})
    return found
