"""One run: the backend, the balancers in front of it, and the load against one after the other."""
import json, os, statistics, subprocess, time

import balancers, machine
from workload import TESTS

RAMP = 0.3  # seconds of traffic before a window
QUIET_AFTER = QUIET_FOR = 2  # seconds after the last message, seconds of looking at the CPU


class Session:
    def __init__(self, options, folder, problems, lifetime):
        self.options, self.folder, self.problems, self.lifetime = options, folder, problems, lifetime
        self.rounds = {}  # test -> target -> results
        self.extras = {}  # what the report has beside the rounds
        self.saturation = {}  # of each paced test: what its reference did per second as fast as it can, the latest last

    def __enter__(self):
        source = machine.ROOT / "bench"
        self.load = str(self.folder / "load")
        subprocess.run([machine.compiler(), "-O2", "-Wall", "-Wextra", "-std=gnu11", "-o", self.load, *source.glob("*.c")], check=True)
        os.sched_setaffinity(0, {self.options.load_core})  # stay off the balancer's core
        self.backend = subprocess.Popen(["taskset", "-c", str(self.options.backend_core), self.load, "backend", str(self.lifetime)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self.backend.stdout.readline())
        return self

    def __exit__(self, *_):
        self.backend.stdin.close()
        try:
            self.backend.wait(5)
        except subprocess.TimeoutExpired:
            self.backend.kill()

    def target(self, spec):
        return balancers.Target(spec, self.ports, self.folder, self.options)

    def fault(self, label, problem):
        self.problems.append(f"{label}: {problem}")
        print(f"{label}: {problem}", flush=True)

    def load_command(self, service_port, *arguments):
        return ["taskset", "-c", str(self.options.load_core), self.load, *map(str, arguments[:-1]), str(service_port), *arguments[-1].split()]

    def measure(self, target, test, seconds, ramp=RAMP):
        """One run of the load against one target. What makes the result worthless is listed under "problems"."""
        target.resume()
        try:
            return self.measure_running(target, test, seconds, ramp)
        except subprocess.TimeoutExpired:
            return {"problems": ["the load did not end"]}
        finally:
            target.pause()

    def measure_running(self, target, test, seconds, ramp):
        pids, before = target.pids(), target.bytes_out()
        arguments = ["-r", ramp, "-p", ",".join(map(str, pids)), "-p", self.backend.pid]
        rate = test.rate or (self.paced_rate(test) if test.paced else 0)
        if rate:
            arguments += ["-R", rate]
        command = self.load_command(target.ports[test.service], *arguments, f"{test.arguments} {seconds}")
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 40)
        if done.returncode != 0:
            return {"problems": [f"load ended with {done.returncode} {done.stderr.strip()}"]}
        r = json.loads(done.stdout)
        problems, after = [], target.bytes_out()
        r["spliced"] = (after[1] - before[1]) / max(1, after[0] - before[0]) if after else None
        r.setdefault("lost", None)
        r["work"] = r[test.figure] * test.scale
        r["of_rate"] = r["operations"] / r["seconds"] / rate if rate and r["seconds"] else None
        if r["errors"]:
            problems.append(f"{r['errors']} errors, first: {r['first_error']}")
        if r["starved"]:
            problems.append(f"{r['starved']} connections made no progress")
        if target.pids() != pids or (target.process and not pids):
            problems.append("the balancer's processes changed")
        if r["work"] == 0:
            problems.append("no work was done")
        if target.spec.log and target.process and (lines := target.take_log_lines()) < 0.9 * r["operations"]:
            problems.append(f"{lines} lines of access log for {r['operations']} sessions")
        cpu_target, cpu_backend = r.pop("cpu")
        cpu_system = cpu_target + cpu_backend + r["cpu_own"]
        rate = lambda cpu: r["work"] / cpu if cpu > 0 else None
        return {**r, "problems": problems, "cpu_target": cpu_target, "cpu_backend": cpu_backend,
                "cpu_others": max(0, round(r["cpu_machine"] - cpu_system, 2)), "per_second": r["work"] / r["seconds"] if r["seconds"] else 0,
                "per_cpu_second": rate(cpu_target), "per_system_cpu_second": rate(cpu_system)}

    def measure_and_tell(self, label, target, name, seconds, ramp=RAMP):
        r = self.measure(target, TESTS[name], seconds, ramp)
        print(f"{label} {name} {target.name}: {r.get('per_second', 0):.4g} {TESTS[name].unit}/s", flush=True)
        for problem in r["problems"]:
            self.fault(f"{label} {name} {target.name}", problem)
        return r

    def run(self, part):
        for name in part.tests:
            self.rounds[name] = {s.name: [] for s in part.targets}
        if part.name == "cold":
            return self.run_cold(part)
        targets = [self.target(s) for s in part.targets]
        try:
            for target in targets:
                target.start()
            named = {t.name: t for t in targets}
            tests = [t for t in part.tests if not TESTS[t].paced or TESTS[t].paced[0] in named]
            for name in part.tests:
                if name not in tests:
                    print(f"bench: {name} is left out without {TESTS[name].paced[0]}", flush=True)
            for name in tests:
                if TESTS[name].paced:
                    self.saturate(named, TESTS[name], 3)
                for target in targets:
                    seconds = self.options.warm_up_of(target.spec)
                    if seconds:
                        self.measure_and_tell("warm-up", target, name, seconds)
            for number in range(self.options.rounds):
                for name in tests:
                    if TESTS[name].paced:
                        self.saturate(named, TESTS[name], 1)
                    for target in rotated(targets, number):
                        self.rounds[name][target.name].append(self.measure_and_tell(f"round {number + 1}", target, name, self.options.seconds))
            if part.name == "busy-poll":
                self.extras["quiet"] = {t.name: self.cpu_when_quiet(t, part.tests[0]) for t in targets if t.process}
        finally:
            for target in targets:
                target.stop()

    def run_cold(self, part):
        for number in range(self.options.rounds):
            for name in part.tests:
                for spec in rotated(part.targets, number):
                    target = self.target(spec)
                    try:
                        target.start()
                        self.rounds[name][spec.name].append(self.measure_and_tell(f"round {number + 1}", target, name, self.options.seconds, ramp=0))
                    finally:
                        target.stop()

    def saturate(self, named, test, times):
        """The machine's speed drifts: what is half of the reference's saturation is measured again before each paced test."""
        target, reference = test.paced
        done = self.saturation.setdefault(test.paced, [])
        for _ in range(times):
            r = self.measure_and_tell("saturation", named[target], reference, self.options.seconds)
            done += [] if r["problems"] else [r["per_second"]]
        self.extras.setdefault("saturation", {})[reference] = statistics.median(done or [2])

    def paced_rate(self, test):
        return max(1, round(statistics.median(self.saturation[test.paced][-5:] or [2]) / 2))

    def cpu_when_quiet(self, target, name):
        """Cores in use a while after the last message."""
        target.resume()
        try:
            self.measure_running(target, TESTS[name], self.options.seconds, RAMP)
            time.sleep(QUIET_AFTER)
            pids, before, began = target.pids(), machine.cpu_seconds(target.pids()), time.monotonic()
            time.sleep(QUIET_FOR)
            return (machine.cpu_seconds(pids) - before) / (time.monotonic() - began)
        finally:
            target.pause()


def rotated(targets, number):
    """In every round another one begins."""
    turn = number % len(targets)
    return targets[turn:] + targets[:turn]
