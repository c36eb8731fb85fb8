"""Rows 29 to 31: peers that froze, the drain, and a crowd that comes back."""

import os
import selectors
import signal
import threading
import time
from collections import Counter
from socket import MSG_PEEK

import crowd
from frames import CLOSE, Violation, parse
from plan import at_most, below, exactly, row, told
from process import Server


def freeze(socket):
    """A process that reads from `socket`, stopped."""
    child = os.fork()
    if child == 0:
        while socket.recv(65536):
            pass
        os._exit(0)
    os.kill(child, signal.SIGSTOP)
    return child


def wait_for_close(socket, within):
    """Seconds until a close frame lies there unread, and its code."""
    begun = time.monotonic()
    while time.monotonic() < begun + within:
        try:
            octets = socket.recv(65536, MSG_PEEK)
        except BlockingIOError:
            octets = b""
        while parsed := parse(octets):
            frame, size = parsed
            if frame.opcode == CLOSE:
                return time.monotonic() - begun, int.from_bytes(frame.payload[:2], "big")
            octets = octets[size:]
        time.sleep(0.05)
    return time.monotonic() - begun, None


@row(29, "a half-open peer: SIGSTOP")
def half_open(context):
    ping, dead = context.pick((1000, 2000), (25_000, 45_000))
    with context.server("--ping", str(ping), "--dead", str(dead)) as server:
        fds = server.fds()
        with crowd.target(server).open() as live:
            listener = threading.Thread(target=lambda: live.receive(600))    # answers pings
            listener.start()
            frozen = crowd.upgrade(server)
            child = freeze(frozen)
            frozen.setblocking(False)
            noticed, code = wait_for_close(frozen, dead / 1000 + 10)
            freed = noticed + server.fds_back_to(fds + 1, 10)
            kept = server.fds() - fds
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            server.signal(signal.SIGTERM)
            listener.join()
        frozen.close()
    return [at_most("noticed after", noticed, dead / 1000 + 5, "s"), exactly("code", code, 3008),
            at_most("descriptor free after, with the close budget", freed, dead / 1000 + 6, "s"),
            exactly("connections left: the one that answers pings", kept, 1)]


class Reader:
    """What a peer of row 30 has read."""
    def __init__(self):
        self.rest, self.texts, self.code = bytearray(), 0, None

    def take(self, octets):
        self.rest += octets
        while parsed := parse(self.rest):
            frame, size = parsed
            del self.rest[:size]
            if frame.opcode == CLOSE:
                self.code = int.from_bytes(frame.payload[:2], "big")
            else:
                self.texts += 1


def read_to_the_end(peers, within):
    """All that is still sent to {socket: Reader}, to the end of each connection."""
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
                peers[key.fileobj].take(octets)
                if not octets or peers[key.fileobj].code is not None:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()    # a peer that got our close leaves


SMALL = {"count": 20, "size": 8000}
LARGE = {"count": 26, "size": 40_000}    # once: the quarter past which no callback starts; twice: half the queue


@row(30, "SIGTERM with busy connections")
def drain(context):
    count = context.pick(200, 1000)
    with context.server() as server:
        before, texts = server.rss(), 0
        peers = {crowd.upgrade(server, buffer=16384): Reader() for _ in range(count)}
        for _ in range(2):
            for number, peer in enumerate(peers):
                flood = SMALL if number % 20 else LARGE
                peer.sendall(crowd.event("flood", flood))
                texts += flood["count"]
            time.sleep(1)
        queued = server.rss() - before
        server.signal(signal.SIGTERM)
        begun = time.monotonic()
        refused = None
        while refused is None and time.monotonic() < begun + 5:
            try:
                crowd.dial(server).close()
            except OSError:
                refused = time.monotonic() - begun
        read_to_the_end(peers, 15)
        status = server.wait()
        ended = time.monotonic() - begun
    codes = Counter(reader.code for reader in peers.values())
    with context.server(ends=(0, -signal.SIGTERM)) as server:
        stalled = [crowd.upgrade(server, then=crowd.event("flood", {"count": 100, "size": 40_000}), buffer=8192) for _ in range(20)]
        server.signal(signal.SIGTERM)
        time.sleep(0.5)
        waits = server.alive()
        server.signal(signal.SIGTERM)
        second = time.monotonic()
        server.wait()
        second = time.monotonic() - second
        crowd.close_all(stalled)
    return [at_most("no more accepted after", refused if refused is not None else 99.0, 1.0, "s"),
            exactly(f"of {count:,} busy connections, closed with 1001", codes[1001], count),
            exactly("texts that were queued and arrived", sum(reader.texts for reader in peers.values()), texts),
            told("RSS growth when it was told to end", queued, "KiB"), exactly("exit status", status, 0), at_most("drained after", ended, 10.5, "s"),
            exactly("a drain that waits for peers that do not read", waits, True),
            below("a second SIGTERM ends it after", second, 1.0, "s")]


def wait_for(lines, count, within):
    """Until so many lines say that a connection opened."""
    until = time.monotonic() + within
    while sum(line.startswith("open") for line in list(lines)) < count:
        if time.monotonic() > until:
            raise Violation(f"{sum(line.startswith('open') for line in lines)} of {count} are back")
        time.sleep(0.05)


@row(31, "a crowd comes back to a server that was killed")
def come_back(context):
    """The brief form has a fifth of the crowd, and a tenth of the time: pauses, absence, and bins."""
    count, absence, scale = context.pick(200, 1000), context.pick(3, 30), context.pick(0.1, 1)
    with Server([context.program("torture_server")]) as server:
        port = server.port
        clients = context.process("torture_clients", str(port), str(count), str(int(500 * scale)), str(int(30_000 * scale)))
        lines = []
        reader = threading.Thread(target=lambda: [lines.append(line) for line in clients.out])
        reader.start()
        wait_for(lines, count, 60)
        server.kill()
    with clients:
        time.sleep(absence)
        with Server([context.program("torture_server"), "--port", str(port)]) as server:
            begun = time.monotonic()
            wait_for(lines, 2 * count, 60 * scale + 30)
            back = time.monotonic() - begun
            clients.end_input()
            clients.wait()
            reader.join()
    moments = [(word, int(at)) for word, at in map(str.split, lines)]
    lost = min(at for word, at in moments if word == "lost")
    attempts = [at for word, at in moments if word != "lost" and at >= lost]
    fullest = max(Counter(int((at - lost) // (100 * scale)) for at in attempts).values())
    share, what = 100 * fullest / len(attempts), f"of them in the fullest bin of {100 * scale:g} ms"
    return [exactly("clients that are back", sum(word == "open" for word, _ in moments) - count, count),
            told("the last of them, after the server was back", back, "s"), told("attempts", len(attempts)),
            told(what, share, "%", "not judged: a busy machine pauses for as long") if context.brief else
            at_most(what, share, 5.0, "%")]
