"""Peers by the thousand: bare sockets, with as little between them and the kernel as a row needs."""

import json
import selectors
import socket
import struct
import time

import opening
from frames import TEXT, Violation, encode
from raw_client import Target

HOST = "127.0.0.1"
LINGER_RESET = struct.pack("ii", 1, 0)


def target(server, path="/", **how):
    return Target(HOST, server.port, path=path, **how)


def request(server, path="/"):
    return opening.request(f"{HOST}:{server.port}", path)


def event(name, data=None):
    """An envelope as a frame."""
    return encode(TEXT, json.dumps({"event": name, "data": data}).encode())


def dial(server, *, buffer=None):
    """A connected socket; with a receive buffer of so many octets."""
    peer = socket.socket()
    if buffer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    peer.settimeout(30)
    peer.connect((HOST, server.port))
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def reset(peer):
    """Ends it with an RST."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
    peer.close()


def upgrade(server, path="/", then=b"", **how):
    """An open WebSocket as a bare socket; nothing behind the 101 is read."""
    peer = dial(server, **how)
    peer.sendall(request(server, path) + then)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        octet = peer.recv(1)
        if not octet:
            raise Violation(f"no 101 but {head!r}")
        head += octet
    if not head.startswith(b"HTTP/1.1 101 "):
        raise Violation(f"no 101 but {head!r}")
    return peer


def each_end(peers, within, every=1.0, drip=None):
    """Waits until the server has ended `peers`, and gives when each ended: {socket: seconds}; others are missing.

    `drip(peer)` is called for each that is left, `every` so many seconds.
    """
    begun = time.monotonic()
    ended, due = {}, begun + every
    with selectors.DefaultSelector() as selector:
        for peer in peers:
            peer.setblocking(False)
            selector.register(peer, selectors.EVENT_READ)
        while len(ended) < len(peers) and time.monotonic() < begun + within:
            for key, _ in selector.select(min(0.1, max(0, due - time.monotonic()))):
                try:
                    if key.fileobj.recv(65536):
                        continue
                except BlockingIOError:
                    continue
                except OSError:
                    pass
                ended[key.fileobj] = time.monotonic() - begun
                selector.unregister(key.fileobj)
            if drip and time.monotonic() >= due:
                due += every
                for peer in peers:
                    if peer not in ended:
                        drip(peer)
    return ended


def close_all(peers):
    for peer in peers:
        peer.close()
