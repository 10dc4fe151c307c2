"""The balancers under test: their configurations, and how they are started and stopped."""
import os, random, re, resource, shlex, shutil, signal, socket, subprocess, time
from dataclasses import dataclass
from pathlib import Path

import machine

SERVICES = ("echo", "source", "sink")
DATAGRAMS = "datagrams"  # the service of UDP
SPLICE_OPTIONS = {"haproxy": "", "haproxy-splice": "option splice-auto", "haproxy-splice-forced": "option splice-request\n  option splice-response"}
NAMES = ["direct", *SPLICE_OPTIONS, "nginx", "lb"]
PIPES = 256  # descriptors that HAProxy may use for splicing; by default a quarter of its maxconn, twice

HAPROXY = """global
  nbthread {workers}
  maxconn {maxconn}
  stats socket {dir}/stats level user
  {global_options}
defaults
  mode tcp
  timeout connect 1m
  timeout client 1m
  timeout server 1m
  {options}
"""
HAPROXY_SERVICE = """listen {name}
  bind 127.0.0.1:{port} backlog 4096
  server s1 127.0.0.1:{backend}
"""
NGINX = """{load_module}
{user}
worker_processes {workers};
worker_rlimit_nofile {nofile};
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections {maxconn}; }}
stream {{
  log_format tcplog '$remote_addr:$remote_port [$time_local] $server_port $upstream_addr '
    '$upstream_connect_time/$session_time $bytes_received $bytes_sent $status';
  access_log {access_log};
  proxy_timeout 1m;
{servers}}}
"""
NGINX_SERVICE = "  server {{ listen 127.0.0.1:{port} backlog=4096; proxy_pass 127.0.0.1:{backend}; }}\n"
NGINX_DATAGRAMS = "  server {{ listen 127.0.0.1:{port} udp; proxy_pass 127.0.0.1:{backend}; }}\n"
LB = """workers = {workers}
{options}
listeners {{
{listeners}}}
pools {{
{pools}}}
"""
LB_LISTENER = '  {name} {{ bind = "127.0.0.1:{port}", pool = {name} }}\n'
LB_DATAGRAMS = '  {name} {{ bind = "127.0.0.1:{port}", protocol = udp, pool = {name} }}\n'
LB_POOL = '  {name} {{ backends = [ "127.0.0.1:{backend}" ] }}\n'
LB_COMMAND = "./lb run -f {config}"


class Failure(Exception):
    pass


