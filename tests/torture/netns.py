#!/usr/bin/env python3
"""Tests a server and a client over an emulated link with faults, in network namespaces.

    netns.py --server build/bin/frame_echo --client build/bin/client_echo [--brief] [--only half]

It needs root, iproute2 and /dev/net/tun, and exits with 77 if one is missing. Each case yields results
(name, value, bound, passed), which `run` collects.
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

from link_emulator import ADDRESSES, LinkEmulator, unavailable_reason  # noqa: E402
from connection import Connection  # noqa: E402
from frames import BINARY, TEXT, Violation, encode  # noqa: E402
from raw_client import Target  # noqa: E402
from payloads import make_binary  # noqa: E402

TIMEOUT = 90.0
SERVER, PEER = 0, 1    # sides of the link
KIB = 1024


class Program:
    """A process in a namespace, and the lines that it prints with their times."""

    def __init__(self, link, side, *command):
        self._process = link.start(side, *command)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(TIMEOUT)

    def _read(self):
        for line in self._process.stdout:
            self._lines.put((time.monotonic(), line.rstrip("\n")))
        self._lines.put((time.monotonic(), None))    # the process has closed its output

    def expect_line(self, pattern, within=TIMEOUT):
        """Returns the time and the match of the next line that matches `pattern`."""
        until, output = time.monotonic() + within, []
        while True:
            try:
                printed_at, line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise Violation(f"the program did not print {pattern!r} within {within:g} s but {output}") from None
            if line is None:
                raise Violation(f"the program ended; it did not print {pattern!r} but {output}")
            output.append(line)
            if match := re.fullmatch(pattern, line):
                return printed_at, match


class Network:
    """An emulated link with our server on one side."""

    def __init__(self, link, server, client):
        self.link, self.server, self._client = link, server, client
        self.port = int(server.expect_line(r"(\d+)")[1][1])

    def open(self):
        """Opens a WebSocket from the test itself."""
        target = Target(ADDRESSES[SERVER], self.port)
        request = target.make_request()
        connection = Connection(lambda: self.link.connect(PEER, self.port, TIMEOUT))
        connection.send(request)
        return target.upgrade(connection, request)

    def client(self):
        """Starts the library's client."""
        return Program(self.link, PEER, self._client, "--url", f"ws://{ADDRESSES[SERVER]}:{self.port}/")


@contextmanager
def start_network(options):
    with ExitStack() as guard:
        link = guard.enter_context(LinkEmulator())
        server = guard.enter_context(Program(link, SERVER, options.server, "--address", ADDRESSES[SERVER], "--port", "0",
                                             "--print-disconnects"))
        yield Network(link, server, options.client)


def duration(name, seconds, bound):
    return name, f"{seconds:.2f} s", f"{bound:g} s", seconds <= bound


def measure(function):
    begin = time.monotonic()
    function()
    return time.monotonic() - begin


def packet_loss(options):
    with start_network(options) as network:
        network.link.loss = 0.1
        with network.open() as ws:
            yield duration("loss 10 %: 100 sequential echoes",
                           measure(lambda: [ws.echo(TEXT, b"%d" % number) for number in range(100)]), 60)
            payload = make_binary((64 if options.brief else 512) * KIB)
            yield duration(f"loss 10 %: echo of {len(payload) // KIB} KiB", measure(lambda: ws.echo(BINARY, payload)), 60)
        share = network.link.dropped / (network.link.dropped + network.link.forwarded)
        yield "loss 10 %: dropped packets", f"{100 * share:.1f} %", "5 to 15 %", 0.05 <= share <= 0.15


def long_delay(options):
    """The round-trip time is 400 ms. Opening takes two round trips: one for TCP and one for the WebSocket handshake."""
    with start_network(options) as network:
        network.link.delay = 0.2
        begin = time.monotonic()
        with network.open() as ws:
            yield duration("delay 200 ms: opening handshake", time.monotonic() - begin, 1.2)

            def hundred_echoes():
                for number in range(100):
                    ws.send_frame(TEXT, b"%d" % number)
                for number in range(100):
                    ws.expect(TEXT, b"%d" % number)

            yield duration("delay 200 ms: 100 pipelined echoes", measure(hundred_echoes), 1.2)
            payload = make_binary((128 if options.brief else 1024) * KIB)
            yield duration(f"delay 200 ms: echo of {len(payload) // KIB} KiB", measure(lambda: ws.echo(BINARY, payload)), 20)


