"""Measurements to Markdown."""

from statistics import median

from works import TARGETS

UNITS = {"server_cpu_us": "µs", "idle_kb": "kB idle", "used_kb": "kB used", "messages_per_s": "messages/s"}


class Samples:
    """What was measured: of each round, work and server the values that bench_load printed."""

    def __init__(self):
        self.rounds = []

    def add(self, work, server, values):
        self.rounds[-1][work.mode, work.name, server.name] = values

    def begin_round(self):
        self.rounds.append({})

    def all(self, work, server, value):
        key = (work.mode, work.name, server.name)
        return [one[key][value] for one in self.rounds if key in one and value in one[key]]

    def pairs(self, work, server, peer_work, peer, value):
        """Of one round each, so that a machine that drifts does not matter."""
        mine, theirs = (work.mode, work.name, server.name), (peer_work.mode, peer_work.name, peer.name)
        return [(one[mine][value], one[theirs][value]) for one in self.rounds if mine in one and theirs in one]


def write_number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def write_table(head, rows):
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def write_values(samples, works, servers):
    """A server a line, a work a column; the median, and in brackets how far it is from the least to the most."""
    columns = [(work, value) for work in works for value in work.values
               if any(samples.all(work, server, value) for server in servers)]
    head = ["", *(f"{work.name}, {UNITS[value]}" for work, value in columns)]
    rows = []
    for server in servers:
        cells = []
        for work, value in columns:
            found = samples.all(work, server, value)
            spread = f" ({write_number(min(found))}–{write_number(max(found))})" if len(found) > 1 else ""
            cells.append(write_number(median(found)) + spread if found else "")
        if any(cells):
            rows.append([server.name, *cells])
    return write_table(head, rows)


def write_targets(samples, works, servers):
    named_works, named_servers = {work.name: work for work in works}, {server.name: server for server in servers}
    rows = []
    for target in TARGETS:
        work, server, peer = named_works[target.work], named_servers.get(target.server), named_servers.get(target.peer)
        if server is None or (target.peer and peer is None):
            continue
        if peer:
            peer_work = named_works[target.peer_work or target.work]
            reached = [mine / theirs for mine, theirs in samples.pairs(work, server, peer_work, peer, target.value)]
        else:
            reached = samples.all(work, server, target.value)
        if reached:
            what = f"× {target.peer}" + (f", {target.peer_work}" if target.peer_work else "") if peer else UNITS[target.value]
            name = target.work if target.server == "ws" else f"{target.work}: {target.server}"
            middle = median(reached)
            rows.append([name, f"{middle:.2f} {what}", f"{target.most}", "yes" if middle <= target.most else "no"])
    return write_table(["", "measured", "at most", "reached"], rows)


def write_threads(samples, works, servers):
    """A work with one thread, and the next, the same with two, a line."""
    rows = []
    for server in servers:
        for one, two in zip(works[::2], works[1::2]):
            pairs = samples.pairs(two, server, one, server, "messages_per_s")
            if not pairs:
                continue
            cells = [median(samples.all(work, server, value)) for value in one.values for work in (one, two)]
            ratio = median(mine / theirs for mine, theirs in pairs)
            rows.append([f"{one.mode}: {server.name}", *map(write_number, cells), f"{ratio:.2f}"])
    return write_table(["", "1 thread, messages/s", "2 threads", "1 thread, µs", "2 threads, µs", "speed, 2 to 1"], rows)
