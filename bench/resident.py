"""Start-up, and the memory of a process that has nothing to do or only idle sessions."""
import resource, statistics, subprocess, time

import machine
from balancers import Spec
from session import rotated

SESSIONS, FIRST = 9000, 1000
ONE_CORE, ALL_CORES = ", one core", ", all cores"
SETTLE = 1  # seconds before memory is read


def specs(options):
    return [Spec(name, udp=False) for name in options.targets if name in ("haproxy", "nginx", "lb")]


def startup(session, starts):
    """Target and cores -> milliseconds from exec to the first connection taken, of each start."""
    places = [(spec, where) for where in (ONE_CORE, ALL_CORES) for spec in specs(session.options)]
    found = {spec.name + where: [] for spec, where in places}
    for number in range(starts):
        for spec, where in rotated(places, number) if places else []:
            target = session.target(spec)
            try:
                found[spec.name + where].append(target.start(all_cores=where == ALL_CORES))
            finally:
                target.stop()
            print(f"start {number + 1} {spec.name}{where}: {found[spec.name + where][-1]:.0f} ms", flush=True)
    session.extras["startup"] = found


def sessions_possible():
    """Two descriptors for each session, and some for the rest."""
    return min(SESSIONS, (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 1200) // 2)


class Holder:
    """Holds idle connections to one port; each has had one message there and back."""

    def __init__(self, session, target):
        self.process = subprocess.Popen(session.load_command(target.ports["echo"], "idle"), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def hold(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        held = self.process.stdout.readline()  # the load itself gives up after 30 s
        if held.strip() != str(count):
            raise RuntimeError(self.process.stderr.read().strip() or f"holds {held.strip() or 'no'} sessions")
        time.sleep(SETTLE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


def measured(session, spec, steps, read):
    """What `read` says of a balancer that was just started, and then with so many idle sessions at each step."""
    target = session.target(spec)
    try:
        target.start()
        with Holder(session, target) as holder:
            time.sleep(SETTLE)
            values = [read(target)]
            for count in steps:
                holder.hold(count)
                values.append(read(target))
            return values
    finally:
        target.stop()


def idle(session, times):
    """Memory of each balancer with no session and with thousands, and the live heap of lb."""
    count = sessions_possible()
    first = min(FIRST, count // 2)
    found = {}
    for spec in specs(session.options):
        try:
            rows = [measured(session, spec, (first, count), lambda t: machine.resident_kb(t.pids())) for _ in range(times)]
            none, some, all_of_them = (statistics.median(column) for column in zip(*rows))
            row = found[spec.name] = {"sessions": count, "idle_mb": none / 1024, "kb_per_session": (all_of_them - none) / count,
                                      "kb_per_further_session": (all_of_them - some) / (count - first)}
            if spec.base == "lb":
                before, after = measured(session, spec, (count,), lambda t: machine.java_heap(t.pids()[0]))
                if before and after:
                    row["heap_kb_per_session"] = (after - before) / 1024 / count
                else:
                    print("bench: no jcmd beside the java of lb: its heap is left out", flush=True)
            print(f"idle {spec.name}: {row['idle_mb']:.1f} MB, {row['kb_per_session']:.2f} KB for each of {count} sessions", flush=True)
        except RuntimeError as e:
            session.fault(f"idle {spec.name}", e)
    session.extras["idle"] = found
