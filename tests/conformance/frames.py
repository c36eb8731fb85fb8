"""RFC 6455 frames as octets: builds frames with arbitrary bits, and parses and checks the peer's frames. No I/O."""

import os
import struct
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
RSV1, RSV2, RSV3 = 4, 2, 1
TOP_BIT = 1 << 63

# The client masks its frames (RFC 6455, 5.1). The role is set once, before the cases build frames.
_we_mask = True


def set_server_role():
    global _we_mask
    _we_mask = False


def is_server_role():
    return not _we_mask


# Close codes that a close frame may carry: RFC 6455, 7.4, and IANA's registry for 1012 to 1014.
REGISTERED_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014)


class Violation(Exception):
    """The peer broke the protocol."""


@dataclass(frozen=True)
class Frame:
    opcode: int
    payload: bytes
    fin: bool = True
    rsv: int = 0
    key: bytes | None = None    # the masking key; None if the frame was not masked


@dataclass(frozen=True)
class Message:
    """A whole data message, or a control frame."""
    opcode: int
    payload: bytes

    @property
    def close_code(self):
        """The close code of a close frame; None if its payload is empty."""
        return int.from_bytes(self.payload[:2], "big") if self.payload else None

    def __str__(self):
        names = {TEXT: "text", BINARY: "binary", PING: "ping", PONG: "pong"}
        size = len(self.payload)
        shown = repr(self.payload[:40]) + (f"... ({size} octets)" if size > 40 else "")
        return f"close {self.close_code}" if self.opcode == CLOSE else f"{names[self.opcode]} {shown}"


def mask(octets, key):
    size = len(octets)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(octets, "little") ^ int.from_bytes(stream, "little")).to_bytes(size, "little")


def encode(opcode, payload=b"", *, fin=True, rsv=0, masked=None, key=None, form=None, declared=None):
    """Returns one frame. `form` forces a length field of 7, 16 or 64 bits; `declared` replaces the true payload length."""
    masked = _we_mask if masked is None else masked
    length = len(payload) if declared is None else declared
    if form is None:
        form = 7 if length < 126 else 16 if length < 65536 else 64
    head = bytes([fin << 7 | rsv << 4 | opcode])
    flag = masked << 7
    if form == 7:
        head += bytes([flag | length])
    elif form == 16:
        head += struct.pack("!BH", flag | 126, length)
    else:
        head += struct.pack("!BQ", flag | 127, length)
    if not masked:
        return head + payload
    key = os.urandom(4) if key is None else key
    return head + key + mask(payload, key)


def encode_with_wrong_masking(opcode, payload=b"", **bits):
    return encode(opcode, payload, masked=not _we_mask, **bits)


def close_payload(code, reason=b""):
    return struct.pack("!H", code) + reason


def parse(octets):
    """Returns the first frame in `octets` and its size, or None if the frame is incomplete."""
    if len(octets) < 2:
        return None
    first, second = octets[0], octets[1]
    masked = bool(second & 0x80)
    if masked == _we_mask:
        raise Violation("the server masked a frame" if masked else "the client did not mask a frame")
    length, start = second & 0x7F, 2
    if length == 126:
        if len(octets) < 4:
            return None
        length, start = int.from_bytes(octets[2:4], "big"), 4
        if length < 126:
            raise Violation(f"length {length} encoded in 16 bits")
    elif length == 127:
        if len(octets) < 10:
            return None
        length, start = int.from_bytes(octets[2:10], "big"), 10
        if length < 65536 or length & TOP_BIT:
            raise Violation(f"length {length} encoded in 64 bits")
    opcode, fin = first & 0x0F, bool(first & 0x80)
    if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
        raise Violation(f"a frame with the reserved opcode {opcode}")
    if opcode >= CLOSE and (not fin or length > 125):
        raise Violation(f"a control frame with fin {fin} and {length} octets")
    key = bytes(octets[start:start + 4]) if masked else None
    start += 4 * masked
    if len(octets) < start + length:
        return None
    payload = bytes(octets[start:start + length])
    return Frame(opcode, mask(payload, key) if masked else payload, fin, first >> 4 & 7, key), start + length


class Assembler:
    """Assembles messages from the peer's frames. Checks frame order, masking keys, reserved bits, UTF-8 and close codes."""

    def __init__(self, inflater=None):
        self._inflater = inflater
        self._opcode = None        # of the incomplete message
        self._compressed = False
        self._parts = []
        self._closed = False
        self._key = None           # of the previous frame

    def add(self, frame):
        """Returns the message that `frame` completes, or None."""
        if self._closed:
            raise Violation("a frame after the close frame")
        if frame.key is not None and frame.key == self._key:
            raise Violation("two frames in a row have the same masking key")    # 5.3: each frame needs a new key
        self._key = frame.key
        starts = frame.opcode in (TEXT, BINARY)
        if frame.rsv and not (frame.rsv == RSV1 and starts and self._inflater):
            raise Violation(f"reserved bits {frame.rsv:03b} on opcode {frame.opcode}")
        if frame.opcode >= CLOSE:
            if frame.opcode == CLOSE:
                self._closed = True
                check_close(frame.payload)
            return Message(frame.opcode, frame.payload)
        if starts == (self._opcode is not None):
            raise Violation("a new message inside a fragmented message" if starts else "a continuation frame without a message")
        if starts:
            self._opcode, self._compressed = frame.opcode, bool(frame.rsv)
        self._parts.append(frame.payload)
        return self._finish() if frame.fin else None

    def _finish(self):
        payload = b"".join(self._parts)
        if self._compressed:
            payload = self._inflater.message(payload)
        message = Message(self._opcode, payload)
        if message.opcode == TEXT:
            check_utf8(payload, "a text message")
        self._opcode, self._parts = None, []
        return message


def check_close(payload):
    if not payload:
        return
    if len(payload) == 1:
        raise Violation("a close frame with a payload of one octet")
    code = int.from_bytes(payload[:2], "big")
    if code not in REGISTERED_CODES and not 3000 <= code <= 4999:
        raise Violation(f"a close frame with the invalid code {code}")
    check_utf8(payload[2:], "a close reason")


def check_utf8(octets, where):
    try:
        octets.decode()
    except UnicodeDecodeError as error:
        raise Violation(f"{where} that is not UTF-8: {error}") from None
