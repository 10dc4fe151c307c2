"""The balancers under test: their configurations, how they are started and stopped, and what they need on the machine."""
import os, random, re, resource, shlex, shutil, signal, socket, subprocess, sys, time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("echo", "source", "sink")
SPLICE_OPTIONS = {"haproxy": "", "haproxy-splice": "option splice-auto", "haproxy-splice-forced": "option splice-request\n  option splice-response"}
NAMES = ["direct", *SPLICE_OPTIONS, "nginx", "lb"]

HAPROXY = """global
  nbthread 1
  maxconn {maxconn}
  stats socket {dir}/stats level user
  {splice_global}
defaults
  mode tcp
  timeout connect 1m
  timeout client 1m
  timeout server 1m
  {splice_options}
"""
HAPROXY_SERVICE = """listen {name}
  bind 127.0.0.1:{port} backlog 4096
  server s1 127.0.0.1:{backend}
"""
NGINX = """{load_module}
{user}
worker_processes 1;
worker_rlimit_nofile {nofile};
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections {maxconn}; }}
stream {{
  access_log off;
  proxy_timeout 1m;
{servers}}}
"""
NGINX_SERVICE = "  server {{ listen 127.0.0.1:{port} backlog=4096; proxy_pass 127.0.0.1:{backend}; }}\n"
LB_FLAGS = "./lb run --listen 127.0.0.1:{port} --backend 127.0.0.1:{backend} --workers 1"


class Failure(Exception):
    pass


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


def free_ports(count):
    """Ports below the ephemeral range, so that no outgoing connection of the load can sit on one of them."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = []
    for port in random.sample(range(10240, max(low, 11240)), 900):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise Failure("found no free ports on 127.0.0.1")


class Target:
    """One balancer (or none) in front of the backend: how it is started, where it listens, which processes it is."""

    def __init__(self, name, backend, folder, options):
        self.name, self.backend, self.options = name, backend, options
        self.folder = folder / name
        self.folder.mkdir()
        self.folder.chmod(0o755)  # nginx started by root works as another user
        self.ports = dict(backend) if name == "direct" else dict(zip(SERVICES, free_ports(3)))
        self.processes = []

    def commands(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        maxconn = min(20000, (hard - 100) // 2)
        services = [dict(name=s, port=self.ports[s], backend=self.backend[s]) for s in SERVICES]
        if self.name in SPLICE_OPTIONS:
            options = SPLICE_OPTIONS[self.name]
            if options:
                maxconn = min(20000, (hard - 100) * 2 // 5)  # it counts two more descriptors for each of maxconn/4 pipes
            text = HAPROXY.format(maxconn=maxconn, dir=self.folder, splice_global="" if options else "nosplice", splice_options=options)
            (self.folder / "haproxy.cfg").write_text(text + "".join(HAPROXY_SERVICE.format(**s) for s in services))
            return [[self.options.haproxy, "-db", "-f", str(self.folder / "haproxy.cfg")]]
        if self.name == "nginx":
            module = nginx_module(self.options.nginx)
            text = NGINX.format(load_module=f"load_module {module};" if module else "", user="user root;" if os.getuid() == 0 else "",
                                nofile=min(hard, 40000), dir=self.folder, maxconn=min(20000, hard),
                                servers="".join(NGINX_SERVICE.format(**s) for s in services))
            (self.folder / "nginx.conf").write_text(text)
            return [[self.options.nginx, "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c", str(self.folder / "nginx.conf")]]
        if self.name == "lb":
            if "{port}" in self.options.lb_command:  # flags know one listener: one process for each service, the idle ones cost nothing
                return [shlex.split(self.options.lb_command.format(**s)) for s in services]
            (self.folder / "lb.conf").write_text(
                "workers = 1\nlisteners {\n" + "".join('  {name} {{ bind = "127.0.0.1:{port}", pool = {name} }}\n'.format(**s) for s in services)
                + "}\npools {\n" + "".join('  {name} {{ backends = [ "127.0.0.1:{backend}" ] }}\n'.format(**s) for s in services) + "}\n")
            return [shlex.split(self.options.lb_command.format(config=self.folder / "lb.conf"))]
        return []

    def start(self):
        log = open(self.folder / "log", "wb")
        for command in self.commands():
            pinned = ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", str(self.options.core)] + command
            self.processes.append(subprocess.Popen(pinned, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        deadline = time.monotonic() + (5 if self.name != "lb" else 60)
        for port in self.ports.values():
            while not listens(port):
                if any(p.poll() is not None for p in self.processes) or time.monotonic() > deadline:
                    raise Failure(f"{self.name} did not start:\n" + self.last_words())
                time.sleep(0.05)

    def last_words(self):
        files = [f for f in (self.folder / "log", self.folder / "error.log") if f.exists()]
        return "\n".join("    " + line for f in files for line in f.read_text(errors="replace").splitlines()[-8:])

    def bytes_out(self):
        """All bytes that HAProxy sent so far and those that it spliced: an option alone does not prove that it does."""
        if self.name not in SPLICE_OPTIONS:
            return None
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(str(self.folder / "stats"))
            s.sendall(b"show info\n")
            text = b"".join(iter(lambda: s.recv(65536), b"")).decode()
        value = lambda name: int(re.search(rf"^{name}: (\d+)", text, re.M)[1])
        return value("TotalBytesOut"), value(r"TotalSpl\w+BytesOut")  # 2.6 writes "Splicded"

    def pids(self):
        return with_descendants([p.pid for p in self.processes])

    def stop(self):
        for p in self.processes:
            if p.poll() is None:
                p.terminate()
        for p in self.processes:
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                for pid in with_descendants([p.pid]):
                    os.kill(pid, signal.SIGKILL)
                p.wait(5)


def listens(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0


def output_of(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
        return (done.stdout + done.stderr).strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def nginx_module(nginx):
    """Path of the stream module, "" when it is built in, None when there is none."""
    build = output_of(nginx, "-V").split()
    if "--with-stream" in build:
        return ""
    places = [w.split("=", 1)[1] for w in build if w.startswith("--modules-path=")] + ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules"]
    return next((f"{p}/ngx_stream_module.so" for p in places if Path(p, "ngx_stream_module.so").exists()), None)


def check_tools(options):
    """Says what is missing, all at once, and takes out lb when the repository cannot start it yet."""
    missing = []
    if not any(shutil.which(c) for c in ("cc", "gcc", "clang")):
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
    program = shlex.split(options.lb_command)[0]
    if "lb" in options.targets and not (shutil.which(program) or (ROOT / program).exists()):
        print(f"bench: no {program} in {ROOT}: lb is skipped", file=sys.stderr)
        options.targets.remove("lb")