@dataclass(frozen=True)
class Spec:
    """A balancer and what is unlike its default."""
    base: str
    workers: int = 1
    log: bool = False
    busy: bool = False
    udp: bool = True

    @property
    def name(self):
        return self.base + ("-busy-poll" if self.busy else "") + (f" x{self.workers}" if self.workers > 1 else "")


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

    def __init__(self, spec, backend, folder, options):
        self.spec, self.name, self.backend, self.options = spec, spec.name, backend, options
        self.folder = folder / spec.name.replace(" ", "-")
        shutil.rmtree(self.folder, ignore_errors=True)  # of an earlier start
        self.folder.mkdir()
        self.folder.chmod(0o755)  # nginx started by root works as another user
        self.access_log = self.folder / "access.log"
        self.ports = dict(backend) if spec.base == "direct" else dict(zip((*SERVICES, DATAGRAMS), free_ports(4)))
        self.process = None

    def command(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        spec, options = self.spec, self.options
        services = [dict(name=s, port=self.ports[s], backend=self.backend[s]) for s in SERVICES]
        of_all = lambda template: "".join(template.format(**s) for s in services)
        datagrams = dict(name=DATAGRAMS, port=self.ports[DATAGRAMS], backend=self.backend[DATAGRAMS])
        udp = lambda template: template.format(**datagrams) if spec.udp else ""
        config = self.folder / "config"
        if spec.base in SPLICE_OPTIONS:
            splice = SPLICE_OPTIONS[spec.base]
            global_options = [f"maxpipes {PIPES}" if splice else "nosplice", "busy-polling" if spec.busy else "",
                              "log stdout format raw local0" if spec.log else ""]
            text = HAPROXY.format(workers=spec.workers, maxconn=min(20000, (hard - 100) // 2 - PIPES), dir=self.folder,
                                  global_options="\n  ".join(global_options), options="log global\n  option tcplog" if spec.log else splice)
            config.write_text(text + of_all(HAPROXY_SERVICE))
            return [options.haproxy, "-db", "-f", str(config)]
        if spec.base == "nginx":
            module = machine.nginx_module(options.nginx)
            config.write_text(NGINX.format(
                load_module=f"load_module {module};" if module else "", user="user root;" if os.getuid() == 0 else "", workers=spec.workers,
                nofile=min(hard, 40000), dir=self.folder, maxconn=min(20000, hard),
                access_log=f"{self.access_log} tcplog" if spec.log else "off",
                servers=of_all(NGINX_SERVICE) + udp(NGINX_DATAGRAMS)))
            return [options.nginx, "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c", str(config)]
        config.write_text(LB.format(workers=spec.workers, listeners=of_all(LB_LISTENER) + udp(LB_DATAGRAMS),
                                    pools=of_all(LB_POOL) + udp(LB_POOL),
                                    options=("access-log = text\n" if spec.log else "") + ("busy-poll = 200us\n" if spec.busy else "")))
        return shlex.split(options.lb_command.format(config=config))

    def start(self, all_cores=False):
        """Returns the milliseconds from the start of the process to the first connection that it takes."""
        if self.spec.base == "direct":
            return None
        cores = ",".join(map(str, self.options.cores if all_cores else self.options.cores[:self.spec.workers]))
        end = "KILL" if self.spec.busy else "TERM"  # when the driver dies; a paused one heeds nothing else
        command = ["setpriv", "--pdeathsig", end, "taskset", "-c", cores] + self.command()
        with open(self.access_log, "ab") as out, open(self.folder / "log", "wb") as errors:
            began = time.monotonic()
            self.process = subprocess.Popen(command, cwd=machine.ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        deadline, took = began + (5 if self.spec.base != "lb" else 60), None
        for port in (self.ports[s] for s in SERVICES):
            while not listens(port):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Failure(f"{self.name} did not start:\n" + self.last_words())
                time.sleep(0.001)
            took = took or (time.monotonic() - began) * 1000
        while self.spec.base == "nginx" and len(self.pids()) <= self.spec.workers and time.monotonic() < deadline:
            time.sleep(0.001)  # it listens before it has its workers
        self.pause()
        return took

    def last_words(self):
        files = [f for f in (self.folder / "log", self.folder / "error.log", self.access_log) if f.exists()]
        return "\n".join("    " + line for f in files for line in f.read_text(errors="replace").splitlines()[-8:])

    def signal_spinning(self, number):
        if self.spec.busy and self.spec.base == "haproxy" and self.process and self.process.poll() is None:
            self.process.send_signal(number)

    def pause(self):
        """HAProxy's busy polling never sleeps: while others are measured on its core, it must not run."""
        self.signal_spinning(signal.SIGSTOP)

    def resume(self):
        self.signal_spinning(signal.SIGCONT)

    def bytes_out(self):
        """All bytes that HAProxy sent so far and those that it spliced: an option alone does not prove that it does."""
        if self.spec.base not in SPLICE_OPTIONS:
            return None
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(str(self.folder / "stats"))
            s.sendall(b"show info\n")
            text = b"".join(iter(lambda: s.recv(65536), b"")).decode()
        value = lambda name: int(re.search(rf"^{name}: (\d+)", text, re.M)[1])
        return value("TotalBytesOut"), value(r"TotalSpl\w+BytesOut")  # 2.6 writes "Splicded"

    def take_log_lines(self):
        """How many lines the access log has got since the last call; the file is emptied, all append to it."""
        with open(self.access_log, "rb") as f:
            lines = sum(piece.count(b"\n") for piece in iter(lambda: f.read(1 << 20), b""))
        os.truncate(self.access_log, 0)
        return lines

    def pids(self):
        return machine.with_descendants([self.process.pid]) if self.process else []

    def stop(self):
        if self.process is None:
            return
        self.resume()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            for pid in self.pids():
                os.kill(pid, signal.SIGKILL)
            self.process.wait(5)


def listens(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0
