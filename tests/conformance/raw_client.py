"""A WebSocket with nothing between the test and the octets: sends any frame, judges every frame it reads."""

import time
from contextlib import ExitStack
from dataclasses import dataclass

import deflate
import opening
from connection import PATIENCE, Connection, dial
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

    def request(self, changes=None, **shape):
        return opening.request(self.authority, self.path, changes, **shape)

    def connect(self):
        return Connection(lambda: dial(self.host, self.port, self.tls))

    def open(self, changes=None, *, offer=None, then=b"", piece=65536):
        """An open WebSocket; `offer` is for extensions, `then` goes out in the same write as the request."""
        extensions = {"Sec-WebSocket-Extensions": offer} if offer else {}
        asked = self.request(extensions | (changes or {}))
        with ExitStack() as guard:
            connection = guard.enter_context(self.connect())
            connection.send(asked + then, piece=piece)
            socket = self.upgrade(connection, asked)
            guard.pop_all()
            return socket

    def upgrade(self, connection, asked):
        """Reads the 101 to the request `asked`; from then on the connection belongs to the WebSocket."""
        agreement = opening.judge_upgrade(asked, connection.read_response())
        return WebSocket(self, connection, agreement)


class WebSocket:
    def __init__(self, target, connection, agreement):
        self.target = target
        self.connection = connection
        self.agreement = agreement    # on deflate, or None
        self._deflater = agreement and deflate.Deflater(agreement)
        self._assembler = Assembler(agreement and deflate.Inflater(agreement))
        self.keys = []                # that the peer masked its frames with
        self._over = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, octets, *, piece=65536):
        self.connection.send(octets, piece=piece)

    def send_frame(self, opcode, payload=b"", *, piece=65536, **bits):
        """One frame, its bits as `frames.encode` takes them."""
        self.send(encode(opcode, payload, **bits), piece=piece)

    def deflated(self, payload, **how):
        """`payload` as the next message of our compressed stream."""
        return self._deflater.message(payload, **how)

    def receive(self, within=PATIENCE):
        """The next message, or None at the end of the connection; the peer's own pings are answered on the way."""
        until = time.monotonic() + within
        while True:
            while parsed := parse(self.connection.inbox):
                frame, size = parsed
                self.connection.take(size)
                message = self._assembler.take(frame)
                if frame.key is not None:
                    self.keys.append(frame.key)
                if message and message.opcode == PING:
                    self.send_frame(PONG, message.payload)
                elif message:
                    return message
            if not self.connection.fill(until):
                return None

    def expect(self, opcode, payload):
        message, due = self.receive(), Message(opcode, payload)
        if message != due:
            raise Violation(f"{message or 'the end'} where {due} was due")

    def echo(self, opcode, payload, *, piece=65536, **bits):
        self.send_frame(opcode, payload, piece=piece, **bits)
        self.expect(opcode, payload)

    def expect_close(self, *codes, allowed=(), reply=True):
        """A close frame with one of `codes` (None: with none), then the end of TCP.

        Before it may come any of the `allowed` messages, in any order: answers to what was still right.
        """
        allowed = list(allowed)
        while (message := self.receive()) in allowed:
            allowed.remove(message)
        if message is None or message.opcode != CLOSE:
            raise Violation(f"{message or 'the end'} where a close frame was due")
        if message.close_code not in codes:
            raise Violation(f"closed with {message.close_code}, not {' or '.join(map(str, codes))}")
        if reply:
            self.send_frame(CLOSE, message.payload[:2])
        self._over = True
        self.connection.expect_end()

    def expect_dropped(self):
        """The server ends the connection, whatever it says before."""
        self._over = True
        self.connection.expect_dropped()

    def finish(self):
        """Unless it is closed already: the closing handshake, before which nothing may be left to read."""
        if not self._over:
            self.send_frame(CLOSE, close_payload(1000))
            self.expect_close(1000, reply=False)
