#!/usr/bin/env python3
"""Server and client over a line with faults, in network namespaces (root; iproute2; /dev/net/tun). Exits with 77 elsewhere.

    netns.py --server build/bin/frame_echo --client build/bin/client_echo [--brief] [--only half]

Each case gives rows of (what, figure, bound, ok), which `run` collects.
"""

import argparse
import os
import pathlib
import queue
import re
import sys
import threading
import time
from contextlib import ExitStack, contextmanager

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "conformance"))

from faulty_link import ADDRESSES, FaultyLink, why_not  # noqa: E402
from connection import Connection  # noqa: E402
from frames import BINARY, TEXT, Violation, encode  # noqa: E402
from raw_client import Target  # noqa: E402
from samples import binary_of  # noqa: E402

PATIENCE = 90.0
SERVER, PEER = 0, 1    # sides of the line
KIB = 1024


class Program:
    """One that talks, and when it said what."""

    def __init__(self, link, side, *command):
        self._process = link.start(side, *command)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(PATIENCE)

    def _read(self):
        for line in self._process.stdout:
            self._lines.put((time.monotonic(), line.rstrip("\n")))
        self._lines.put((time.monotonic(), None))    # it has ended

    def heard(self, pattern, within=PATIENCE):
        """When it next says what matches, and the match."""
        until, said = time.monotonic() + within, []
        while True:
            try:
                when, line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise Violation(f"it did not say {pattern!r} within {within:g} s but {said}") from None
            if line is None:
                raise Violation(f"it ended, did not say {pattern!r} but {said}")
            said.append(line)
            if match := re.fullmatch(pattern, line):
                return when, match


class Stage:
    """The line with our server on one side."""

    def __init__(self, link, server, client):
        self.link, self.server, self._client = link, server, client
        self.port = int(server.heard(r"(\d+)")[1][1])

    def open(self):
        """A WebSocket of the test's own."""
        target = Target(ADDRESSES[SERVER], self.port)
        asked = target.request()
        connection = Connection(lambda: self.link.dial(PEER, self.port, PATIENCE))
        connection.send(asked)
        return target.upgrade(connection, asked)

    def client(self):
        """Our client."""
        return Program(self.link, PEER, self._client, "--url", f"ws://{ADDRESSES[SERVER]}:{self.port}/")


@contextmanager
def stage(options):
    with ExitStack() as guard:
        link = guard.enter_context(FaultyLink())
        server = guard.enter_context(Program(link, SERVER, options.server, "--address", ADDRESSES[SERVER], "--port", "0", "--tell"))
        yield Stage(link, server, options.client)


def row(what, seconds, bound):
    return what, f"{seconds:.2f} s", f"{bound:g} s", seconds <= bound


def timed(act):
    begin = time.monotonic()
    act()
    return time.monotonic() - begin


def loss_of_a_tenth(options):
    with stage(options) as on:
        on.link.loss = 0.1
        with on.open() as ws:
            yield row("loss 10 %: 100 echoes, one after the other",
                      timed(lambda: [ws.echo(TEXT, b"%d" % number) for number in range(100)]), 60)
            payload = binary_of((64 if options.brief else 512) * KIB)
            yield row(f"loss 10 %: {len(payload) // KIB} KiB there and back", timed(lambda: ws.echo(BINARY, payload)), 60)
        share = on.link.lost / (on.link.lost + on.link.carried)
        yield "loss 10 %: packets lost", f"{100 * share:.1f} %", "5 to 15 %", 0.05 <= share <= 0.15


def long_way(options):
    """A round takes 400 ms: TCP needs one to open and the handshake another."""
    with stage(options) as on:
        on.link.delay = 0.2
        begin = time.monotonic()
        with on.open() as ws:
            yield row("delay 200 ms: open", time.monotonic() - begin, 1.2)

            def hundred():
                for number in range(100):
                    ws.send_frame(TEXT, b"%d" % number)
                for number in range(100):
                    ws.expect(TEXT, b"%d" % number)

            yield row("delay 200 ms: 100 echoes at once", timed(hundred), 1.2)
            payload = binary_of((128 if options.brief else 1024) * KIB)
            yield row(f"delay 200 ms: {len(payload) // KIB} KiB there and back", timed(lambda: ws.echo(BINARY, payload)), 20)


