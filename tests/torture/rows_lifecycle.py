"""Rows 29 to 31: half-open connections, the drain at SIGTERM, and many clients that reconnect."""

import os
import selectors
import signal
import threading
import time
from collections import Counter
from socket import MSG_PEEK

import raw_sockets
from frames import CLOSE, Violation, parse
from plan import at_most, equal_to, less_than, row, without_bound
from process import Server


def freeze(socket):
    """Starts a process that reads from `socket` and stops it with SIGSTOP. Returns its process id."""
    child = os.fork()
    if child == 0:
        while socket.recv(65536):
            pass
        os._exit(0)
    os.kill(child, signal.SIGSTOP)
    return child


def wait_for_close_frame(socket, within):
    """Waits until the socket's receive buffer has a close frame. Returns the seconds and the close code, or None."""
    begin = time.monotonic()
    while time.monotonic() < begin + within:
        try:
            octets = socket.recv(65536, MSG_PEEK)
        except BlockingIOError:
            octets = b""
        while parsed := parse(octets):
            frame, size = parsed
            if frame.opcode == CLOSE:
                return time.monotonic() - begin, int.from_bytes(frame.payload[:2], "big")
            octets = octets[size:]
        time.sleep(0.05)
    return time.monotonic() - begin, None


@row(29, "a half-open connection: the peer is stopped by SIGSTOP")
def half_open(context):
    ping_interval, idle_timeout = context.pick((1000, 2000), (25_000, 45_000))
    with context.server("--ping", str(ping_interval), "--dead", str(idle_timeout)) as server:
        fds = server.fds()
        with raw_sockets.target(server).open() as live:
            listener = threading.Thread(target=lambda: live.receive(600))    # answers pings
            listener.start()
            frozen = raw_sockets.open_websocket(server)
            child = freeze(frozen)
            frozen.setblocking(False)
            closed, code = wait_for_close_frame(frozen, idle_timeout / 1000 + 10)
            freed = closed + server.wait_for_fds(fds + 1, 10)
            remaining = server.fds() - fds
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            server.signal(signal.SIGTERM)
            listener.join()
        frozen.close()
    return [at_most("closed after", closed, idle_timeout / 1000 + 5, "s"), equal_to("close code", code, 3008),
            at_most("descriptor freed after, with the close timeout", freed, idle_timeout / 1000 + 6, "s"),
            equal_to("remaining connections: the one that answers pings", remaining, 1)]


class Reader:
    """Counts the texts that a peer of row 30 receives."""
    def __init__(self):
        self.buffer, self.texts, self.code = bytearray(), 0, None

    def add(self, octets):
        self.buffer += octets
        while parsed := parse(self.buffer):
            frame, size = parsed
            del self.buffer[:size]
            if frame.opcode == CLOSE:
                self.code = int.from_bytes(frame.payload[:2], "big")
            else:
                self.texts += 1


def read_to_the_end(peers, within):
    """Reads from each socket of {socket: Reader} until its connection ends."""
    until = time.monotonic() + within
    with selectors.DefaultSelector() as selector:
        for peer in peers:
            selector.register(peer, selectors.EVENT_READ)
        while selector.get_map() and time.monotonic() < until:
            for key, _ in selector.select(0.1):
                try:
                    octets = key.fileobj.recv(1 << 17)
                except OSError:
                    octets = b""
                peers[key.fileobj].add(octets)
                if not octets or peers[key.fileobj].code is not None:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()    # the server has sent its close frame


SMALL = {"count": 20, "size": 8000}
# One flood exceeds a quarter of the write queue, past which no callback starts. Two floods fill half of it.
LARGE = {"count": 26, "size": 40_000}


