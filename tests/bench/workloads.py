"""The workloads, as modes and flags of bench_load, and the targets of our server."""

import re
from typing import NamedTuple


class Workload(NamedTuple):
    name: str
    mode: str
    flags: tuple = ()
    values: tuple = ("server_cpu_us",)
    connections: int = 0  # set if it may exceed the limit of open sockets
    server_flags: tuple = ()  # if set, the workload is measured with our server only
    pinned: bool = True  # the server and the load generator have one core each


def name_size(size):
    for unit in ("B", "KiB"):
        if size < 1024:
            return f"{size} {unit}"
        size //= 1024
    return f"{size} MiB"


MAIN = [
    Workload("ping-pong 64", "ping-pong"),
    Workload("pipeline 16 × 32", "pipeline"),
    Workload("fan-out to 200", "fan-out"),
    Workload("fan-out, one at a time", "fan-out", ("--in-flight", "1")),
    Workload("16 kB", "large"),
    Workload("connect", "connect"),
    Workload("memory", "idle", values=("idle_kb", "used_kb"), connections=5000),
]
CONNECTIONS = [
    Workload(f"{count:,}", "ping-pong", ("--connections", str(count)), connections=count) for count in (10, 100, 1000, 10000)
]
SIZES = [
    Workload(name_size(size), "large", ("--text", str(size))) for size in (16, 256, 4 << 10, 64 << 10, 1 << 20)
]
# Measured on all cores, which the server shares with the load generator.
THREADS = [
    Workload(f"{mode}, {count} I/O", mode, (), ("messages_per_s", "server_cpu_us"), 0, ("--io-threads", str(count)), False)
    for mode in ("ping-pong", "pipeline", "large")
    for count in (1, 2)
]


class Target(NamedTuple):
    """An upper bound `most` for the ratio to a peer's value, or for the value itself if there is no peer."""

    workload: str
    value: str
    most: float
    peer: str = ""
    peer_workload: str = ""
    server: str = "ws"


OURS, INLINE, BASELINE, GO = "ws", "ws, on the I/O strand", "raw Beast, no JSON", "Go, gorilla"
CPU = "server_cpu_us"
TARGETS = [
    Target("pipeline 16 × 32", CPU, 0.2, BASELINE),
    Target("pipeline 16 × 32", CPU, 0.1, GO),
    Target("ping-pong 64", CPU, 1.1, BASELINE),
    Target("ping-pong 64", CPU, 0.6, GO),
    Target("ping-pong 64", CPU, 1.05, BASELINE, server=INLINE),
    Target("fan-out to 200", CPU, 0.13, BASELINE, "ping-pong 64"),
    Target("connect", CPU, 1.0, BASELINE),
    Target("memory", "idle_kb", 6.5),
    Target("memory", "used_kb", 7.0),
]


def is_wanted(workload, server, only):
    return not only or re.search(only, f"{workload.mode}: {workload.name}: {server.name}") is not None
