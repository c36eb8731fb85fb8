"""Rows 1 to 7: conformance, and the opening handshake under pressure."""

import random
import selectors
import threading
import time

import crowd
import delegate
import opening
from frames import TEXT, Violation
from plan import at_most, below, exactly, row, told


@row(1, "RFC 6455 in full, plain, TLS, with deflate")
def conformance(context):
    delegate.in_ctest(context, "rfc6455_plain, rfc6455_deflate, rfc6455_tls")
    return [delegate.conformance(context, "rfc6455.py, plain"),
            delegate.conformance(context, "rfc6455.py, TLS", server="--tls {certificate} {key}", client="--tls"),
            delegate.conformance(context, "rfc6455.py, deflate", server="--deflate", client="--deflate")]


@row(2, "connections dropped at random octets of the handshake")
def dropped_handshakes(context):
    count = context.pick(2000, 10_000)
    with context.server() as server:
        asked = crowd.request(server)

        def drop(times):
            for number in range(times):
                peer = crowd.dial(server)
                peer.sendall(asked[:random.randint(0, len(asked))])
                if number % 2:
                    crowd.reset(peer)
                else:
                    peer.close()

        fds = server.fds()
        drop(count // 2)
        server.fds_back_to(fds, 12)
        before = server.rss()
        drop(count - count // 2)
        server.fds_back_to(fds, 12)
        with crowd.target(server).open() as peer:
            peer.finish()
        server.fds_back_to(fds, 1)
        return [exactly("dropped, half by FIN and half by RST", count, count),
                exactly("descriptors after, over those before", server.fds() - fds, 0),
                context.memory("RSS growth in the second half", server.rss() - before, 1024)]


@row(3, "silent and dripping peers against the handshake deadline")
def silent_and_dripping(context):
    count, deadline = context.pick(100, 1000), context.pick(2000, 10_000) / 1000
    flags = ["--handshake", "2000"] if context.brief else []
    with context.server(*flags) as server:
        asked = crowd.request(server)
        begun = time.monotonic()
        silent, dripping = ([crowd.dial(server) for _ in range(count)] for _ in range(2))
        dialled = time.monotonic() - begun
        waits, failures = [], []

        def come_in():
            for _ in range(100):
                asked_at = time.monotonic()
                try:
                    with crowd.target(server).open() as peer:
                        peer.finish()
                except Violation as problem:
                    failures.append(problem)
                waits.append(time.monotonic() - asked_at)
                time.sleep(deadline / 150)

        sent = dict.fromkeys(dripping, 0)

        def drip(peer):
            if peer in sent:
                try:
                    peer.send(asked[sent[peer]:sent[peer] + 1])
                    sent[peer] += 1
                except OSError:
                    pass

        ordinary = threading.Thread(target=come_in)
        ordinary.start()
        ended = crowd.each_end(silent + dripping, deadline + 5, drip=drip)
        ordinary.join()
        crowd.close_all(silent + dripping)
        return [exactly("closed, silent", sum(peer in ended for peer in silent), count),
                exactly("closed, dripping", sum(peer in ended for peer in dripping), count),
                at_most("the last was closed, after the last came", max(ended.values(), default=99.0), deadline + 1, "s"),
                below("the first was closed before its deadline by", max(0.0, deadline - dialled - min(ended.values())), 0.1, "s"),
                exactly("ordinary clients served meanwhile", len(waits) - len(failures), 100),
                at_most("the slowest of them", max(waits), 1.0, "s")]


@row(4, "requests that must be refused")
def refused_requests(context):
    delegate.in_ctest(context, "rfc6455_plain")
    return [delegate.conformance(context, "rfc6455.py refusals/*", "refusals/*")]


# Host and Origin against the options --origin https://allowed.example --host localhost --host 127.0.0.1.
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


# The same once `null` and `file://` are listed.
LISTED = {"null": ("localhost", "null", 101), "file": ("localhost", "file://", 101),
          "foreign": ("localhost", "https://evil.example", 403)}


def judge_origins(context, flags, origins):
    """How each case went that is not as due."""
    wrong = []
    with context.server(*flags) as server:
        for name, (host, origin, due) in origins.items():
            with crowd.target(server).connect() as connection:
                connection.send(opening.request(host, "/", {"Origin": origin}))
                status = connection.read_response().status
                if status != due:
                    wrong.append(f"{name}: {status}")
                elif due == 403:
                    connection.expect_end()
    return wrong


@row(5, "origins and hosts")
def origins(context):
    wrong = judge_origins(context, ["--origin", "https://allowed.example", "--host", "localhost", "--host", "127.0.0.1"], ORIGINS)
    wrong += judge_origins(context, ["--origin", "null", "--origin", "file://"], LISTED)
    if wrong:
        raise Violation(", ".join(wrong))
    figures = [told("requests answered as due", len(ORIGINS) + len(LISTED))]
    if not context.brief:
        figures.append(delegate.conformance(context, "rfc6455.py origin/*", "origin/*"))
    return figures


@row(6, "first frame in the handshake's own segment")
def first_frame(context):
    rounds = context.pick(100, 2000)
    with context.server() as server:
        for number in range(rounds):
            with crowd.target(server).open(then=crowd.event("say") + crowd.event("echo", number)) as peer:
                peer.expect(TEXT, b'{"event":"echo","data":%d}' % number)
                peer.finish()
        return [exactly("frames handled", server.seen()["said"], rounds)]


def answered(peers):
    """Those of `peers` that have something to read."""
    with selectors.DefaultSelector() as selector:
        for peer in peers:
            selector.register(peer, selectors.EVENT_READ)
        return {key.fileobj for key, _ in selector.select(0)}


@row(7, "out of descriptors")
def out_of_descriptors(context):
    watched = context.pick(2.0, 10.0)
    with context.server(files=64) as server:
        peers = []
        for _ in range(200):
            peers.append(crowd.dial(server))
            peers[-1].send(crowd.request(server))
        time.sleep(1)
        held, used = server.fds(), server.cpu()
        time.sleep(watched)
        share = 100 * (server.cpu() - used) / watched
        inside = answered(peers)
        one = inside.pop()
        crowd.reset(one)
        peers.remove(one)
        freed = time.monotonic()
        while not answered(peers) - inside and time.monotonic() < freed + 5:
            time.sleep(0.01)
        next_one = time.monotonic() - freed
        for peer in peers:
            crowd.reset(peer)
        freed = time.monotonic()
        with crowd.target(server).open() as peer:
            peer.finish()
        again = time.monotonic() - freed
        return [told("of 200 connections, open", len(inside) + 1), at_most("descriptors open", held, 64),
                below("processor time", share, 5.0, "%"), below("one was freed, the next accepted after", next_one, 1.0, "s"),
                below("all were freed, a new one served after", again, 1.0, "s")]