@row(30, "SIGTERM while connections are busy")
def drain(context):
    count = context.pick(200, 1000)
    with context.server() as server:
        before, texts = server.rss(), 0
        peers = {raw_sockets.open_websocket(server, receive_buffer=16384): Reader() for _ in range(count)}
        for _ in range(2):
            for number, peer in enumerate(peers):
                flood = SMALL if number % 20 else LARGE
                peer.sendall(raw_sockets.event_frame("flood", flood))
                texts += flood["count"]
            time.sleep(1)
        growth = server.rss() - before
        server.signal(signal.SIGTERM)
        begin = time.monotonic()
        refused = None
        while refused is None and time.monotonic() < begin + 5:
            try:
                raw_sockets.connect(server).close()
            except OSError:
                refused = time.monotonic() - begin
        read_to_the_end(peers, 15)
        status = server.wait()
        drained = time.monotonic() - begin
    codes = Counter(reader.code for reader in peers.values())
    with context.server(exit_statuses=(0, -signal.SIGTERM)) as server:
        flood = raw_sockets.event_frame("flood", {"count": 100, "size": 40_000})
        stalled = [raw_sockets.open_websocket(server, then=flood, receive_buffer=8192) for _ in range(20)]
        server.signal(signal.SIGTERM)
        time.sleep(0.5)
        is_draining = server.is_alive()
        server.signal(signal.SIGTERM)
        second = time.monotonic()
        server.wait()
        second = time.monotonic() - second
        raw_sockets.close_all(stalled)
    return [at_most("no more connections accepted after", refused if refused is not None else 99.0, 1.0, "s"),
            equal_to(f"closed with 1001, of {count:,} busy connections", codes[1001], count),
            equal_to("received texts, of those queued", sum(reader.texts for reader in peers.values()), texts),
            without_bound("RSS growth before SIGTERM", growth, "KiB"), equal_to("exit status", status, 0),
            at_most("drained after", drained, 10.5, "s"),
            equal_to("the drain waits for peers that do not read", is_draining, True),
            less_than("a second SIGTERM ends the server after", second, 1.0, "s")]


def wait_for_opens(lines, count, within):
    """Waits until `count` lines report an opened connection."""
    until = time.monotonic() + within
    while sum(line.startswith("open") for line in list(lines)) < count:
        if time.monotonic() > until:
            raise Violation(f"{sum(line.startswith('open') for line in lines)} of {count} connections opened")
        time.sleep(0.05)


@row(31, "many clients reconnect to a server that was killed")
def reconnects(context):
    """The brief form has a fifth of the clients, and a tenth of the backoff, downtime and bin width."""
    count, downtime, scale = context.pick(200, 1000), context.pick(3, 30), context.pick(0.1, 1)
    with Server([context.program("torture_server")]) as server:
        port = server.port
        clients = context.process("torture_clients", str(port), str(count), str(int(500 * scale)), str(int(30_000 * scale)))
        lines = []
        reader = threading.Thread(target=lambda: [lines.append(line) for line in clients.out])
        reader.start()
        wait_for_opens(lines, count, 60)
        server.kill()
    with clients:
        time.sleep(downtime)
        with Server([context.program("torture_server"), "--port", str(port)]) as server:
            begin = time.monotonic()
            wait_for_opens(lines, 2 * count, 60 * scale + 30)
            all_reconnected = time.monotonic() - begin
            clients.end_input()
            clients.wait()
            reader.join()
    events = [(name, int(at)) for name, at in map(str.split, lines)]
    lost = min(at for name, at in events if name == "lost")
    attempts = [at for name, at in events if name != "lost" and at >= lost]
    fullest_bin = max(Counter(int((at - lost) // (100 * scale)) for at in attempts).values())
    share, share_name = 100 * fullest_bin / len(attempts), f"share of attempts in the fullest bin of {100 * scale:g} ms"
    return [equal_to("reconnected clients", sum(name == "open" for name, _ in events) - count, count),
            without_bound("last reconnect after the server's restart", all_reconnected, "s"),
            without_bound("attempts", len(attempts)),
            without_bound(share_name, share, "%", "not checked: a busy machine may pause for one bin") if context.brief else
            at_most(share_name, share, 5.0, "%")]
