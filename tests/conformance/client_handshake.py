"""The client's opening handshake: builds upgrade requests with arbitrary lines and checks the response. No I/O."""

import base64
import hashlib
import os
import re
from dataclasses import dataclass

import deflate
from frames import Violation

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"


def new_key():
    return base64.b64encode(os.urandom(16)).decode()


def make_request(authority, path="/", changes=None, *, start=None, raw_lines=(), body=b"", end="\r\n"):
    """Returns a correct upgrade request with `changes`: a header's new value, None to omit it, a list to repeat it.

    `start` replaces the request line; `raw_lines` are appended to the headers unchanged; `end` ends every line.
    """
    headers = {
        "Host": authority,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": new_key(),
        "Sec-WebSocket-Version": "13",
    } | (changes or {})
    lines = [start or f"GET {path} HTTP/1.1"]
    for name, value in headers.items():
        values = [] if value is None else value if isinstance(value, list) else [value]
        lines += [f"{name}: {each}" for each in values]
    return "".join(line + end for line in [*lines, *raw_lines, ""]).encode("latin-1") + body


@dataclass(frozen=True)
class Response:
    status: int
    headers: list
    body: bytes = b""

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name):
        values = self.all(name)
        if len(values) != 1:
            raise Violation(f"{len(values)} {name} headers in the response with status {self.status}")
        return values[0]


def parse_head(octets):
    """Parses the status line and headers of a response, without the empty line that ends them."""
    first, *lines = octets.decode("latin-1").split("\r\n")
    match = re.fullmatch(r"HTTP/1\.[01] ([1-5]\d\d)( [^\x00-\x1f]*)?", first)
    if not match:
        raise Violation(f"the response begins {first[:80]!r}")
    return Response(int(match[1]), parse_headers(lines))


def parse_headers(lines):
    headers = []
    for line in lines:
        field = re.fullmatch(rf"({TOKEN}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*", line)
        if not field:
            raise Violation(f"a malformed header line: {line[:80]!r}")
        headers.append(field.groups())
    return headers


def accept_value(key):
    """Returns the Sec-WebSocket-Accept that belongs to a Sec-WebSocket-Key (RFC 6455, 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def header_value(request, name):
    """Returns the value of the request's first header of that name, or None."""
    match = re.search(rf"^{name}:[ \t]*(.*?)[ \t]*\r$", request.decode("latin-1"), re.IGNORECASE | re.MULTILINE)
    return match and match[1]


def check_upgrade(request, response):
    """Checks that `response` upgrades `request` correctly. Returns the permessage-deflate agreement, or None."""
    if response.status != 101:
        raise Violation(f"expected a 101, received {response.status} {response.body[:80]!r}")
    if response.one("Upgrade").lower() != "websocket":
        raise Violation(f"Upgrade: {response.one('Upgrade')}")
    if "upgrade" not in [token.strip().lower() for token in ",".join(response.all("Connection")).split(",")]:
        raise Violation(f"Connection: {response.all('Connection')}")
    for name in ("Content-Length", "Transfer-Encoding"):
        if response.all(name):
            raise Violation(f"a 101 with {name}")
    expected = accept_value(header_value(request, "Sec-WebSocket-Key"))
    if response.one("Sec-WebSocket-Accept") != expected:
        raise Violation(f"Sec-WebSocket-Accept {response.one('Sec-WebSocket-Accept')}, not {expected}")
    check_subprotocol(header_value(request, "Sec-WebSocket-Protocol"), response.all("Sec-WebSocket-Protocol"))
    extensions = ", ".join(response.all("Sec-WebSocket-Extensions"))
    if not extensions:
        return None
    offer = header_value(request, "Sec-WebSocket-Extensions")
    if offer is None:
        raise Violation(f"the response has the extension {extensions!r}, which was not offered")
    return deflate.check_response(offer, extensions)


def check_subprotocol(offer, chosen):
    offered = [item.strip() for item in (offer or "").split(",")]
    if len(chosen) > 1 or any(name not in offered for name in chosen):
        raise Violation(f"subprotocols {chosen} in response to {offer!r}")
