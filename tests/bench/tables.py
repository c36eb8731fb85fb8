"""Writes measurements as Markdown tables."""

from statistics import median

from workloads import TARGETS

UNITS = {"server_cpu_us": "µs", "idle_kb": "kB idle", "used_kb": "kB used", "messages_per_s": "messages/s"}


class Samples:
    """The values that bench_load printed, for each round, workload and server."""

    def __init__(self):
        self.rounds = []

    def add(self, workload, server, values):
        self.rounds[-1][workload.mode, workload.name, server.name] = values

    def begin_round(self):
        self.rounds.append({})

    def all(self, workload, server, value):
        key = (workload.mode, workload.name, server.name)
        return [samples[key][value] for samples in self.rounds if key in samples and value in samples[key]]

    def pairs(self, workload, server, peer_workload, peer, value):
        """Returns (server's value, peer's value) of each round. Values of one round are comparable if the machine's speed changes."""
        ours, theirs = (workload.mode, workload.name, server.name), (peer_workload.mode, peer_workload.name, peer.name)
        return [(samples[ours][value], samples[theirs][value]) for samples in self.rounds
                if ours in samples and theirs in samples]


def write_number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def write_table(head, rows):
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def write_values(samples, workloads, servers):
    """Writes a line for each server and a column for each workload: the median, with the minimum and maximum in brackets."""
    columns = [(workload, value) for workload in workloads for value in workload.values
               if any(samples.all(workload, server, value) for server in servers)]
    head = ["", *(f"{workload.name}, {UNITS[value]}" for workload, value in columns)]
    rows = []
    for server in servers:
        cells = []
        for workload, value in columns:
            found = samples.all(workload, server, value)
            spread = f" ({write_number(min(found))}–{write_number(max(found))})" if len(found) > 1 else ""
            cells.append(write_number(median(found)) + spread if found else "")
        if any(cells):
            rows.append([server.name, *cells])
    return write_table(head, rows)


def write_targets(samples, workloads, servers):
    named_workloads = {workload.name: workload for workload in workloads}
    named_servers = {server.name: server for server in servers}
    rows = []
    for target in TARGETS:
        workload = named_workloads[target.workload]
        server, peer = named_servers.get(target.server), named_servers.get(target.peer)
        if server is None or (target.peer and peer is None):
            continue
        if peer:
            peer_workload = named_workloads[target.peer_workload or target.workload]
            measured = [ours / theirs for ours, theirs in samples.pairs(workload, server, peer_workload, peer, target.value)]
            unit = f"× {target.peer}" + (f", {target.peer_workload}" if target.peer_workload else "")
        else:
            measured = samples.all(workload, server, target.value)
            unit = UNITS[target.value]
        if measured:
            name = target.workload if target.server == "ws" else f"{target.workload}: {target.server}"
            middle = median(measured)
            rows.append([name, f"{middle:.2f} {unit}", f"{target.most}", "yes" if middle <= target.most else "no"])
    return write_table(["", "measured", "at most", "reached"], rows)


def write_threads(samples, workloads, servers):
    """Writes a line for each pair of workloads: the same workload with one thread and with two."""
    rows = []
    for server in servers:
        for one, two in zip(workloads[::2], workloads[1::2]):
            pairs = samples.pairs(two, server, one, server, "messages_per_s")
            if not pairs:
                continue
            cells = [median(samples.all(workload, server, value)) for value in one.values for workload in (one, two)]
            ratio = median(with_two / with_one for with_two, with_one in pairs)
            rows.append([f"{one.mode}: {server.name}", *map(write_number, cells), f"{ratio:.2f}"])
    return write_table(["", "1 thread, messages/s", "2 threads", "1 thread, µs", "2 threads, µs", "speedup"], rows)
