"""A WebSocket without a library: sends arbitrary frames and checks every frame that it reads."""

import time
from contextlib import ExitStack
from dataclasses import dataclass

import deflate
import client_handshake
from connection import TIMEOUT, Connection, connect_socket
from frames import CLOSE, PING, PONG, Assembler, Message, Violation, close_payload, encode, parse


@dataclass(frozen=True)
class Target:
    """The server under test."""
    host: str = "127.0.0.1"
    port: int = 0
    tls: bool = False
    path: str = "/"
    max_message: int = 1 << 20

    @property
    def authority(self):
        return f"{self.host}:{self.port}"

    def make_request(self, changes=None, **shape):
        return client_handshake.make_request(self.authority, self.path, changes, **shape)

    def connect(self):
        return Connection(lambda: connect_socket(self.host, self.port, self.tls))

    def open(self, changes=None, *, offer=None, then=b"", piece=65536):
        """Returns an open WebSocket. `offer` is the request's Sec-WebSocket-Extensions; `then` is sent in the same write."""
        extensions = {"Sec-WebSocket-Extensions": offer} if offer else {}
        request = self.make_request(extensions | (changes or {}))
        with ExitStack() as guard:
            connection = guard.enter_context(self.connect())
            connection.send(request + then, piece=piece)
            socket = self.upgrade(connection, request)
            guard.pop_all()
            return socket

    def upgrade(self, connection, request):
        """Reads and checks the response to `request`. The WebSocket that it returns owns the connection."""
        agreement = client_handshake.check_upgrade(request, connection.read_response())
        return WebSocket(self, connection, agreement)


class WebSocket:
    def __init__(self, target, connection, agreement):
        self.target = target
        self.connection = connection
        self.agreement = agreement    # the permessage-deflate parameters, or None
        self._deflater = agreement and deflate.Deflater(agreement)
        self._assembler = Assembler(agreement and deflate.Inflater(agreement))
        self.keys = []                # the masking keys of the peer's frames
        self._closed = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, octets, *, piece=65536):
        self.connection.send(octets, piece=piece)

    def send_frame(self, opcode, payload=b"", *, piece=65536, **bits):
        """Sends one frame; `bits` are those of `frames.encode`."""
        self.send(encode(opcode, payload, **bits), piece=piece)

    def deflated(self, payload, **how):
        """Compresses `payload` as our next message."""
        return self._deflater.message(payload, **how)

    def receive(self, within=TIMEOUT):
        """Returns the next message, or None at the end of the connection. Answers the peer's pings meanwhile."""
        until = time.monotonic() + within
        while True:
            while parsed := parse(self.connection.received):
                frame, size = parsed
                self.connection.consume(size)
                message = self._assembler.add(frame)
                if frame.key is not None:
                    self.keys.append(frame.key)
                if message and message.opcode == PING:
                    self.send_frame(PONG, message.payload)
                elif message:
                    return message
            if not self.connection.read_more(until):
                return None

    def expect(self, opcode, payload):
        message, expected = self.receive(), Message(opcode, payload)
        if message != expected:
            raise Violation(f"expected {expected}, received {message or 'the end'}")

    def echo(self, opcode, payload, *, piece=65536, **bits):
        self.send_frame(opcode, payload, piece=piece, **bits)
        self.expect(opcode, payload)

    def expect_close(self, *codes, allowed=(), reply=True):
        """Expects a close frame with one of `codes` (None: without a code), then the end of the TCP connection.

        The `allowed` messages may precede it, in any order: responses to frames that were sent before.
        """
        allowed = list(allowed)
        while (message := self.receive()) in allowed:
            allowed.remove(message)
        if message is None or message.opcode != CLOSE:
            raise Violation(f"expected a close frame, received {message or 'the end'}")
        if message.close_code not in codes:
            raise Violation(f"expected close code {' or '.join(map(str, codes))}, received {message.close_code}")
        if reply:
            self.send_frame(CLOSE, message.payload[:2])
        self._closed = True
        self.connection.expect_eof()

    def read_until_eof(self):
        """Waits until the peer ends the connection, whatever it sends before."""
        self._closed = True
        self.connection.read_until_eof()

    def finish(self):
        """Runs the closing handshake, unless the WebSocket is closed. Fails if a message is unread."""
        if not self._closed:
            self.send_frame(CLOSE, close_payload(1000))
            self.expect_close(1000, reply=False)
