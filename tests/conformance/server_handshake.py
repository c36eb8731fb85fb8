"""The server's opening handshake: checks a client's request and builds responses with arbitrary lines. No I/O."""

import base64
import binascii
import re
from dataclasses import dataclass

import deflate
import client_handshake
from frames import Violation


@dataclass(frozen=True)
class Request:
    target: str
    headers: list

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name):
        values = self.all(name)
        if len(values) != 1:
            raise Violation(f"{len(values)} {name} headers in the request")
        return values[0]

    @property
    def key(self):
        return self.one("Sec-WebSocket-Key")


def parse_request(octets):
    first, *lines = octets.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    match = re.fullmatch(r"GET (/[!-~]*) HTTP/1\.1", first)
    if not match:
        raise Violation(f"the request begins {first[:80]!r}")
    return Request(match[1], client_handshake.parse_headers(lines))


def check_request(request, authority, target, subprotocols=(), deflate_offered=False):
    """Checks a request by RFC 6455, 4.1. The comments are the numbers of the list in that section."""
    if request.target != target:
        raise Violation(f"the request target is {request.target}, not {target}")
    if request.one("Host") != authority:                                                           # 4
        raise Violation(f"Host: {request.one('Host')}, not {authority}")
    if request.one("Upgrade").lower() != "websocket":                                              # 5
        raise Violation(f"Upgrade: {request.one('Upgrade')}")
    if "upgrade" not in [token.strip().lower() for token in request.one("Connection").split(",")]:  # 6
        raise Violation(f"Connection: {request.one('Connection')}")
    check_key(request.key)                                                                         # 7
    if request.one("Sec-WebSocket-Version") != "13":                                               # 9
        raise Violation(f"Sec-WebSocket-Version: {request.one('Sec-WebSocket-Version')}")
    offered = [each.strip() for line in request.all("Sec-WebSocket-Protocol") for each in line.split(",")]
    if offered != list(subprotocols):                                                              # 10
        raise Violation(f"the client offers the subprotocols {offered}, not {list(subprotocols)}")
    check_extensions(request.all("Sec-WebSocket-Extensions"), deflate_offered)                     # 11
    for name in ("Content-Length", "Transfer-Encoding", "Sec-WebSocket-Accept"):
        if request.all(name):
            raise Violation(f"the request has a {name} header")


def check_key(key):
    try:
        octets = base64.b64decode(key, validate=True)
    except binascii.Error:
        octets = b""
    if len(octets) != 16 or base64.b64encode(octets).decode() != key:
        raise Violation(f"the key {key!r} is not base64 of 16 octets")


def check_extensions(lines, offered):
    if bool(lines) != offered:
        raise Violation(f"expected {'an offer of extensions' if offered else 'no offer of extensions'}, received {lines}")
    for name, parameters in deflate.parse_extensions(", ".join(lines)) if lines else []:
        if name != deflate.NAME or not deflate.is_valid(parameters):
            raise Violation(f"the client offers the extension {name!r} with {parameters}")


def make_response(request, changes=None, *, start="HTTP/1.1 101 Switching Protocols", raw_lines=()):
    """Returns a correct 101 with `changes`: a header's new value, None to omit it, a list to repeat it.

    `start` replaces the status line; `raw_lines` are appended to the headers unchanged.
    """
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": client_handshake.accept_value(request.key),
    } | (changes or {})
    lines = [start]
    for name, value in headers.items():
        values = [] if value is None else value if isinstance(value, list) else [value]
        lines += [f"{name}: {each}" for each in values]
    return "".join(line + "\r\n" for line in [*lines, *raw_lines, ""]).encode("latin-1")


def accept_offer(offer):
    """Accepts an `offer` of permessage-deflate with the parameters that it requests.

    Returns the value of the response's header, and the agreement. The agreement swaps client and server, because
    `deflate.Deflater` compresses as a client.
    """
    _, parameters = deflate.parse_extensions(offer)[0]
    given = {key: value for key, value in parameters if key != "client_max_window_bits"}
    value = "; ".join([deflate.NAME, *(f"{key}={bits}" if bits else key for key, bits in given.items())])
    return value, deflate.Agreement(client_no_context_takeover="server_no_context_takeover" in given,
                                    server_no_context_takeover="client_no_context_takeover" in given,
                                    client_max_window_bits=int(given.get("server_max_window_bits", 15)))
