"""permessage-deflate (RFC 7692) from the client's side: checks the server's response, compresses and decompresses. No I/O."""

import re
import zlib
from dataclasses import dataclass

from frames import Violation

TAIL = b"\x00\x00\xff\xff"
NAME = "permessage-deflate"
FLAGS = ("server_no_context_takeover", "client_no_context_takeover")
WINDOWS = ("server_max_window_bits", "client_max_window_bits")


@dataclass(frozen=True)
class Agreement:
    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int = 15
    client_max_window_bits: int = 15


def parse_extensions(text):
    """Returns [(name, [(parameter, value or None)])]. Does not support quoted commas or semicolons."""
    extensions = []
    for item in text.split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        split = [parameter.partition("=") for parameter in parameters]
        extensions.append((name, [(key.strip(), value.strip(' "') if equals else None)
                                  for key, equals, value in split]))
    return extensions


def check_response(offer, response):
    """Returns the negotiated parameters. Raises Violation if `offer` does not allow `response`."""
    accepted = parse_extensions(response)
    if len(accepted) != 1 or accepted[0][0] != NAME or not is_valid(accepted[0][1]):
        raise Violation(f"extensions {response!r} in response to {offer!r}")
    given = dict(accepted[0][1])
    # client_max_window_bits may omit its value only in an offer (RFC 7692, 7.1.2.2).
    if "client_max_window_bits" in given and given["client_max_window_bits"] is None:
        raise Violation(f"client_max_window_bits without a value in {response!r}")
    offered = [wanted for name, wanted in parse_extensions(offer) if name == NAME]
    if not any(is_valid(wanted) and _allows(dict(wanted), given) for wanted in offered):
        raise Violation(f"{offer!r} does not allow the response {response!r}")
    windows = {key: int(given.get(key, 15)) for key in WINDOWS}
    return Agreement(**{key: key in given for key in FLAGS}, **windows)


def is_valid(parameters):
    """Returns True if every parameter is known, occurs once and has a valid value."""
    def fits(key, value):
        if key in FLAGS:
            return value is None
        if key == "client_max_window_bits" and value is None:
            return True
        return key in WINDOWS and re.fullmatch("[89]|1[0-5]", value or "") is not None

    return len(dict(parameters)) == len(parameters) and all(fits(*each) for each in parameters)


def _allows(wanted, given):
    if "server_no_context_takeover" in wanted and "server_no_context_takeover" not in given:
        return False
    if "client_max_window_bits" in given:
        if "client_max_window_bits" not in wanted:
            return False
        if int(given["client_max_window_bits"]) > int(wanted["client_max_window_bits"] or 15):
            return False
    return int(given.get("server_max_window_bits", 15)) <= int(wanted.get("server_max_window_bits", 15))


class Deflater:
    def __init__(self, agreement):
        self._agreement = agreement
        self._stream = None

    def message(self, payload, level=zlib.Z_DEFAULT_COMPRESSION):
        if self._stream is None or self._agreement.client_no_context_takeover:
            bits = self._agreement.client_max_window_bits
            # zlib cannot compress with a window of 256 octets. Huffman-only output has no matches, so it fits any window.
            strategy = zlib.Z_HUFFMAN_ONLY if bits == 8 else zlib.Z_DEFAULT_STRATEGY
            self._stream = zlib.compressobj(level, zlib.DEFLATED, -max(bits, 9), strategy=strategy)
        packed = self._stream.compress(payload) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        return packed.removesuffix(TAIL)


class Inflater:
    """Decompresses messages with exactly the negotiated window and context takeover, so that a server's deviation fails."""

    def __init__(self, agreement):
        self._agreement = agreement
        self._stream = self._new_stream()

    def _new_stream(self):
        return zlib.decompressobj(-self._agreement.server_max_window_bits)

    def message(self, payload):
        if self._agreement.server_no_context_takeover:
            self._stream = self._new_stream()
        plain, rest = b"", payload + TAIL
        try:
            while rest:
                plain += self._stream.decompress(rest)
                rest = self._stream.unused_data
                if self._stream.eof:
                    self._stream = self._new_stream()
        except zlib.error as error:
            raise Violation(f"a compressed message that cannot be decompressed: {error}") from None
        return plain
