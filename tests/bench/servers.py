"""The servers that are measured, and a running server process."""

import os
import pathlib
import re
import resource
import select
import shutil
import subprocess
import sys
from typing import NamedTuple


class Server(NamedTuple):
    name: str
    command: tuple
    dialect: str = "events"
    broadcasts: bool = True


def list_servers(build):
    """Returns the servers that were built, and prints the names of the others."""
    programs, node = build / "bin", build / "tests/bench/node"
    servers = [
        Server("ws", (programs / "bench_server",)),
        Server("ws, on the I/O strand", (programs / "bench_server", "--workers", "inline")),
        Server("raw Beast, no JSON", (programs / "bench_beast",), broadcasts=False),
        Server("websocketpp", (programs / "bench_websocketpp",)),
        Server("Go, gorilla", (programs / "bench_gorilla",)),
        Server("npm ws", ("node", node / "ws.mjs")),
        Server("socket.io", ("node", node / "socket_io.mjs"), "socket.io"),
    ]
    available = []
    for server in servers:
        missing = [part for part in server.command[:2] if isinstance(part, pathlib.Path) and not part.exists()]
        if missing or not shutil.which(server.command[0]):
            print(f"{server.name}: skipped, not built", file=sys.stderr)
        else:
            available.append(server)
    return available


def allow_many_sockets():
    """Raises the limit of open files, which child processes inherit. Returns the number of sockets that a process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (1 << 17, hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
            return wanted
        except (ValueError, OSError):
            pass
    return soft


def run_on(cores):
    return lambda: os.sched_setaffinity(0, cores & os.sched_getaffinity(0) or os.sched_getaffinity(0))


class Running:
    """A running server process that is pinned to some cores."""

    def __init__(self, server, cores, flags=()):
        self.server = server
        command = [str(part) for part in (*server.command, *flags)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=run_on(cores))

    def __enter__(self):
        ready, _, _ = select.select([self.process.stdout], [], [], 20)
        line = self.process.stdout.readline() if ready else ""
        found = re.fullmatch(r"listening (\d+)\n", line)
        if not found:
            self.__exit__()
            raise RuntimeError(f"{self.server.name} did not start: {line!r}")
        self.port = found.group(1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
