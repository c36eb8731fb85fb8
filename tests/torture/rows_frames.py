"""Rows 8, 10, 12, 13: limits, endless fragments, ping floods, and ways to close."""

import os
import threading
import time

import crowd
import delegate
from frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, Violation, close_payload, encode
from plan import at_most, below, exactly, row, told


@row(8, "messages at the limit and past it")
def limits(context):
    delegate.in_ctest(context, "rfc6455_plain, rfc6455_deflate")
    return [delegate.conformance(context, "rfc6455.py *limits/*", "*limits*"),
            delegate.conformance(context, "rfc6455.py *limits/*, deflate", "*limits*", server="--deflate", client="--deflate")]


def drip(server, part, pause, deadline, ends):
    """Fragments of `part`, so many seconds apart, until the server closes; adds when, and with which code."""
    with crowd.target(server, "/raw").open() as peer:
        frame = encode(CONTINUATION, part, fin=False) * (1 if pause >= 1 else 100)
        begun = time.monotonic()
        peer.send_frame(BINARY, b"x", fin=False)
        while not peer.connection.has_news(pause) and time.monotonic() < begun + deadline + 10:
            peer.send(frame)
        message = peer.receive(1)
        ends.append((time.monotonic() - begun, message and message.close_code))


@row(10, "fragments without end, and a drip, inside one message")
def endless_message(context):
    deadline = context.pick(2, 30)
    with context.server("--message", str(1000 * deadline)) as server:
        ends, before = [], server.reset_peak()
        # 5,000 a second: a message of octets stays below its limit until the deadline
        shapes = [(b"y", 0.02), (b"", 0.02), (b"z", 1.0)]
        threads = [threading.Thread(target=drip, args=(server, *shape, deadline, ends)) for shape in shapes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        figures = [exactly("closed, of 3", len(ends), 3), exactly("with code 3008", [code for _, code in ends].count(3008), 3)]
        if ends:
            figures += [at_most("the last after", max(ends)[0], deadline + 1.0, "s"),
                        at_most("the first before the deadline by", max(0.0, deadline - min(ends)[0]), 0.1, "s")]
        return [*figures, context.memory("RSS growth, peak", server.peak() - before, 1024)]


def p99(server, seconds):
    """Milliseconds that 99 of 100 echoes take less than."""
    taken = []
    with crowd.target(server).open() as peer:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            begun = time.monotonic()
            peer.send(crowd.event("echo", 1))
            if not peer.receive():
                raise Violation("the others are not served")
            taken.append(1000 * (time.monotonic() - begun))
            time.sleep(0.002)
        peer.finish()
    return sorted(taken)[len(taken) * 99 // 100]


def flood_with_pings(server, count):
    """A peer that reads. Of every thousand pings the last must be answered; an endpoint may pass over those before it
    (RFC 6455, 5.5.3)."""
    peer = crowd.upgrade(server)
    for number in range(count // 1000):
        last = b"%08d" % number
        peer.sendall(encode(PING) * 999 + encode(PING, last))
        said = b""
        while last not in said:
            more = peer.recv(65536)
            if not more:
                return 1
            said = said[-16:] + more
    return 0


def press_pings(server, seconds):
    """A peer that does not read, and sends as much as the server takes."""
    ping = encode(PING, b"x" * 125)
    sent, octets = 0, ping * 100
    peer = crowd.upgrade(server)
    peer.setblocking(False)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            sent += peer.send(octets[sent % len(ping):])
        except BlockingIOError:
            time.sleep(0.001)
    crowd.reset(peer)
    return 0


def beside(server, seconds, flood, *arguments):
    """The p99 of another peer while `flood` runs in a process of its own, and how that process exits."""
    child = os.fork()
    if not child:
        status = 2
        try:
            status = flood(server, *arguments)
        finally:
            os._exit(status)
    taken = p99(server, seconds)
    return taken, os.waitpid(child, 0)[1]


@row(12, "ping floods")
def ping_floods(context):
    count, seconds = context.pick(100_000, 1_000_000), context.pick(1, 5)
    with context.server() as server:
        alone, before = p99(server, seconds), server.reset_peak()
        pressed, pressed_status = beside(server, seconds, press_pings, seconds + 1)
        unread = server.peak() - before
        flooded, status = beside(server, seconds, flood_with_pings, count)
        return [exactly("exit of a peer that does not read, and sends all that is taken", pressed_status, 0),
                context.memory("RSS growth, peak, for it", unread, 1024),
                exactly(f"exit of a peer that sends {count:,} pings", status, 0),
                context.memory("RSS growth, peak, in all", server.peak() - before, 1024),
                told("p99 of another's echo, alone", alone, "ms"),
                told("beside the peer that does not read, as a ratio", pressed / alone),
                told("beside the one that does, as a ratio", flooded / alone)]


def data_after_close(peer):
    peer.sendall(encode(CLOSE, close_payload(1000)) + crowd.event("say") * 10)


def two_closes(peer):
    peer.sendall(encode(CLOSE, close_payload(1000)) * 2)


def close_in_fragment(peer):
    peer.sendall(encode(TEXT, b'{"event":', fin=False) + encode(CLOSE, close_payload(1000)))


def ignore_close(peer):
    peer.sendall(crowd.event("close"))


def ignore_close_and_talk(peer):
    peer.sendall(crowd.event("close") + crowd.event("say") * 10)


CLOSES = [data_after_close, two_closes, close_in_fragment, ignore_close, ignore_close_and_talk]


@row(13, "closes of every kind")
def closes(context):
    each, budget = context.pick(5, 100), context.pick(1, 5)
    with context.server("--close", str(1000 * budget)) as server:
        fds = server.fds()
        peers = {crowd.upgrade(server): close for _ in range(each) for close in CLOSES}
        begun = time.monotonic()
        for peer, close in peers.items():
            close(peer)
        talks = [peer for peer, close in peers.items() if close is ignore_close_and_talk]

        def talk(peer):
            if peer in talks:
                try:
                    peer.send(crowd.event("say"))
                except OSError:
                    pass

        ended = crowd.each_end(peers, budget + 5, every=0.2, drip=talk)
        freed = time.monotonic() - begun + server.fds_back_to(fds, 3)
        left = server.fds() - fds
        crowd.close_all(peers)
        seen = server.seen()
        figures = [exactly(f"ended by the server, {close.__name__}", sum(peers[peer] is close for peer in ended), each)
                   for close in CLOSES]
        return figures + [exactly("descriptors left", left, 0),
                          below("the last was free after", freed, budget + 1.0, "s"),
                          exactly("callbacks `disconnect`, as many as `connect`", seen["ended"], seen["opened"]),
                          exactly("callbacks after it", seen["late"], 0)]
