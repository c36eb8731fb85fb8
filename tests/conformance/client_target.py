"""The client under test. Each WebSocket is the server's end of a connection that the client opened."""

import ssl
from contextlib import ExitStack
from dataclasses import dataclass

from server_handshake import accept_offer, check_request, make_response, parse_request
from client_program import Program
from raw_client import WebSocket


@dataclass(frozen=True)
class ClientTarget:
    program: str
    certificate: str = ""    # a PEM file; empty: no TLS
    key: str = ""
    deflate: bool = False
    path: str = "/conformance?of=a%20client"
    max_message: int = 1 << 20

    @property
    def tls(self):
        return bool(self.certificate)

    @property
    def flags(self):
        return [*(["--ca", self.certificate] if self.tls else []), *(["--deflate"] if self.deflate else [])]

    @property
    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def start(self, *flags):
        return Program(self, *flags)

    def read_request(self, program, connection, subprotocols=()):
        """Reads and checks the client's upgrade request."""
        request = parse_request(connection.read_head())
        check_request(request, program.authority, self.path, subprotocols, self.deflate)
        return request

    def open(self, *, offer=None):
        """Starts a client and returns its first WebSocket. `offer` is the permessage-deflate offer that we accept, or None."""
        with ExitStack() as guard:
            program = guard.enter_context(self.start())
            connection = guard.enter_context(program.accept())
            socket = self.upgrade(program, connection, offer=offer)
            guard.pop_all()
            return ClientSocket(socket, program)

    def upgrade(self, program, connection, changes=None, *, offer=None, then=b"", piece=65536, subprotocols=(), **shape):
        """Responds to the client's request with a 101; `then` is sent in the same write."""
        request = self.read_request(program, connection, subprotocols)
        extensions, agreement = accept_offer(offer) if offer else (None, None)
        changes = {"Sec-WebSocket-Extensions": extensions} | (changes or {})
        connection.send(make_response(request, changes, **shape) + then, piece=piece)
        return WebSocket(self, connection, agreement)

    def serve(self, program, within=None):
        """Accepts the client's next connection, opens its WebSocket and checks one echo."""
        connection = program.accept(within) if within else program.accept()
        socket = self.upgrade(program, connection)
        socket.echo(1, b"at your service")
        return socket


class ClientSocket(WebSocket):
    """A WebSocket that stops its client when it is closed."""

    def __init__(self, socket, program):
        super().__init__(socket.target, socket.connection, socket.agreement)
        self.program = program

    def __exit__(self, *failure):
        super().__exit__(*failure)
        self.program.__exit__(*failure)
