"""Compressed messages (RFC 7692, 6 and 7.2): valid ones must be echoed, invalid ones must fail the connection."""

import zlib
from random import Random

from deflate import TAIL
from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, RSV1, TEXT, encode
from cases_limits import HUGE, expect_others_are_served
from registry import socket_case
from payloads import MIB, SIZES, make_binary, make_text

PLAIN = "permessage-deflate"
NO_TAKEOVER = PLAIN + "; client_no_context_takeover; server_no_context_takeover"
OFFERS = {
    "plain": PLAIN,
    "server_no_takeover": PLAIN + "; server_no_context_takeover",
    "no_takeover": NO_TAKEOVER,
    "small_windows": PLAIN + "; client_max_window_bits=9; server_max_window_bits=9",
    "client_window_without_value": PLAIN + "; client_max_window_bits",
}


def send_deflated(ws, opcode, payload, **how):
    ws.send_frame(opcode, ws.deflated(payload, **how), rsv=RSV1)


def echo_deflated(ws, opcode, payload, **how):
    send_deflated(ws, opcode, payload, **how)
    ws.expect(opcode, payload)


def make_noise(size):
    """Returns random octets that cannot be compressed; the same for each call with one size."""
    return Random(size).randbytes(size)


SAMPLES = {"text": (TEXT, make_text), "binary": (BINARY, make_binary), "zeros": (BINARY, bytes),
           "noise": (BINARY, make_noise)}


def register_echoes(name, offer):
    """Registers the echo cases for one set of parameters."""
    @socket_case({f"{name}-{kind}-{size}": (*SAMPLES[kind], size) for kind in SAMPLES for size in SIZES}, offer=offer)
    def message_is_echoed(ws, opcode, sample, size):
        payload = sample(min(size, ws.target.max_message))
        for _ in range(2):
            echo_deflated(ws, opcode, payload)

    @socket_case({name: ()}, offer=offer)
    def hundred_messages_share_a_context(ws):
        """Each message repeats distant data of earlier ones, so that a wrong window or a wrong reset is detected."""
        for number in range(100):
            echo_deflated(ws, TEXT, b"message %d; " % number + make_text(700) + b"%d" % number)


for each in OFFERS.items():
    register_echoes(*each)


@socket_case({f"level-{level}": level for level in range(10)}, offer=PLAIN)
def every_compression_level_is_accepted(ws, level):
    echo_deflated(ws, TEXT, make_text(50000), level=level)


@socket_case({"octet_by_octet": 1, "chopped": 7}, offer=PLAIN)
def compressed_message_may_arrive_in_pieces(ws, piece):
    payload = make_text(5000)
    ws.send_frame(TEXT, ws.deflated(payload), rsv=RSV1, piece=piece)
    ws.expect(TEXT, payload)


def compressed_fragments(opcode, parts):
    """Returns a fragmented message; only its first frame has RSV1 (RFC 7692, 6.1)."""
    last = len(parts) - 1
    return b"".join(encode(CONTINUATION if at else opcode, part, fin=at == last, rsv=0 if at else RSV1)
                    for at, part in enumerate(parts))


@socket_case({size: size for size in (1, 2, 3, 100, 4096)}, offer=PLAIN)
def compressed_message_may_be_fragmented(ws, size):
    payload = make_noise(3000) + make_text(3000)
    packed = ws.deflated(payload)
    ws.send(compressed_fragments(BINARY, [packed[at:at + size] for at in range(0, len(packed), size)]))
    ws.expect(BINARY, payload)


@socket_case({"first": 0, "middle": 1, "last": 2}, offer=PLAIN)
def compressed_message_may_have_empty_fragments(ws, place):
    packed = ws.deflated(b"with an empty fragment")
    parts = [packed[:5], packed[5:]]
    parts.insert(place, b"")
    ws.send(compressed_fragments(TEXT, parts))
    ws.expect(TEXT, b"with an empty fragment")


@socket_case(offer=PLAIN)
def ping_between_compressed_fragments_is_answered(ws):
    packed = ws.deflated(b"before and after")
    ws.send(encode(TEXT, packed[:4], fin=False, rsv=RSV1) + encode(PING, b"between"))
    ws.expect(PONG, b"between")
    ws.send_frame(CONTINUATION, packed[4:])
    ws.expect(TEXT, b"before and after")


@socket_case({"text": TEXT, "binary": BINARY}, offer=PLAIN)
def compressed_and_uncompressed_messages_may_alternate(ws, opcode):
    for number in range(10):
        echo_deflated(ws, opcode, b"compressed %d" % number)
        ws.echo(opcode, b"uncompressed %d" % number)
        ws.send(encode(opcode, b"frag", fin=False) + encode(CONTINUATION, b"mented"))
        ws.expect(opcode, b"fragmented")


@socket_case(offer=PLAIN)
def compressed_messages_in_one_segment_are_echoed(ws):
    payloads = [b"number %d, much the same as the others" % number for number in range(500)]
    ws.send(b"".join(encode(TEXT, ws.deflated(payload), rsv=RSV1) for payload in payloads))
    for payload in payloads:
        ws.expect(TEXT, payload)


