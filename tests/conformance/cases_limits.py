"""Messages at, over and far over the bound, and fragments without end. Others are served throughout."""

from frames import BINARY, CONTINUATION, PING, PONG, TEXT, TOP_BIT, encode, plays_server
from registry import on_socket, on_target
from samples import binary_of, text_of


def expect_service(target):
    if plays_server():    # a client has no others
        return
    with target.open() as other:
        other.echo(TEXT, b"others are served")
        other.finish()


@on_socket({"text": (TEXT, text_of), "binary": (BINARY, binary_of)})
def largest_message_comes_back_twice(ws, opcode, sample):
    for _ in range(2):
        ws.echo(opcode, sample(ws.target.max_message))


@on_socket({"in_two": 2, "in_1000": 1000})
def largest_message_in_fragments_comes_back(ws, count):
    payload = binary_of(ws.target.max_message)
    size = len(payload) // (count - 1)
    for at in range(0, len(payload), size):
        ws.send_frame(CONTINUATION if at else BINARY, payload[at:at + size], fin=False)
    ws.send_frame(CONTINUATION)
    ws.expect(BINARY, payload)


@on_socket({"text": TEXT, "binary": BINARY})
def one_octet_more_fails_when_declared(ws, opcode):
    ws.send_frame(opcode, declared=ws.target.max_message + 1)
    ws.expect_close(1009)
    expect_service(ws.target)


@on_socket({"text": TEXT, "binary": BINARY})
def one_octet_more_fails_when_sent(ws, opcode):
    ws.send_frame(opcode, text_of(ws.target.max_message + 1))
    ws.expect_close(1009)
    expect_service(ws.target)


@on_socket({f"{name}-in-{size}": (opcode, size) for name, opcode in (("text", TEXT), ("binary", BINARY))
            for size in (1024, 65536)})
def one_octet_more_fails_in_fragments(ws, opcode, size):
    payload = b"x" * ws.target.max_message
    for at in range(0, len(payload), size):
        ws.send_frame(CONTINUATION if at else opcode, payload[at:at + size], fin=False)
    ws.send_frame(CONTINUATION, b"x")
    ws.expect_close(1009)
    expect_service(ws.target)


@on_socket()
def one_octet_more_fails_on_the_last_fragments_header(ws):
    ws.send(encode(BINARY, b"x" * ws.target.max_message, fin=False) + encode(CONTINUATION, declared=1))
    ws.expect_close(1009)


@on_socket()
def bound_starts_anew_with_each_message(ws):
    payload = binary_of(ws.target.max_message)
    ws.send(encode(BINARY, payload[:-1], fin=False) + encode(CONTINUATION, payload[-1:]))
    ws.expect(BINARY, payload)
    ws.echo(BINARY, payload)


HUGE = {"2^32": 1 << 32, "2^40": 1 << 40, "2^62": 1 << 62, "2^63-1": TOP_BIT - 1, "2^63+1": TOP_BIT + 1,
        "2^64-1": 2 * TOP_BIT - 1}


@on_socket({f"{name}-{how}": (declared, payload, opcode) for name, declared in HUGE.items()
            for how, payload, opcode in (("header", b"", BINARY), ("some_octets", b"x" * 4096, TEXT))})
def huge_length_fails(ws, declared, payload, opcode):
    ws.send_frame(opcode, payload, form=64, declared=declared)
    ws.expect_close(1009, 1002)
    expect_service(ws.target)


@on_socket(HUGE)
def huge_continuation_fails(ws, declared):
    """The sum of the lengths must not wrap around."""
    ws.send(encode(BINARY, b"x" * 100, fin=False) + encode(CONTINUATION, form=64, declared=declared))
    ws.expect_close(1009, 1002)
    expect_service(ws.target)


@on_socket(HUGE)
def huge_control_frame_fails(ws, declared):
    ws.send_frame(PING, form=64, declared=declared)
    ws.expect_close(1002, 1009)
    expect_service(ws.target)


@on_socket()
def announced_payload_that_does_not_come_holds_nobody_else(ws):
    payload = text_of(ws.target.max_message)
    octets = encode(TEXT, payload)
    ws.send(octets[:4096])
    for _ in range(20):
        expect_service(ws.target)
    ws.send(octets[4096:])
    ws.expect(TEXT, payload)


@on_socket({"empty": b"", "one_octet": b"y"})
def fragments_without_end_hold_nobody_else(ws, part):
    """Twenty thousand fragments, with other connections served in between; the message is still right in the end."""
    ws.send_frame(TEXT, b"x", fin=False)
    for _ in range(20):
        ws.send(encode(CONTINUATION, part, fin=False) * 1000)
        expect_service(ws.target)
    ws.send(encode(PING, b"alive"))
    ws.expect(PONG, b"alive")
    ws.send_frame(CONTINUATION, b"z")
    ws.expect(TEXT, b"x" + part * 20000 + b"z")


@on_target(server_only=True)
def hundred_connections_are_served_at_once(target):
    sockets = []
    try:
        for _ in range(100):
            sockets.append(target.open())
        for number, ws in enumerate(sockets):
            ws.send_frame(TEXT, b"%d" % number)
        for number, ws in enumerate(sockets):
            ws.expect(TEXT, b"%d" % number)
            ws.finish()
    finally:
        for ws in sockets:
            ws.connection.close()