def slow_line(options):
    with stage(options) as on:
        on.link.rate = 64 * KIB
        with on.open() as ws:
            payload = binary_of((128 if options.brief else 1024) * KIB)
            least = 2 * len(payload) / on.link.rate
            yield row(f"64 KiB/s: {len(payload) // KIB} KiB there and back, {least:g} s at best",
                      timed(lambda: ws.echo(BINARY, payload)), 1.3 * least + 1)


def message_too_slow(options):
    """1 MiB would take 64 s: the deadline of a message ends it, though octets come all the time."""
    if options.brief:
        return
    with stage(options) as on:
        on.link.rate = 16 * KIB
        with on.open() as ws:
            begin = time.monotonic()
            ws.connection.push(encode(BINARY, bytes(1 << 20)), within=25)
            when, _ = on.server.heard("disconnected timeout 3008")
            yield row("16 KiB/s: 1 MiB ends at the message's deadline of 30 s", when - begin, 37)


def reset_in_the_midst(options):
    with stage(options) as on, on.client() as client, on.open() as ws:
        client.heard("connected ")
        ws.echo(TEXT, b"before")
        ws.send_frame(BINARY, bytes(100), declared=1000)
        time.sleep(0.5)    # until that is acknowledged: a reset must name the octet that comes next (RFC 5961)
        begin = time.monotonic()
        count = on.link.reset()
        yield "reset: connections that got one", str(count), "2", count == 2
        for _ in range(count):
            server, _ = on.server.heard("disconnected transport_error 1006")
        yield row("reset: noticed by the server", server - begin, 1)
        noticed, _ = client.heard("disconnected transport_error 1006")
        yield row("reset: noticed by the client", noticed - begin, 1)
        wait = int(client.heard(r"reconnecting 1 (\d+) .*")[1][1]) / 1000
        back, _ = client.heard("connected ")
        yield row(f"reset: the client is back, of which it waited {wait:g} s", back - begin, wait + 1)
        with on.open() as another:
            another.echo(TEXT, b"after")


def half_open(options):
    """All packets vanish once two connections are open; row 29."""
    if options.brief:
        return
    with stage(options) as on, on.client() as client, on.open() as ws:
        client.heard("connected ")
        ws.echo(TEXT, b"before")
        on.link.cut = True
        begin = time.monotonic()
        noticed, _ = client.heard("disconnected heartbeat_timeout 3008")
        yield row("half-open: noticed by the client", noticed - begin, 50)
        for _ in range(2):
            noticed, _ = on.server.heard("disconnected heartbeat_timeout 3008")
        yield row("half-open: noticed by the server", noticed - begin, 50)
        client.heard("reconnecting [3-9] .*")    # it has tried in vain
        on.link.cut = False
        begin = time.monotonic()
        back, _ = client.heard("connected ")
        yield row("half-open: the client is back, once the line is", back - begin, 10)
        with on.open() as another:
            another.echo(TEXT, b"after")


CASES = (loss_of_a_tenth, long_way, slow_line, message_too_slow, reset_in_the_midst, half_open)


def run(options, tell=lambda row: None):
    """All rows; a case that fails in another way is a row too."""
    rows = []
    for case in CASES:
        if options.only not in case.__name__:
            continue
        try:
            for each in case(options):
                rows.append(each)
                tell(each)
        except Violation as violation:
            rows.append((case.__name__, str(violation), "", False))
            tell(rows[-1])
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, metavar="PROGRAM", help="frame_echo")
    parser.add_argument("--client", required=True, metavar="PROGRAM", help="client_echo")
    parser.add_argument("--brief", action="store_true", help="smaller messages, and not what waits for long deadlines")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name has it")
    options = parser.parse_args()
    if reason := why_not():
        print(f"skipped: {reason}")
        return 77
    options.server, options.client = map(os.path.abspath, (options.server, options.client))
    rows = run(options, lambda row: print(f"{'ok  ' if row[3] else 'FAIL'} {row[0]}: {row[1]} (bound {row[2]})", flush=True))
    failed = sum(not ok for *_, ok in rows)
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
