"""Single frames: sizes, length forms, masks, reserved bits and opcodes (RFC 6455, 5.2 and 5.3)."""

from frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, TOP_BIT, Message, encode, encode_with_wrong_masking
from registry import socket_case
from payloads import MIB, SIZES, make_binary, make_text

KINDS = {"text": (TEXT, make_text), "binary": (BINARY, make_binary)}
PIECES = {"at_once": 65536, "chopped": 997, "octet_by_octet": 1}


def echo_rows():
    """Returns a row for every kind, size and way of sending. Only small messages are sent octet by octet."""
    return {f"{kind}-{size}-{how}": (*KINDS[kind], size, piece)
            for kind in KINDS for size in SIZES for how, piece in PIECES.items()
            if piece > 1 or size <= 128}


@socket_case(echo_rows())
def message_is_echoed(ws, opcode, sample, size, piece):
    payload = sample(min(size, ws.target.max_message))
    ws.echo(opcode, payload, piece=piece)


@socket_case({size: size for size in (65535, 65536, MIB)})
def header_may_arrive_octet_by_octet(ws, size):
    payload = make_binary(min(size, ws.target.max_message))
    octets = encode(BINARY, payload)
    ws.send(octets[:16], piece=1)
    ws.send(octets[16:])
    ws.expect(BINARY, payload)


@socket_case({"zero": b"\0\0\0\0", "ones": b"\xff\xff\xff\xff", "first": b"\x80\0\0\0", "last": b"\0\0\0\x01",
            "like_a_header": b"\x81\x85\x88\x80"}, server_only=True)
def every_masking_key_is_accepted(ws, key):
    for size in (0, 1, 2, 3, 4, 5, 7, 8, 9, 125, 126, 4097):
        ws.echo(TEXT, make_text(size), key=key)
    ws.echo(BINARY, make_binary(1001), key=key, piece=3)


@socket_case({"tiny": (1000, 4), "empty": (1000, 0), "longer": (200, 200)})
def messages_in_one_segment_are_echoed_in_order(ws, count, size):
    payloads = [f"{number:04}".ljust(size, ".").encode()[:size] for number in range(count)]
    ws.send(b"".join(encode(TEXT, payload) for payload in payloads))
    for payload in payloads:
        ws.expect(TEXT, payload)


@socket_case()
def frames_may_cross_read_buffer_boundaries(ws):
    """Sends frames whose headers start at every offset near common buffer sizes."""
    sizes = [*range(130), *range(1500, 1550), *range(4070, 4100), 8180, 16370, 65530, 3, 0]
    ws.send(b"".join(encode(BINARY, make_binary(size)) for size in sizes))
    for size in sizes:
        ws.expect(BINARY, make_binary(size))


@socket_case()
def text_and_binary_messages_keep_their_opcode(ws):
    ws.send(encode(TEXT, b"same") + encode(BINARY, b"same") + encode(BINARY, b"\xff") + encode(TEXT, b""))
    for opcode, payload in ((TEXT, b"same"), (BINARY, b"same"), (BINARY, b"\xff"), (TEXT, b"")):
        ws.expect(opcode, payload)


BEFORE = Message(TEXT, b"before")


def expect_failure(ws, octets, codes=(1002,)):
    """Checks that `octets` fail the connection. A message before them may be echoed; a ping after them must not be answered."""
    ws.send(encode(BEFORE.opcode, BEFORE.payload) + octets + encode(PING, b"after"))
    ws.expect_close(*codes, allowed=[BEFORE])


def reserved_bit_rows(bits):
    opcodes = {"text": TEXT, "binary": BINARY, "ping": PING, "close": CLOSE}
    return {f"{name}-{rsv:03b}": (opcode, rsv) for name, opcode in opcodes.items() for rsv in bits}


@socket_case(reserved_bit_rows((0b001, 0b010, 0b011)))
def reserved_bit_fails(ws, opcode, rsv):
    expect_failure(ws, encode(opcode, b"" if opcode == CLOSE else b"x", rsv=rsv))


@socket_case(reserved_bit_rows((0b100, 0b101, 0b110, 0b111)), uncompressed_only=True)
def rsv1_without_an_extension_fails(ws, opcode, rsv):
    expect_failure(ws, encode(opcode, b"" if opcode == CLOSE else b"x", rsv=rsv))


@socket_case({f"{rsv:03b}": rsv for rsv in range(1, 8)})
def reserved_bit_on_a_continuation_fails(ws, rsv):
    expect_failure(ws, encode(TEXT, b"a", fin=False) + encode(CONTINUATION, b"b", rsv=rsv))


@socket_case({f"{opcode}-{size}": (opcode, size) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15) for size in (0, 5)})
def reserved_opcode_fails(ws, opcode, size):
    expect_failure(ws, encode(opcode, b"x" * size))


@socket_case({f"{opcode}": opcode for opcode in (3, 7, 11, 15)})
def reserved_opcode_inside_a_fragmented_message_fails(ws, opcode):
    expect_failure(ws, encode(TEXT, b"a", fin=False) + encode(opcode, b"b"))


@socket_case({f"{name}-{size}-in-{form}": (opcode, size, form)
            for name, opcode in (("text", TEXT), ("binary", BINARY), ("ping", PING), ("close", CLOSE))
            for size, form in ((0, 16), (2, 16), (125, 16), (0, 64), (125, 64), (126, 64), (65535, 64))
            if opcode < CLOSE or size <= 125})
def payload_length_that_is_not_minimal_fails(ws, opcode, size, form):
    start = b"\x03\xe8" if opcode == CLOSE else b""
    payload = (start + b"x" * size)[:size]
    expect_failure(ws, encode(opcode, payload, form=form))


@socket_case({"2^63": TOP_BIT, "2^63+1": TOP_BIT + 1, "2^64-1": 2 * TOP_BIT - 1, "2^63+5": TOP_BIT + 5})
def payload_length_with_the_top_bit_set_fails(ws, declared):
    expect_failure(ws, encode(BINARY, b"hello", form=64, declared=declared), (1002, 1009))


@socket_case({f"{name}-{size}": (opcode, size)
            for name, opcode in (("text", TEXT), ("binary", BINARY), ("ping", PING), ("close", CLOSE), ("pong", 10))
            for size in (0, 2, 5)})
def frame_with_wrong_masking_fails(ws, opcode, size):
    """A client must mask its frames and a server must not (RFC 6455, 5.1)."""
    expect_failure(ws, encode_with_wrong_masking(opcode, b"\x03\xe8bye"[:size]))


@socket_case()
def continuation_with_wrong_masking_fails(ws):
    expect_failure(ws, encode(TEXT, b"a", fin=False) + encode_with_wrong_masking(CONTINUATION, b"b"))


@socket_case()
def reserved_opcode_fails_before_its_payload(ws):
    """The header alone fails the connection; no payload is sent."""
    ws.send(encode(3, b"", declared=100))
    ws.expect_close(1002)
