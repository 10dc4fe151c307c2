"""What is measured: the tests, and in which parts of a run and against which targets."""
from dataclasses import dataclass

import balancers


@dataclass(frozen=True)
class Test:
    service: str  # of the backend
    arguments: str  # of bench/load, before the seconds
    unit: str  # of work
    part: str = "main"
    figure: str = "operations"  # in what bench/load prints
    scale: float = 1
    paced: tuple = ()  # target and test: at half of what that target does in that test, instead of as fast as it goes
    rate: float = 0  # so many operations per second


def bulk(direction, connections):
    return Test("sink" if direction == "up" else "source", f"{direction} {connections}", "MB", figure="bytes", scale=1e-6)


def datagrams(size, flows, in_flight, paced=()):
    return Test("datagrams", f"datagrams {size} {flows} {in_flight}", "datagram", part="udp", paced=paced)


TESTS = {
    "pingpong-64-1": Test("echo", "pingpong 64 1", "msg"),
    "pingpong-64-50": Test("echo", "pingpong 64 50", "msg"),
    "pingpong-64-500": Test("echo", "pingpong 64 500", "msg"),
    "pingpong-16k-50": Test("echo", "pingpong 16384 50", "msg"),
    "up-1": bulk("up", 1),
    "up-4": bulk("up", 4),
    "down-1": bulk("down", 1),
    "down-4": bulk("down", 4),
    "connect-fin": Test("echo", "connect fin 32", "conn"),
    "connect-rst": Test("echo", "connect rst 32", "conn"),
    "mix": Test("echo", "mix 32", "session"),
    "paced-64-50": Test("echo", "pingpong 64 50", "msg", paced=("haproxy", "pingpong-64-50")),
    "udp-64-1": datagrams(64, 1, 1),
    "udp-64-64": datagrams(64, 64, 4),
    "udp-1200-64": datagrams(1200, 64, 8),
    "udp-paced-64-64": datagrams(64, 64, 4, ("nginx", "udp-64-64")),
    "udp-paced-1200-64": datagrams(1200, 64, 8, ("nginx", "udp-1200-64")),
    "connect-fin-log": Test("echo", "connect fin 32", "conn", part="log"),
    "busy-poll-64-1": Test("echo", "pingpong 64 1", "msg", part="busy-poll"),
}
EXTRAS = ("startup", "idle")  # not loads, see resident.py
COLD_TESTS = ("pingpong-64-50", "connect-fin")
WORKERS_TESTS = ("pingpong-64-50", "pingpong-64-500", "connect-fin")


@dataclass(frozen=True)
class Part:
    """Tests that meet the same processes; they are started for it and ended after it. Cold: started for each measurement."""
    name: str
    tests: list
    targets: list  # of balancers.Spec


def parts(options):
    """What this run consists of."""
    specs = [balancers.Spec(name) for name in options.targets]
    if options.cold:
        return [Part("cold", options.tests, specs)]
    if options.workers > 1:
        many = [balancers.Spec(s.base, workers=options.workers) for s in specs if s.base != "direct"]
        return [Part("workers", options.tests, specs + many)]
    found = []
    for name in dict.fromkeys(t.part for t in TESTS.values()):
        tests = [t for t in options.tests if t in TESTS and TESTS[t].part == name]
        targets = specs
        if name == "log":
            targets = [balancers.Spec(s.base, log=True) for s in specs if "splice" not in s.base]
        if name == "udp":
            targets = [s for s in specs if not s.base.startswith("haproxy")]  # which has no UDP
        if name == "busy-poll":
            targets = [s for s in specs if s.base in ("direct", "haproxy", "lb")]
            targets += [balancers.Spec(s.base, busy=True) for s in targets if s.base != "direct" and s.base not in options.no_busy_poll]
        if tests:
            found.append(Part(name, tests, targets))
    return found
