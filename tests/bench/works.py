"""What is measured, as bench_load's modes and flags, and the targets of our own server."""

import re
from typing import NamedTuple


class Work(NamedTuple):
    name: str
    mode: str
    flags: tuple = ()
    values: tuple = ("server_cpu_us",)
    connections: int = 0  # where they are many
    server_flags: tuple = ()  # of our own server, which alone then does it
    pinned: bool = True


def name_size(size):
    for unit in ("B", "KiB"):
        if size < 1024:
            return f"{size} {unit}"
        size //= 1024
    return f"{size} MiB"


MAIN = [
    Work("ping-pong 64", "ping-pong"),
    Work("pipeline 16 × 32", "pipeline"),
    Work("fan-out to 200", "fan-out"),
    Work("fan-out, one at a time", "fan-out", ("--in-flight", "1")),
    Work("16 kB", "large"),
    Work("connect", "connect"),
    Work("memory", "idle", values=("idle_kb", "used_kb"), connections=5000),
]
CONNECTIONS = [
    Work(f"{count:,}", "ping-pong", ("--connections", str(count)), connections=count) for count in (10, 100, 1000, 10000)
]
SIZES = [
    Work(name_size(size), "large", ("--text", str(size))) for size in (16, 256, 4 << 10, 64 << 10, 1 << 20)
]
# On all cores, which the generator shares.
THREADS = [
    Work(f"{mode}, {count} I/O", mode, (), ("messages_per_s", "server_cpu_us"), 0, ("--io-threads", str(count)), False)
    for mode in ("ping-pong", "pipeline", "large")
    for count in (1, 2)
]


class Target(NamedTuple):
    """At most so many times what a peer takes; without a peer, at most so much."""

    work: str
    value: str
    most: float
    peer: str = ""
    peer_work: str = ""
    server: str = "ws"


OURS, INLINE, FLOOR, GO = "ws", "ws, on the I/O strand", "raw Beast, no JSON", "Go, gorilla"
CPU = "server_cpu_us"
TARGETS = [
    Target("pipeline 16 × 32", CPU, 0.2, FLOOR),
    Target("pipeline 16 × 32", CPU, 0.1, GO),
    Target("ping-pong 64", CPU, 1.1, FLOOR),
    Target("ping-pong 64", CPU, 0.6, GO),
    Target("ping-pong 64", CPU, 1.05, FLOOR, server=INLINE),
    Target("fan-out to 200", CPU, 0.13, FLOOR, "ping-pong 64"),
    Target("connect", CPU, 1.0, FLOOR),
    Target("memory", "idle_kb", 6.5),
    Target("memory", "used_kb", 7.0),
]


def is_wanted(work, server, only):
    return not only or re.search(only, f"{work.mode}: {work.name}: {server.name}") is not None
