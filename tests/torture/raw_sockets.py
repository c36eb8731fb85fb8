"""Peers as bare sockets, so that a row can open thousands of them."""

import json
import selectors
import socket
import struct
import time

import client_handshake
from frames import TEXT, Violation, encode
from raw_client import Target

HOST = "127.0.0.1"
LINGER_RESET = struct.pack("ii", 1, 0)


def target(server, path="/", **options):
    return Target(HOST, server.port, path=path, **options)


def upgrade_request(server, path="/"):
    return client_handshake.make_request(f"{HOST}:{server.port}", path)


def event_frame(name, data=None):
    """Returns a text frame with the envelope of an event."""
    return encode(TEXT, json.dumps({"event": name, "data": data}).encode())


def connect(server, *, receive_buffer=None):
    """Returns a connected socket. `receive_buffer` is the size of its receive buffer in octets."""
    peer = socket.socket()
    if receive_buffer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    peer.settimeout(30)
    peer.connect((HOST, server.port))
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def reset(peer):
    """Closes the connection with an RST."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
    peer.close()


def open_websocket(server, path="/", then=b"", **options):
    """Opens a WebSocket and returns its socket. Reads the 101 and nothing after it; sends `then` together with the request."""
    peer = connect(server, **options)
    peer.sendall(upgrade_request(server, path) + then)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        octet = peer.recv(1)
        if not octet:
            raise Violation(f"expected a 101, received {head!r}")
        head += octet
    if not head.startswith(b"HTTP/1.1 101 "):
        raise Violation(f"expected a 101, received {head!r}")
    return peer


def wait_for_ends(peers, within, every=1.0, drip=None):
    """Waits until the server has ended the connections of `peers`. Returns {socket: seconds until its end} for those that ended.

    Calls `drip(peer)` for each open connection every `every` seconds.
    """
    begin = time.monotonic()
    ended, next_drip = {}, begin + every
    with selectors.DefaultSelector() as selector:
        for peer in peers:
            peer.setblocking(False)
            selector.register(peer, selectors.EVENT_READ)
        while len(ended) < len(peers) and time.monotonic() < begin + within:
            for key, _ in selector.select(min(0.1, max(0, next_drip - time.monotonic()))):
                try:
                    if key.fileobj.recv(65536):
                        continue
                except BlockingIOError:
                    continue
                except OSError:
                    pass
                ended[key.fileobj] = time.monotonic() - begin
                selector.unregister(key.fileobj)
            if drip and time.monotonic() >= next_drip:
                next_drip += every
                for peer in peers:
                    if peer not in ended:
                        drip(peer)
    return ended


def close_all(peers):
    for peer in peers:
        peer.close()
