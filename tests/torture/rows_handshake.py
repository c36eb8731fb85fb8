"""Rows 1 to 7: conformance, and the opening handshake with faulty clients and under load."""

import random
import selectors
import threading
import time

import raw_sockets
import other_tests
import client_handshake
from frames import TEXT, Violation
from plan import at_most, equal_to, less_than, row, without_bound


@row(1, "RFC 6455: all cases, plain, with TLS, with deflate")
def conformance(context):
    other_tests.skip_if_brief(context, "rfc6455_plain, rfc6455_deflate, rfc6455_tls")
    return [other_tests.conformance(context, "rfc6455.py, plain"),
            other_tests.conformance(context, "rfc6455.py, TLS", server="--tls {certificate} {key}", client="--tls"),
            other_tests.conformance(context, "rfc6455.py, deflate", server="--deflate", client="--deflate")]


@row(2, "connections that end at random octets of the handshake")
def dropped_handshakes(context):
    count = context.pick(2000, 10_000)
    with context.server() as server:
        request = raw_sockets.upgrade_request(server)

        def drop(times):
            for number in range(times):
                peer = raw_sockets.connect(server)
                peer.sendall(request[:random.randint(0, len(request))])
                if number % 2:
                    raw_sockets.reset(peer)
                else:
                    peer.close()

        fds = server.fds()
        drop(count // 2)
        server.wait_for_fds(fds, 12)
        before = server.rss()
        drop(count - count // 2)
        server.wait_for_fds(fds, 12)
        with raw_sockets.target(server).open() as peer:
            peer.finish()
        server.wait_for_fds(fds, 1)
        return [equal_to("ended connections, half by FIN, half by RST", count, count),
                equal_to("leaked descriptors", server.fds() - fds, 0),
                context.memory("RSS growth in the second half", server.rss() - before, 1024)]


@row(3, "silent and slow peers against the handshake timeout")
def silent_and_slow(context):
    count, deadline = context.pick(100, 1000), context.pick(2000, 10_000) / 1000
    flags = ["--handshake", "2000"] if context.brief else []
    with context.server(*flags) as server:
        request = raw_sockets.upgrade_request(server)
        begin = time.monotonic()
        silent, slow = ([raw_sockets.connect(server) for _ in range(count)] for _ in range(2))
        connected = time.monotonic() - begin
        durations, failures = [], []

        def open_regular_connections():
            for _ in range(100):
                open_begin = time.monotonic()
                try:
                    with raw_sockets.target(server).open() as peer:
                        peer.finish()
                except Violation as problem:
                    failures.append(problem)
                durations.append(time.monotonic() - open_begin)
                time.sleep(deadline / 150)

        sent = dict.fromkeys(slow, 0)

        def drip(peer):
            if peer in sent:
                try:
                    peer.send(request[sent[peer]:sent[peer] + 1])
                    sent[peer] += 1
                except OSError:
                    pass

        regular = threading.Thread(target=open_regular_connections)
        regular.start()
        ended = raw_sockets.wait_for_ends(silent + slow, deadline + 5, drip=drip)
        regular.join()
        raw_sockets.close_all(silent + slow)
        early = max(0.0, deadline - connected - min(ended.values(), default=0.0))
        return [equal_to("closed, silent peers", sum(peer in ended for peer in silent), count),
                equal_to("closed, slow peers", sum(peer in ended for peer in slow), count),
                at_most("last close after the last connect", max(ended.values(), default=99.0), deadline + 1, "s"),
                less_than("first close before its deadline by", early, 0.1, "s"),
                equal_to("regular clients served meanwhile", len(durations) - len(failures), 100),
                at_most("slowest regular client", max(durations), 1.0, "s")]


@row(4, "requests that must be refused")
def refused_requests(context):
    other_tests.skip_if_brief(context, "rfc6455_plain")
    return [other_tests.conformance(context, "rfc6455.py refusals/*", "refusals/*")]


# Host, Origin and the expected status with the options --origin https://allowed.example --host localhost --host 127.0.0.1.
ORIGINS = {
    "absent": ("localhost", None, 101),
    "same": ("localhost", "http://localhost", 101),
    "allowed": ("localhost", "https://allowed.example", 101),
    "upper case": ("localhost", "HTTPS://ALLOWED.EXAMPLE", 101),
    "null": ("localhost", "null", 403),
    "file": ("localhost", "file://", 403),
    "foreign": ("localhost", "https://evil.example", 403),
    "allowed.evil": ("localhost", "https://allowed.example.evil.example", 403),
    "other port": ("localhost", "https://allowed.example:8443", 403),
    "other scheme": ("localhost", "http://allowed.example", 403),
    "rebinding": ("evil.example", "http://evil.example", 403),
    "rebinding with a port": ("evil.example:80", "http://evil.example", 403),
    "Host not listed": ("evil.example", None, 403),
    "Host not listed, allowed origin": ("evil.example", "https://allowed.example", 403),
}


# The same if the options allow `null` and `file://`.
ALLOWED_NULL_AND_FILE = {"null": ("localhost", "null", 101), "file": ("localhost", "file://", 101),
          "foreign": ("localhost", "https://evil.example", 403)}


def find_wrong_origins(context, flags, origins):
    """Returns the cases with an unexpected status."""
    wrong = []
    with context.server(*flags) as server:
        for name, (host, origin, expected) in origins.items():
            with raw_sockets.target(server).connect() as connection:
                connection.send(client_handshake.make_request(host, "/", {"Origin": origin}))
                status = connection.read_response().status
                if status != expected:
                    wrong.append(f"{name}: {status}")
                elif expected == 403:
                    connection.expect_eof()
    return wrong


@row(5, "origins and hosts")
def origins(context):
    flags = ["--origin", "https://allowed.example", "--host", "localhost", "--host", "127.0.0.1"]
    wrong = find_wrong_origins(context, flags, ORIGINS)
    wrong += find_wrong_origins(context, ["--origin", "null", "--origin", "file://"], ALLOWED_NULL_AND_FILE)
    if wrong:
        raise Violation(", ".join(wrong))
    figures = [without_bound("requests with the expected status", len(ORIGINS) + len(ALLOWED_NULL_AND_FILE))]
    if not context.brief:
        figures.append(other_tests.conformance(context, "rfc6455.py origin/*", "origin/*"))
    return figures


@row(6, "the first frame in the segment of the handshake")
def first_frame(context):
    rounds = context.pick(100, 2000)
    with context.server() as server:
        for number in range(rounds):
            events = raw_sockets.event_frame("say") + raw_sockets.event_frame("echo", number)
            with raw_sockets.target(server).open(then=events) as peer:
                peer.expect(TEXT, b'{"event":"echo","data":%d}' % number)
                peer.finish()
        return [equal_to("handled frames", server.stop_and_read_counts()["said"], rounds)]


def readable(peers):
    """Returns the peers that have data to read."""
    with selectors.DefaultSelector() as selector:
        for peer in peers:
            selector.register(peer, selectors.EVENT_READ)
        return {key.fileobj for key, _ in selector.select(0)}


@row(7, "no free file descriptors (EMFILE)")
def out_of_descriptors(context):
    seconds = context.pick(2.0, 10.0)
    with context.server(max_fds=64) as server:
        peers = []
        for _ in range(200):
            peers.append(raw_sockets.connect(server))
            peers[-1].send(raw_sockets.upgrade_request(server))
        time.sleep(1)
        fds, cpu_before = server.fds(), server.cpu_seconds()
        time.sleep(seconds)
        cpu_share = 100 * (server.cpu_seconds() - cpu_before) / seconds
        opened = readable(peers)
        closed = opened.pop()
        raw_sockets.reset(closed)
        peers.remove(closed)
        freed = time.monotonic()
        while not readable(peers) - opened and time.monotonic() < freed + 5:
            time.sleep(0.01)
        next_accepted = time.monotonic() - freed
        for peer in peers:
            raw_sockets.reset(peer)
        freed = time.monotonic()
        with raw_sockets.target(server).open() as peer:
            peer.finish()
        served = time.monotonic() - freed
        return [without_bound("open connections, of 200", len(opened) + 1), at_most("open descriptors", fds, 64),
                less_than("CPU time", cpu_share, 5.0, "%"),
                less_than("after one close, the next connection is accepted in", next_accepted, 1.0, "s"),
                less_than("after all closes, a new connection is served in", served, 1.0, "s")]
