"""bench.py BUILD [--quick] [--rounds N] [--seconds S] [--only REGEX] [--json FILE]: measures the servers, prints tables.

Each round measures every pair of a work and a server once, so that a machine that drifts is unjust to none. The server
has one core, the load the other.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

from servers import Running, allow_many_sockets, list_servers, run_on
from tables import Samples, write_targets, write_threads, write_values
from works import CONNECTIONS, MAIN, SIZES, THREADS, is_wanted


class Bench:
    def __init__(self, options):
        self.options, self.samples, self.failed = options, Samples(), False
        self.servers = list_servers(options.build)
        self.sockets = allow_many_sockets()

    def measure(self, work, server):
        """What bench_load prints of a fresh server; raises RuntimeError."""
        cores = ({0}, {1}) if work.pinned else ({0, 1}, {0, 1})
        seconds = self.options.seconds if work.mode != "idle" else 0.1
        with Running(server, cores[0], work.server_flags) as running:
            command = [self.options.build / "bin/bench_load", work.mode, "--port", running.port, "--pid", running.process.pid,
                       "--dialect", server.dialect, "--duration", seconds, "--warm-up", min(0.5, seconds), *work.flags]
            done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=180,
                                  preexec_fn=run_on(cores[1]))
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return json.loads(done.stdout)

    def is_possible(self, work, server):
        if work.connections + 100 > self.sockets:
            print(f"{work.name}: {self.sockets} sockets a process are too few, left out", file=sys.stderr)
            return False
        if work.mode == "fan-out" and not server.broadcasts:
            return False
        return is_wanted(work, server, self.options.only) and (server.name.startswith("ws") or not work.server_flags)

    def run(self, works, rounds):
        pairs = [(work, server) for work in works for server in self.servers if self.is_possible(work, server)]
        for number in range(rounds):
            self.samples.begin_round()
            for index, (work, server) in enumerate(pairs):
                print(f"\r\033[Kround {number + 1} of {rounds}, {index + 1} of {len(pairs)}: {work.mode} "
                      f"{work.name}: {server.name}", end="", file=sys.stderr, flush=True)
                try:
                    self.samples.add(work, server, self.measure(work, server))
                except (RuntimeError, subprocess.TimeoutExpired) as failure:
                    self.failed = True
                    print(f"\n{work.name}: {server.name}: {failure}", file=sys.stderr)
        print(file=sys.stderr)

    def print_tables(self):
        samples, servers, rounds = self.samples, self.servers, self.options.rounds
        sections = [
            ("CPU a message (a delivery, a connection), and memory a connection", write_values(samples, MAIN, servers)),
            ("Targets: medians of the rounds' ratios", write_targets(samples, MAIN, servers)),
            ("CPU a message, by connections, ping-pong", write_values(samples, CONNECTIONS, servers)),
            ("CPU a message, by the text's octets, 16 connections", write_values(samples, SIZES, servers)),
            ("I/O threads, on all cores, which the load shares", write_threads(samples, THREADS, servers)),
        ]
        print(f"\n{rounds} rounds of {self.options.seconds} s, and half as many below the targets: medians, and in brackets the "
              "least and the most.")
        for title, table in sections:
            if table:
                print(f"\n### {title}\n\n{table}", end="")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="one round of half a second")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--only", help="a regular expression for `mode: work: server`")
    parser.add_argument("--json", type=pathlib.Path, help="a file for all that was measured")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 0.5
    if len(os.sched_getaffinity(0)) < 2:
        print("one core only: server and load share it, and only ratios mean something", file=sys.stderr)
    bench = Bench(options)
    bench.run(MAIN, options.rounds)
    bench.run([*CONNECTIONS, *SIZES, *THREADS], max(1, options.rounds // 2))
    if options.json:
        rows = [[" / ".join(key), values] for one in bench.samples.rounds for key, values in one.items()]
        options.json.write_text(json.dumps(rows, indent=1))
    bench.print_tables()
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
