"""A TCP or TLS connection to the peer that also reads HTTP messages. Every wait has a deadline."""

import select
import socket
import ssl
import struct
import time

import client_handshake
from frames import Violation

TIMEOUT = 30.0         # seconds for any response; long enough for a slow machine under a sanitizer
CLOSE_TIMEOUT = 7.0    # seconds from the last message to the end of the TCP connection
HEAD_LIMIT = 64 * 1024


def wrap_tls(plain, context, **how):
    """Wraps a socket in TLS. Closes the socket if the TLS handshake fails."""
    try:
        return context.wrap_socket(plain, **how)
    except BaseException:
        plain.close()
        raise


def connect_socket(host, port, tls):
    plain = socket.create_connection((host, port), timeout=TIMEOUT)
    if not tls:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return wrap_tls(plain, context, server_hostname=host)


class Connection:
    def __init__(self, make):
        """`make` returns a connected socket."""
        self.received = bytearray()    # octets that were received and not yet consumed
        self._eof = False              # the peer has ended its direction
        self._write_closed = False     # nothing more can be sent
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
        """Closes the connection with an RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def half_close(self):
        """Ends only our direction; under TLS without a close_notify."""
        self._write_closed = True
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._eof = True

    def send(self, octets, *, piece=65536):
        """Sends all octets, at most `piece` octets a write. Reads meanwhile, so that two full buffers cannot deadlock.

        If the peer no longer accepts data, the rest is dropped; its last messages can still be read.
        """
        rest = memoryview(octets)
        until = time.monotonic() + TIMEOUT
        while rest and not self._write_closed:
            try:
                rest = rest[self._socket.send(rest[:piece]):]
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                self._wait(until, writing=True)
                self._receive()
            except OSError:
                self._write_closed = True

    def send_without_reading(self, octets, within):
        """Sends without reading. Returns False if the peer accepts no more data within that time."""
        until, rest = time.monotonic() + within, memoryview(octets)
        while rest:
            try:
                rest = rest[self._socket.send(rest):]
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                left = until - time.monotonic()
                if left <= 0 or not select.select([], [self._socket], [], left)[1]:
                    return False
        return True

    def read_more(self, until):
        """Waits until octets are received. Returns False at the end of the stream."""
        while not self._receive():
            self._wait(until)
        if time.monotonic() > until:
            raise Violation("the peer is still sending at the deadline")
        return not self._eof

    def is_readable(self, within):
        """Returns True if octets arrive, or the connection ends, within that time."""
        try:
            self.read_more(time.monotonic() + within)
        except Violation:
            return False
        return True

    def _wait(self, until, *, writing=False):
        left = until - time.monotonic()
        poll = select.poll()    # select() is limited to descriptors below 1,024
        poll.register(self._socket, (0 if self._eof else select.POLLIN) | (select.POLLOUT if writing else 0))
        if left <= 0 or not poll.poll(left * 1000):
            raise Violation(f"timeout: the peer {'accepts no more data' if writing else 'sent nothing'}")

    def _receive(self):
        """Receives without waiting. Returns True if octets arrived or the connection has ended."""
        if self._eof:
            return True
        try:
            octets = self._socket.recv(1 << 18)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            octets = b""
        self.received += octets
        self._eof = not octets
        return True

    def consume(self, size):
        """Removes and returns the first `size` received octets."""
        octets = bytes(self.received[:size])
        del self.received[:size]
        return octets

    def read_until_eof(self, within=CLOSE_TIMEOUT):
        """Waits until the peer ends the connection. Returns all octets received before."""
        until = time.monotonic() + within
        try:
            while self.read_more(until):
                pass
        except Violation as violation:
            raise Violation(f"the connection did not end within {within:g} s: {violation}") from None
        return self.consume(len(self.received))

    def expect_eof(self, within=CLOSE_TIMEOUT):
        """Checks that the peer ends the connection and sends nothing before."""
        if rest := self.read_until_eof(within):
            raise Violation(f"expected the end of the connection, received {len(rest)} octets: {rest[:40]!r}")

    def read_head(self):
        """Reads the head of an HTTP message, including its empty line."""
        until = time.monotonic() + TIMEOUT
        while (size := self.received.find(b"\r\n\r\n")) < 0:
            if len(self.received) > HEAD_LIMIT or not self.read_more(until):
                raise Violation(f"expected an HTTP message, received {bytes(self.received[:80])!r}")
        return self.consume(size + 4)

    def read_response(self):
        until = time.monotonic() + TIMEOUT
        head = client_handshake.parse_head(self.read_head()[:-4])
        if head.status < 200:
            return head
        if head.all("Content-Length"):
            length = int(head.one("Content-Length"))
            while len(self.received) < length:
                if not self.read_more(until):
                    raise Violation(f"received {len(self.received)} of {length} octets of the body")
            body = self.consume(length)
        else:
            body = self.read_until_eof()
        return client_handshake.Response(head.status, head.headers, body)

    def expect_refusal(self, *statuses):
        """Reads an HTTP error with a body, and then the end of the connection."""
        response = self.read_response()
        if response.status not in statuses:
            expected = " or ".join(map(str, statuses))
            raise Violation(f"expected status {expected}, received {response.status} {response.body[:60]!r}")
        self.expect_eof()
        if not response.body.decode().strip():
            raise Violation(f"the response with status {response.status} has an empty body")
        return response
