"""Rows 8, 10, 12, 13: limits, endless fragments, ping floods, and closing handshakes."""

import os
import threading
import time

import raw_sockets
import other_tests
from frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, Violation, close_payload, encode
from plan import at_most, equal_to, less_than, row, without_bound


@row(8, "messages at and over the size limit")
def limits(context):
    other_tests.skip_if_brief(context, "rfc6455_plain, rfc6455_deflate")
    return [other_tests.conformance(context, "rfc6455.py *limits/*", "*limits*"),
            other_tests.conformance(context, "rfc6455.py *limits/*, deflate", "*limits*", server="--deflate", client="--deflate")]


def drip(server, part, pause, deadline, ends):
    """Sends fragments of `part`, `pause` seconds apart, until the server closes. Appends the time and the close code to `ends`."""
    with raw_sockets.target(server, "/raw").open() as peer:
        frame = encode(CONTINUATION, part, fin=False) * (1 if pause >= 1 else 100)
        begin = time.monotonic()
        peer.send_frame(BINARY, b"x", fin=False)
        while not peer.connection.is_readable(pause) and time.monotonic() < begin + deadline + 10:
            peer.send(frame)
        closed = time.monotonic() - begin
        try:
            message = peer.receive(1)
            ends.append((closed, message and message.close_code))
        except Violation:
            pass    # the server did not close


@row(10, "endless fragments, fast and slow, in one message")
def endless_message(context):
    deadline = context.pick(2, 30)
    with context.server("--message", str(1000 * deadline)) as server:
        ends, before = [], server.reset_peak_rss()
        # The fast senders send 5,000 fragments a second, so that the message stays below its size limit until the deadline.
        shapes = [(b"y", 0.02), (b"", 0.02), (b"z", 1.0)]
        threads = [threading.Thread(target=drip, args=(server, *shape, deadline, ends)) for shape in shapes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        figures = [equal_to("closed connections, of 3", len(ends), 3),
                   equal_to("closed with 3008", [code for _, code in ends].count(3008), 3)]
        if ends:
            figures += [at_most("last close after", max(ends)[0], deadline + 1.0, "s"),
                        at_most("first close before the deadline by", max(0.0, deadline - min(ends)[0]), 0.1, "s")]
        return [*figures, context.memory("peak RSS growth", server.peak_rss() - before, 1024)]


def p99(server, seconds):
    """Measures echoes for so many seconds. Returns the 99th percentile in milliseconds."""
    taken = []
    with raw_sockets.target(server).open() as peer:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            begin = time.monotonic()
            peer.send(raw_sockets.event_frame("echo", 1))
            if not peer.receive():
                raise Violation("another connection was closed")
            taken.append(1000 * (time.monotonic() - begin))
            time.sleep(0.002)
        peer.finish()
    return sorted(taken)[len(taken) * 99 // 100]


def flood_with_pings(server, count):
    """Sends pings and reads. The last of every thousand must be answered; a server may skip earlier ones (RFC 6455, 5.5.3)."""
    peer = raw_sockets.open_websocket(server)
    for number in range(count // 1000):
        last = b"%08d" % number
        peer.sendall(encode(PING) * 999 + encode(PING, last))
        received = b""
        while last not in received:
            octets = peer.recv(65536)
            if not octets:
                return 1
            received = received[-16:] + octets
    return 0


def flood_without_reading(server, seconds):
    """Sends as many pings as the server accepts, and does not read."""
    ping = encode(PING, b"x" * 125)
    sent, octets = 0, ping * 100
    peer = raw_sockets.open_websocket(server)
    peer.setblocking(False)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            sent += peer.send(octets[sent % len(ping):])
        except BlockingIOError:
            time.sleep(0.001)
    raw_sockets.reset(peer)
    return 0


def p99_during(server, seconds, flood, *arguments):
    """Runs `flood` in a child process. Returns the p99 of another connection meanwhile, and the child's exit status."""
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
        alone, before = p99(server, seconds), server.reset_peak_rss()
        unread_p99, unread_status = p99_during(server, seconds, flood_without_reading, seconds + 1)
        unread_growth = server.peak_rss() - before
        read_p99, read_status = p99_during(server, seconds, flood_with_pings, count)
        return [equal_to("exit status of a flooding peer that does not read", unread_status, 0),
                context.memory("peak RSS growth with that peer", unread_growth, 1024),
                equal_to(f"exit status of a peer that sends {count:,} pings", read_status, 0),
                context.memory("peak RSS growth with both peers", server.peak_rss() - before, 1024),
                without_bound("p99 of another connection's echo, no flood", alone, "ms"),
                without_bound("p99 with the peer that does not read, ratio", unread_p99 / alone),
                without_bound("p99 with the peer that reads, ratio", read_p99 / alone)]


def data_after_close(peer):
    peer.sendall(encode(CLOSE, close_payload(1000)) + raw_sockets.event_frame("say") * 10)


def two_closes(peer):
    peer.sendall(encode(CLOSE, close_payload(1000)) * 2)


def close_in_fragment(peer):
    peer.sendall(encode(TEXT, b'{"event":', fin=False) + encode(CLOSE, close_payload(1000)))


def ignore_close(peer):
    peer.sendall(raw_sockets.event_frame("close"))


def ignore_close_and_send(peer):
    peer.sendall(raw_sockets.event_frame("close") + raw_sockets.event_frame("say") * 10)


CLOSES = [data_after_close, two_closes, close_in_fragment, ignore_close, ignore_close_and_send]


@row(13, "peers that violate the closing handshake")
def closes(context):
    count, timeout = context.pick(5, 100), context.pick(1, 5)
    with context.server("--close", str(1000 * timeout)) as server:
        fds = server.fds()
        peers = {raw_sockets.open_websocket(server): close for _ in range(count) for close in CLOSES}
        begin = time.monotonic()
        for peer, close in peers.items():
            close(peer)
        senders = [peer for peer, close in peers.items() if close is ignore_close_and_send]

        def send(peer):
            if peer in senders:
                try:
                    peer.send(raw_sockets.event_frame("say"))
                except OSError:
                    pass

        ended = raw_sockets.wait_for_ends(peers, timeout + 5, every=0.2, drip=send)
        freed = time.monotonic() - begin + server.wait_for_fds(fds, 3)
        leaked = server.fds() - fds
        raw_sockets.close_all(peers)
        counts = server.stop_and_read_counts()
        figures = [equal_to(f"ended by the server, {close.__name__}", sum(peers[peer] is close for peer in ended), count)
                   for close in CLOSES]
        return figures + [equal_to("leaked descriptors", leaked, 0),
                          less_than("last descriptor freed after", freed, timeout + 1.0, "s"),
                          equal_to("`disconnect` callbacks, as many as `connect`", counts["ended"], counts["opened"]),
                          equal_to("callbacks after `disconnect`", counts["late"], 0)]