def rate_limit(options):
    with start_network(options) as network:
        network.link.rate = 64 * KIB
        with network.open() as ws:
            payload = make_binary((128 if options.brief else 1024) * KIB)
            least = 2 * len(payload) / network.link.rate
            yield duration(f"64 KiB/s: echo of {len(payload) // KIB} KiB, at least {least:g} s",
                           measure(lambda: ws.echo(BINARY, payload)), 1.3 * least + 1)


def message_timeout(options):
    """1 MiB would take 64 s. The message timeout closes the connection, although octets arrive all the time."""
    if options.brief:
        return
    with start_network(options) as network:
        network.link.rate = 16 * KIB
        with network.open() as ws:
            begin = time.monotonic()
            ws.connection.send_without_reading(encode(BINARY, bytes(1 << 20)), within=25)
            closed_at, _ = network.server.expect_line("disconnected timeout 3008")
            yield duration("16 KiB/s: a message of 1 MiB fails at its timeout of 30 s", closed_at - begin, 37)


def reset_during_a_message(options):
    with start_network(options) as network, network.client() as client, network.open() as ws:
        client.expect_line("connected ")
        ws.echo(TEXT, b"before")
        ws.send_frame(BINARY, bytes(100), declared=1000)
        time.sleep(0.5)    # until the data is acknowledged: an RST must carry the next sequence number (RFC 5961)
        begin = time.monotonic()
        count = network.link.reset()
        yield "reset: connections", str(count), "2", count == 2
        for _ in range(count):
            detected, _ = network.server.expect_line("disconnected transport_error 1006")
        yield duration("reset: detected by the server", detected - begin, 1)
        detected, _ = client.expect_line("disconnected transport_error 1006")
        yield duration("reset: detected by the client", detected - begin, 1)
        wait = int(client.expect_line(r"reconnecting 1 (\d+) .*")[1][1]) / 1000
        reconnected, _ = client.expect_line("connected ")
        yield duration(f"reset: the client reconnected, after a backoff of {wait:g} s", reconnected - begin, wait + 1)
        with network.open() as another:
            another.echo(TEXT, b"after")


def half_open(options):
    """Drops all packets after two connections were opened. Row 29 tests the same with a stopped process."""
    if options.brief:
        return
    with start_network(options) as network, network.client() as client, network.open() as ws:
        client.expect_line("connected ")
        ws.echo(TEXT, b"before")
        network.link.cut = True
        begin = time.monotonic()
        detected, _ = client.expect_line("disconnected heartbeat_timeout 3008")
        yield duration("half-open: detected by the client", detected - begin, 50)
        for _ in range(2):
            detected, _ = network.server.expect_line("disconnected heartbeat_timeout 3008")
        yield duration("half-open: detected by the server", detected - begin, 50)
        client.expect_line("reconnecting [3-9] .*")    # at least two attempts have failed
        network.link.cut = False
        begin = time.monotonic()
        reconnected, _ = client.expect_line("connected ")
        yield duration("half-open: the client reconnected after the link was restored", reconnected - begin, 10)
        with network.open() as another:
            another.echo(TEXT, b"after")


CASES = (packet_loss, long_delay, rate_limit, message_timeout, reset_during_a_message, half_open)


def run(options, on_result=lambda result: None):
    """Runs the selected cases and returns their results. A case that raises Violation is a failed result."""
    results = []
    for case in CASES:
        if options.only not in case.__name__:
            continue
        try:
            for result in case(options):
                results.append(result)
                on_result(result)
        except Violation as violation:
            results.append((case.__name__, str(violation), "", False))
            on_result(results[-1])
    return results


def print_result(result):
    name, value, bound, passed = result
    print(f"{'ok  ' if passed else 'FAIL'} {name}: {value} (bound {bound})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, metavar="PROGRAM", help="frame_echo")
    parser.add_argument("--client", required=True, metavar="PROGRAM", help="client_echo")
    parser.add_argument("--brief", action="store_true", help="send smaller messages and skip the cases with long timeouts")
    parser.add_argument("--only", default="", metavar="TEXT", help="run only the cases whose names contain TEXT")
    options = parser.parse_args()
    if reason := unavailable_reason():
        print(f"skipped: {reason}")
        return 77
    options.server, options.client = map(os.path.abspath, (options.server, options.client))
    results = run(options, print_result)
    failed = sum(not passed for *_, passed in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
