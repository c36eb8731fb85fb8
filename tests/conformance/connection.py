"""TCP or TLS to the peer, octet by octet, and HTTP heads read from it. Every wait has a deadline."""

import select
import socket
import ssl
import struct
import time

import opening
from frames import Violation

PATIENCE = 30.0        # seconds, for any answer: what never comes on the slowest machine under a sanitizer
CLOSE_BUDGET = 7.0     # seconds, from the last word to the end of TCP
HEAD_LIMIT = 64 * 1024


def secured(plain, context, **how):
    """TLS over a socket, which is closed where there is none."""
    try:
        return context.wrap_socket(plain, **how)
    except BaseException:
        plain.close()
        raise


def dial(host, port, tls):
    plain = socket.create_connection((host, port), timeout=PATIENCE)
    if not tls:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return secured(plain, context, server_hostname=host)


class Connection:
    def __init__(self, make):
        """`make` gives a connected socket."""
        self.inbox = bytearray()   # what has arrived and nobody has taken yet
        self._ended = False        # the peer sends no more
        self._refused = False      # the peer takes no more
        try:
            self._socket = make()
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setblocking(False)
        except OSError as error:
            raise Violation(f"no connection: {error}") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def reset(self):
        """Ends with an RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def half_close(self):
        """Ends our direction only; under TLS without a close_notify."""
        self._refused = True
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._ended = True

    def send(self, octets, *, piece=65536):
        """Sends all, `piece` octets a write, and reads meanwhile: two full pipes must not hold each other.

        What the peer no longer takes is dropped; reading tells what it said.
        """
        rest = memoryview(octets)
        until = time.monotonic() + PATIENCE
        while rest and not self._refused:
            try:
                rest = rest[self._socket.send(rest[:piece]):]
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                self._wait(until, writing=True)
                self._take()
            except OSError:
                self._refused = True

    def push(self, octets, within):
        """Sends without reading; False where the peer takes them no more."""
        until, rest = time.monotonic() + within, memoryview(octets)
        while rest:
            try:
                rest = rest[self._socket.send(rest):]
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                left = until - time.monotonic()
                if left <= 0 or not select.select([], [self._socket], [], left)[1]:
                    return False
        return True

    def fill(self, until):
        """Waits for more in the inbox; False at the end of the stream."""
        while not self._take():
            self._wait(until)
        if time.monotonic() > until:
            raise Violation("the peer goes on and on")
        return not self._ended

    def has_news(self, within):
        """Whether anything arrives, or the connection ends, in that time."""
        try:
            self.fill(time.monotonic() + within)
        except Violation:
            return False
        return True

    def _wait(self, until, *, writing=False):
        left = until - time.monotonic()
        poll = select.poll()    # select() ends at descriptor 1,024
        poll.register(self._socket, (0 if self._ended else select.POLLIN) | (select.POLLOUT if writing else 0))
        if left <= 0 or not poll.poll(left * 1000):
            raise Violation(f"the peer kept us waiting, {'for room' if writing else 'silent'}")

    def _take(self):
        """Whether something arrived, or the connection has ended."""
        if self._ended:
            return True
        try:
            octets = self._socket.recv(1 << 18)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            octets = b""
        self.inbox += octets
        self._ended = not octets
        return True

    def take(self, size):
        """The first `size` octets of the inbox."""
        octets = bytes(self.inbox[:size])
        del self.inbox[:size]
        return octets

    def expect_dropped(self, within=CLOSE_BUDGET):
        """The peer ends the connection, whatever it says before; gives that."""
        until = time.monotonic() + within
        try:
            while self.fill(until):
                pass
        except Violation as why:
            raise Violation(f"no end within {within:g} s: {why}") from None
        return self.take(len(self.inbox))

    def expect_end(self, within=CLOSE_BUDGET):
        """The peer ends the connection, and says nothing more."""
        if said := self.expect_dropped(within):
            raise Violation(f"{len(said)} more octets where the end was due: {said[:40]!r}")

    def read_head(self):
        """The octets of an HTTP head, its empty line included."""
        until = time.monotonic() + PATIENCE
        while (size := self.inbox.find(b"\r\n\r\n")) < 0:
            if len(self.inbox) > HEAD_LIMIT or not self.fill(until):
                raise Violation(f"no HTTP but {bytes(self.inbox[:80])!r}")
        return self.take(size + 4)

    def read_response(self):
        until = time.monotonic() + PATIENCE
        head = opening.parse_head(self.read_head()[:-4])
        if head.status < 200:
            return head
        if head.all("Content-Length"):
            length = int(head.one("Content-Length"))
            while len(self.inbox) < length:
                if not self.fill(until):
                    raise Violation(f"{len(self.inbox)} of {length} octets of body")
            body = self.take(length)
        else:
            body = self.expect_dropped()
        return opening.Response(head.status, head.headers, body)

    def expect_refusal(self, *statuses):
        """An HTTP error with a text, and then the end of the connection."""
        response = self.read_response()
        if response.status not in statuses:
            raise Violation(f"answered {response.status} {response.body[:60]!r}, not {' or '.join(map(str, statuses))}")
        self.expect_end()
        if not response.body.decode().strip():
            raise Violation(f"the {response.status} has no text")
        return response