# The examples of RFC 7692, 7.2.3. Each contains "Hello".
EXAMPLES = {
    "one_block": bytes.fromhex("f248cdc9c90700"),
    "stored_block": bytes.fromhex("000500faff48656c6c6f00"),
    "final_block": bytes.fromhex("f348cdc9c9070000"),
    "two_blocks": bytes.fromhex("f248050000 00ffff cac9c90700"),
}


@socket_case(EXAMPLES, offer=NO_TAKEOVER)
def example_of_the_rfc_is_echoed(ws, packed):
    for _ in range(2):
        ws.send_frame(TEXT, packed, rsv=RSV1)
        ws.expect(TEXT, b"Hello")


@socket_case({"one_octet": b"\0", "as_zlib_writes_it": b"\x02\0", "stored": b"\0\0\0\xff\xff\0"}, offer=PLAIN)
def empty_compressed_message_is_echoed(ws, packed):
    ws.send_frame(TEXT, packed, rsv=RSV1)
    ws.expect(TEXT, b"")
    ws.echo(TEXT, b"still here")


@socket_case({"text": TEXT, "binary": BINARY}, offer=PLAIN)
def rsv1_on_a_continuation_fails(ws, opcode):
    packed = ws.deflated(b"Hello")
    ws.send(encode(opcode, packed[:3], fin=False, rsv=RSV1) + encode(CONTINUATION, packed[3:], rsv=RSV1))
    ws.expect_close(1002)


@socket_case(offer=PLAIN)
def rsv1_on_the_continuation_of_an_uncompressed_message_fails(ws):
    ws.send(encode(TEXT, b"a", fin=False) + encode(CONTINUATION, ws.deflated(b"b"), rsv=RSV1))
    ws.expect_close(1002)


@socket_case({"ping": PING, "pong": PONG, "close": CLOSE}, offer=PLAIN)
def rsv1_on_a_control_frame_fails(ws, opcode):
    ws.send_frame(opcode, rsv=RSV1)
    ws.expect_close(1002)


@socket_case({f"{rsv:03b}": rsv for rsv in (0b101, 0b110, 0b111)}, offer=PLAIN)
def other_reserved_bits_still_fail(ws, rsv):
    ws.send_frame(TEXT, ws.deflated(b"x"), rsv=rsv)
    ws.expect_close(1002)


CORRUPT = {
    "reserved_block_type": b"\x07\x00",
    "stored_length_wrong": b"\x00\x05\x00\x00\x00Hello",
    "distance_too_far": b"\x02\x02\x00",
    "code_lengths_wrong": b"\x04\xff\xff\xff\xff\xff\xff\xff\xff",
    "zlib_header": zlib.compress(b"Hello"),
}


@socket_case({f"{name}-{how}": (packed, fin) for name, packed in CORRUPT.items()
            for how, fin in (("whole", True), ("fragment", False))}, offer=PLAIN)
def corrupt_data_fails(ws, packed, fin):
    """If the data is in a fragment, the connection fails no later than at the end of the message."""
    ws.send_frame(BINARY, packed, rsv=RSV1, fin=fin)
    if not fin:
        ws.send_frame(CONTINUATION, b"\0")
    ws.expect_close(1002, 1007)


@socket_case({"continuation": b"\x80", "overlong": b"\xc0\xaf", "surrogate": b"\xed\xa0\x80",
            "cut_short": b"\xe2\x82"}, offer=PLAIN)
def decompressed_text_must_be_utf8(ws, fault):
    send_deflated(ws, TEXT, b"fine until here: " + fault)
    ws.expect_close(1007)


@socket_case({"text": (TEXT, make_text), "binary": (BINARY, make_binary), "noise": (BINARY, make_noise)}, offer=PLAIN)
def largest_message_is_echoed(ws, opcode, sample):
    """The limit applies to the decompressed message: incompressible data is slightly larger when it is compressed."""
    echo_deflated(ws, opcode, sample(ws.target.max_message))


@socket_case({f"{name}-{kind}": (extra, opcode)
            for name, extra in (("one_more", 1), ("one_mib_more", MIB), ("63_mib_more", 63 * MIB))
            for kind, opcode in (("text", TEXT), ("binary", BINARY))}, offer=PLAIN)
def decompression_bomb_fails(ws, extra, opcode):
    send_deflated(ws, opcode, bytes(ws.target.max_message + extra))
    ws.expect_close(1009)
    expect_others_are_served(ws.target)


@socket_case(offer=PLAIN)
def decompression_bomb_fails_before_its_end(ws):
    packed = ws.deflated(bytes(ws.target.max_message * 4))
    half = len(packed) // 2
    ws.send_frame(BINARY, packed[:half], fin=False, rsv=RSV1)
    ws.expect_close(1009)


@socket_case(offer=PLAIN)
def many_empty_blocks_are_an_empty_message(ws):
    ws.send_frame(BINARY, (b"\0" + TAIL) * 50000 + b"\0", rsv=RSV1)
    ws.expect(BINARY, b"")
    expect_others_are_served(ws.target)


@socket_case({f"{name}-{how}": (declared, rsv) for name, declared in HUGE.items()
            for how, rsv in (("compressed", RSV1), ("plain", 0))}, offer=PLAIN)
def huge_length_fails(ws, declared, rsv):
    ws.send_frame(BINARY, b"", rsv=rsv, form=64, declared=declared)
    ws.expect_close(1009, 1002)
    expect_others_are_served(ws.target)
