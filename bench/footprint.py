"""What a process holds at one moment: descriptors, sessions, memory. All of it from outside: /proc, and the jcmd of its JDK."""
import os, re
from dataclasses import dataclass
from pathlib import Path

import machine
from balancers import Failure

LISTEN, MB = "0A", 1 << 20


@dataclass(frozen=True)
class Memory:
    """Bytes. Heap is what is left of it after a collection; outside is what lies neither in the heap nor in a mapped file:
    direct buffers, what was taken by malloc, metaspace, compiled code, stacks."""
    resident: int
    heap: int
    outside: int


@dataclass(frozen=True)
class Held:
    """Sessions and flows as the balancer has them, and as their clients do: both read from the same tables at once."""
    descriptors: int
    pipes: int  # descriptors of pipes: a worker keeps those that it once needed at a time, up to its limit
    sessions: int
    sessions_of_clients: int
    flows: int
    flows_of_clients: int


def memory(pid):
    jcmd(pid, "GC.run")
    heap = jcmd(pid, "GC.heap_info")
    bounds = [int(x, 16) for r in re.findall(r"\[(0x[0-9a-f]+), 0x[0-9a-f]+, (0x[0-9a-f]+)\)", heap) for x in r]
    used = re.findall(r"used (\d+)K \[0x", heap)
    if not bounds or not used:
        raise Failure(f"GC.heap_info says something else than expected:\n{heap}")
    mappings = list(resident_by_mapping(pid))
    outside = sum(size for start, end, name, size in mappings if not name.startswith("/") and not min(bounds) <= start < max(bounds))
    return Memory(sum(size for *_, size in mappings), 1024 * sum(map(int, used)), outside)


def jcmd(pid, command):
    try:
        program = Path(os.readlink(f"/proc/{pid}/exe")).parent / "jcmd"
    except OSError:
        raise Failure(f"process {pid} has ended")
    return machine.output_of(str(program), str(pid), command)


def resident_by_mapping(pid):
    """Start, end, name and resident bytes of each mapping."""
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if head := re.match(r"([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ *(.*)", line):
            start, end, name = int(head[1], 16), int(head[2], 16), head[3]
        elif size := re.match(r"Rss: +(\d+) kB", line):
            yield start, end, name, 1024 * int(size[1])


def held(pid, port, datagram_port, datagram_backend):
    """What belongs to no process is left out: TIME_WAIT, and what the kernel sends after a close."""
    tcp, udp, open_files = list(sockets("tcp")), list(sockets("udp")), list(links(pid))
    return Held(
        descriptors=len(open_files),
        pipes=sum(link.startswith("pipe:") for link in open_files),
        sessions=sum(local == port and state != LISTEN for local, _, state in tcp),
        sessions_of_clients=sum(remote == port for _, remote, _ in tcp),
        flows=sum(remote == datagram_backend for _, remote, _ in udp),
        flows_of_clients=sum(remote == datagram_port for _, remote, _ in udp))


def links(pid):
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            yield os.readlink(entry.path)
        except OSError:
            pass  # closed meanwhile


def sockets(protocol):
    """Local port, remote port and state of the sockets that processes have open."""
    for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[9] != "0":
            yield int(fields[1].rsplit(":", 1)[1], 16), int(fields[2].rsplit(":", 1)[1], 16), fields[3]
