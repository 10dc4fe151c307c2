"""The machine: what is on it, what it is, and what processes use."""
import os, platform, re, shlex, shutil, subprocess, sys, time
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def output_of(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
        return (done.stdout + done.stderr).strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


# ---------------------------------------------------------------- processes

def parent_of(pid):
    """Parent of a process, or None when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return None if fields[0] == "Z" else int(fields[1])
    except (OSError, IndexError):
        return None


def with_descendants(pids):
    parents = {int(p.name): parent_of(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()}
    found = [p for p in pids if parents.get(p) is not None]
    for pid in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == pid and child not in found]
    return found


def cpu_seconds(pids):
    """As /proc/PID/stat has them, but not rounded to 10 ms (see clock_getcpuclockid(3))."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def resident_kb(pids):
    return sum(int(re.search(r"^Rss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1]) for pid in pids)


def java_heap(pid):
    """Bytes of the live objects of a JVM (it collects garbage for that), or None when its JDK has no jcmd."""
    try:
        jcmd = Path(os.readlink(f"/proc/{pid}/exe")).parent / "jcmd"
    except OSError:
        return None
    total = re.search(r"^Total\s+\d+\s+(\d+)", output_of(str(jcmd), str(pid), "GC.class_histogram"), re.M)
    return int(total[1]) if total else None


# ----------------------------------------------------------------- programs

def nginx_module(nginx):
    """Path of the stream module, "" when it is built in, None when there is none."""
    build = output_of(nginx, "-V").split()
    if "--with-stream" in build:
        return ""
    places = [w.split("=", 1)[1] for w in build if w.startswith("--modules-path=")] + ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules"]
    return next((f"{p}/ngx_stream_module.so" for p in places if Path(p, "ngx_stream_module.so").exists()), None)


def compiler():
    return next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)


def lb_program(options):
    return shlex.split(options.lb_command)[0]


def check_tools(options):
    """Says what is missing, all at once, and takes out lb when the repository cannot start it."""
    missing = []
    if not compiler():
        missing.append("a C compiler (Debian: apt install gcc libc6-dev)")
    missing += [f"{tool} (Debian: apt install util-linux)" for tool in ("taskset", "setpriv") if not shutil.which(tool)]
    if any(t.startswith("haproxy") for t in options.targets) and not shutil.which(options.haproxy):
        missing.append("haproxy (Debian: apt install haproxy, or --haproxy PATH)")
    if "nginx" in options.targets:
        if not shutil.which(options.nginx):
            missing.append("nginx (Debian: apt install nginx libnginx-mod-stream, or --nginx PATH)")
        elif nginx_module(options.nginx) is None:
            missing.append("the stream module of nginx (Debian: apt install libnginx-mod-stream)")
    if missing:
        print("bench: missing:\n" + "".join(f"  - {m}\n" for m in missing) + "bench: --targets LIST leaves a balancer out", file=sys.stderr)
        sys.exit(2)
    options.no_busy_poll = []
    program = lb_program(options)
    if "lb" in options.targets and not (shutil.which(program) or (ROOT / program).exists()):
        print(f"bench: no {program} in {ROOT}: lb is left out", file=sys.stderr)
        options.targets.remove("lb")
    elif "lb" in options.targets and Path(program).name == "lb" and "--busy-poll" not in output_of(program, "run", "--help"):  # builds it, too
        print(f"bench: {program} has no --busy-poll yet: lb-busy-poll is left out", file=sys.stderr)
        options.no_busy_poll.append("lb")


def facts(options):
    cpu = [l.split(":", 1)[1].strip() for l in Path("/proc/cpuinfo").read_text().splitlines() if l.startswith("model name")]
    first = lambda text: (text.splitlines() or ["?"])[0]
    dirty = " with uncommitted changes" if output_of("git", "status", "--porcelain") else ""
    found = {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": (output_of("git", "rev-parse", "HEAD") or "?") + dirty,
        "cpu": f"{cpu[0] if cpu else platform.machine()}, {os.cpu_count()} cores",
        "memory": first(Path("/proc/meminfo").read_text()).split(":")[1].strip(),
        "kernel": platform.release(),
        "pinning": f"balancer on core {','.join(map(str, options.cores[:options.workers]))}, load on {options.load_core}, backend on {options.backend_core}",
    }
    if any(t.startswith("haproxy") for t in options.targets):
        found["haproxy"] = first(output_of(options.haproxy, "-v"))
    if "nginx" in options.targets:
        found["nginx"] = first(output_of(options.nginx, "-v"))
    if "lb" in options.targets:
        found["lb"] = options.lb_command
        if Path(lb_program(options)).name == "lb":
            found["lb version"] = ", ".join(output_of(lb_program(options), "version").splitlines()[:2]) or "?"
    return found
