"""The opening handshake as text: building requests with every line free, and judging the answer. No I/O."""

import base64
import hashlib
import os
import re
from dataclasses import dataclass

import deflate
from frames import Violation

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"


def fresh_key():
    return base64.b64encode(os.urandom(16)).decode()


def request(authority, path="/", changes=None, *, start=None, raw_lines=(), body=b"", end="\r\n"):
    """A correct upgrade request with `changes`: a header's new value, None to leave it out, a list to repeat it.

    `start` replaces the request line; `raw_lines` follow the headers unchecked; `end` ends every line.
    """
    headers = {
        "Host": authority,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": fresh_key(),
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
            raise Violation(f"{len(values)} {name} headers in the answer {self.status}")
        return values[0]


def parse_head(octets):
    """The status and headers of an answer, given up to its empty line."""
    first, *lines = octets.decode("latin-1").split("\r\n")
    match = re.fullmatch(r"HTTP/1\.[01] ([1-5]\d\d)( [^\x00-\x1f]*)?", first)
    if not match:
        raise Violation(f"the answer begins {first[:80]!r}")
    return Response(int(match[1]), parse_headers(lines))


def parse_headers(lines):
    headers = []
    for line in lines:
        field = re.fullmatch(rf"({TOKEN}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*", line)
        if not field:
            raise Violation(f"a malformed header line: {line[:80]!r}")
        headers.append(field.groups())
    return headers


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def sent_value(asked, name):
    match = re.search(rf"^{name}:[ \t]*(.*?)[ \t]*\r$", asked.decode("latin-1"), re.IGNORECASE | re.MULTILINE)
    return match and match[1]


def judge_upgrade(asked, response):
    """Whether `response` upgrades the request `asked` correctly; the deflate agreement, or None."""
    if response.status != 101:
        raise Violation(f"refused with {response.status} {response.body[:80]!r}")
    if response.one("Upgrade").lower() != "websocket":
        raise Violation(f"Upgrade: {response.one('Upgrade')}")
    if "upgrade" not in [token.strip().lower() for token in ",".join(response.all("Connection")).split(",")]:
        raise Violation(f"Connection: {response.all('Connection')}")
    for name in ("Content-Length", "Transfer-Encoding"):
        if response.all(name):
            raise Violation(f"a 101 with {name}")
    expected = accept_of(sent_value(asked, "Sec-WebSocket-Key"))
    if response.one("Sec-WebSocket-Accept") != expected:
        raise Violation(f"Sec-WebSocket-Accept {response.one('Sec-WebSocket-Accept')}, not {expected}")
    judge_subprotocol(sent_value(asked, "Sec-WebSocket-Protocol"), response.all("Sec-WebSocket-Protocol"))
    answer = ", ".join(response.all("Sec-WebSocket-Extensions"))
    if not answer:
        return None
    offer = sent_value(asked, "Sec-WebSocket-Extensions")
    if offer is None:
        raise Violation(f"extension {answer!r} which nobody offered")
    return deflate.judge_answer(offer, answer)


def judge_subprotocol(offer, named):
    offered = [item.strip() for item in (offer or "").split(",")]
    if len(named) > 1 or any(name not in offered for name in named):
        raise Violation(f"subprotocols {named} in answer to {offer!r}")
