"""bench.py BUILD [--quick] [--rounds N] [--seconds S] [--only REGEX] [--json FILE]: measures the servers, prints tables.

Each round measures every pair of a workload and a server once, so that a machine whose speed changes affects all servers
alike. The server runs on one core and the load generator on the other.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

from servers import Running, allow_many_sockets, list_servers, run_on
from tables import Samples, write_targets, write_threads, write_values
from workloads import CONNECTIONS, MAIN, SIZES, THREADS, is_wanted


class Bench:
    def __init__(self, options):
        self.options, self.samples, self.failed = options, Samples(), False
        self.servers = list_servers(options.build)
        self.sockets = allow_many_sockets()

    def measure(self, workload, server):
        """Starts the server and returns the values that bench_load prints. Raises RuntimeError."""
        cores = ({0}, {1}) if workload.pinned else ({0, 1}, {0, 1})
        seconds = self.options.seconds if workload.mode != "idle" else 0.1
        with Running(server, cores[0], workload.server_flags) as running:
            command = [self.options.build / "bin/bench_load", workload.mode, "--port", running.port, "--pid", running.process.pid,
                       "--dialect", server.dialect, "--duration", seconds, "--warm-up", min(0.5, seconds), *workload.flags]
            done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=180,
                                  preexec_fn=run_on(cores[1]))
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return json.loads(done.stdout)

    def is_possible(self, workload, server):
        if workload.connections + 100 > self.sockets:
            print(f"{workload.name}: skipped, a process may have only {self.sockets} sockets", file=sys.stderr)
            return False
        if workload.mode == "fan-out" and not server.broadcasts:
            return False
        return is_wanted(workload, server, self.options.only) and (server.name.startswith("ws") or not workload.server_flags)

    def run(self, workloads, rounds):
        pairs = [(workload, server) for workload in workloads for server in self.servers if self.is_possible(workload, server)]
        for number in range(rounds):
            self.samples.begin_round()
            for index, (workload, server) in enumerate(pairs):
                print(f"\r\033[Kround {number + 1} of {rounds}, {index + 1} of {len(pairs)}: {workload.mode} "
                      f"{workload.name}: {server.name}", end="", file=sys.stderr, flush=True)
                try:
                    self.samples.add(workload, server, self.measure(workload, server))
                except (RuntimeError, subprocess.TimeoutExpired) as failure:
                    self.failed = True
                    print(f"\n{workload.name}: {server.name}: {failure}", file=sys.stderr)
        print(file=sys.stderr)

    def print_tables(self):
        samples, servers, rounds = self.samples, self.servers, self.options.rounds
        sections = [
            ("CPU per message (per delivery, per connection), and memory per connection", write_values(samples, MAIN, servers)),
            ("Targets: median ratio of the rounds", write_targets(samples, MAIN, servers)),
            ("CPU per message by number of connections, ping-pong", write_values(samples, CONNECTIONS, servers)),
            ("CPU per message by text size, 16 connections", write_values(samples, SIZES, servers)),
            ("I/O threads, on all cores, shared with the load generator", write_threads(samples, THREADS, servers)),
        ]
        print(f"\nMedians, with the minimum and maximum in brackets, of {rounds} rounds of {self.options.seconds} s. The tables "
              "below the targets have half as many rounds.")
        for title, table in sections:
            if table:
                print(f"\n### {title}\n\n{table}", end="")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="one round of half a second")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--only", help="a regular expression that must match in `mode: workload: server`")
    parser.add_argument("--json", type=pathlib.Path, help="write all measurements to this file")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 0.5
    if len(os.sched_getaffinity(0)) < 2:
        print("only one core: the server and the load generator share it; compare only ratios", file=sys.stderr)
    bench = Bench(options)
    bench.run(MAIN, options.rounds)
    bench.run([*CONNECTIONS, *SIZES, *THREADS], max(1, options.rounds // 2))
    if options.json:
        rows = [[" / ".join(key), values] for samples in bench.samples.rounds for key, values in samples.items()]
        options.json.write_text(json.dumps(rows, indent=1))
    bench.print_tables()
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
