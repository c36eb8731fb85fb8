"""Messages at, over and far over the size limit, and endless fragments. Other connections must be served meanwhile."""

from frames import BINARY, CONTINUATION, PING, PONG, TEXT, TOP_BIT, encode, is_server_role
from registry import socket_case, target_case
from payloads import make_binary, make_text


def expect_others_are_served(target):
    if is_server_role():    # a client under test has a single connection
        return
    with target.open() as other:
        other.echo(TEXT, b"served")
        other.finish()


@socket_case({"text": (TEXT, make_text), "binary": (BINARY, make_binary)})
def largest_message_is_echoed_twice(ws, opcode, sample):
    for _ in range(2):
        ws.echo(opcode, sample(ws.target.max_message))


@socket_case({"in_two": 2, "in_1000": 1000})
def largest_message_in_fragments_is_echoed(ws, count):
    payload = make_binary(ws.target.max_message)
    size = len(payload) // (count - 1)
    for at in range(0, len(payload), size):
        ws.send_frame(CONTINUATION if at else BINARY, payload[at:at + size], fin=False)
    ws.send_frame(CONTINUATION)
    ws.expect(BINARY, payload)


@socket_case({"text": TEXT, "binary": BINARY})
def one_octet_more_fails_when_declared(ws, opcode):
    ws.send_frame(opcode, declared=ws.target.max_message + 1)
    ws.expect_close(1009)
    expect_others_are_served(ws.target)


@socket_case({"text": TEXT, "binary": BINARY})
def one_octet_more_fails_when_sent(ws, opcode):
    ws.send_frame(opcode, make_text(ws.target.max_message + 1))
    ws.expect_close(1009)
    expect_others_are_served(ws.target)


@socket_case({f"{name}-in-{size}": (opcode, size) for name, opcode in (("text", TEXT), ("binary", BINARY))
            for size in (1024, 65536)})
def one_octet_more_fails_in_fragments(ws, opcode, size):
    payload = b"x" * ws.target.max_message
    for at in range(0, len(payload), size):
        ws.send_frame(CONTINUATION if at else opcode, payload[at:at + size], fin=False)
    ws.send_frame(CONTINUATION, b"x")
    ws.expect_close(1009)
    expect_others_are_served(ws.target)


@socket_case()
def one_octet_more_fails_on_the_last_fragments_header(ws):
    ws.send(encode(BINARY, b"x" * ws.target.max_message, fin=False) + encode(CONTINUATION, declared=1))
    ws.expect_close(1009)


@socket_case()
def limit_applies_to_each_message(ws):
    payload = make_binary(ws.target.max_message)
    ws.send(encode(BINARY, payload[:-1], fin=False) + encode(CONTINUATION, payload[-1:]))
    ws.expect(BINARY, payload)
    ws.echo(BINARY, payload)


HUGE = {"2^32": 1 << 32, "2^40": 1 << 40, "2^62": 1 << 62, "2^63-1": TOP_BIT - 1, "2^63+1": TOP_BIT + 1,
        "2^64-1": 2 * TOP_BIT - 1}


@socket_case({f"{name}-{how}": (declared, payload, opcode) for name, declared in HUGE.items()
            for how, payload, opcode in (("header", b"", BINARY), ("some_octets", b"x" * 4096, TEXT))})
def huge_length_fails(ws, declared, payload, opcode):
    ws.send_frame(opcode, payload, form=64, declared=declared)
    ws.expect_close(1009, 1002)
    expect_others_are_served(ws.target)


@socket_case(HUGE)
def huge_continuation_fails(ws, declared):
    """The sum of the lengths must not wrap around."""
    ws.send(encode(BINARY, b"x" * 100, fin=False) + encode(CONTINUATION, form=64, declared=declared))
    ws.expect_close(1009, 1002)
    expect_others_are_served(ws.target)


@socket_case(HUGE)
def huge_control_frame_fails(ws, declared):
    ws.send_frame(PING, form=64, declared=declared)
    ws.expect_close(1002, 1009)
    expect_others_are_served(ws.target)


@socket_case()
def incomplete_payload_does_not_block_other_connections(ws):
    payload = make_text(ws.target.max_message)
    octets = encode(TEXT, payload)
    ws.send(octets[:4096])
    for _ in range(20):
        expect_others_are_served(ws.target)
    ws.send(octets[4096:])
    ws.expect(TEXT, payload)


@socket_case({"empty": b"", "one_octet": b"y"})
def endless_fragments_do_not_block_other_connections(ws, part):
    """Sends 20,000 fragments of one message, which must be echoed correctly. Other connections are served meanwhile."""
    ws.send_frame(TEXT, b"x", fin=False)
    for _ in range(20):
        ws.send(encode(CONTINUATION, part, fin=False) * 1000)
        expect_others_are_served(ws.target)
    ws.send(encode(PING, b"alive"))
    ws.expect(PONG, b"alive")
    ws.send_frame(CONTINUATION, b"z")
    ws.expect(TEXT, b"x" + part * 20000 + b"z")


@target_case(server_only=True)
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
