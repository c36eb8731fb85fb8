"""Pings and pongs (RFC 6455, 5.5.2 and 5.5.3)."""

from frames import CLOSE, PING, PONG, TEXT, Violation, encode
from registry import socket_case
from payloads import make_text


def expect_pongs(ws, payloads):
    """Expects pongs in order. A peer may skip all pings but the last one (RFC 6455, 5.5.3)."""
    remaining = list(payloads)
    while remaining:
        message = ws.receive()
        if message is None or message.opcode != PONG or message.payload not in remaining:
            raise Violation(f"expected a pong, received {message or 'the end'}")
        del remaining[:remaining.index(message.payload) + 1]


@socket_case({size: size for size in (0, 1, 2, 124, 125)})
def ping_is_answered_with_its_payload(ws, size):
    ws.send_frame(PING, make_text(size))
    ws.expect(PONG, make_text(size))


@socket_case()
def ping_of_every_size_is_answered(ws):
    for size in range(126):
        ws.send_frame(PING, bytes(range(size)))
        ws.expect(PONG, bytes(range(size)))


@socket_case({"low": bytes(125), "high": bytes(range(131, 256)), "not_utf8": b"\xc0\x80\xff"})
def ping_may_hold_any_octets(ws, payload):
    ws.send_frame(PING, payload)
    ws.expect(PONG, payload)


@socket_case()
def ping_may_arrive_octet_by_octet(ws):
    ws.send_frame(PING, b"x" * 125, piece=1)
    ws.expect(PONG, b"x" * 125)


@socket_case({f"{name}-{size}": (opcode, size) for name, opcode in (("ping", PING), ("pong", PONG), ("close", CLOSE))
            for size in (126, 127, 65536)})
def control_frame_over_125_octets_fails(ws, opcode, size):
    ws.send_frame(opcode, (b"\x03\xe8" + b"x" * size)[:size])
    ws.expect_close(1002)


@socket_case()
def oversized_control_frame_fails_before_its_payload(ws):
    ws.send_frame(PING, declared=126)    # the header only
    ws.expect_close(1002)


@socket_case({"empty": b"", "with_payload": b"unsolicited", "full": b"x" * 125})
def unsolicited_pong_is_ignored(ws, payload):
    ws.send(encode(PONG, payload) * 3)
    ws.echo(TEXT, b"still here")


@socket_case()
def ping_after_an_unsolicited_pong_is_answered(ws):
    ws.send(encode(PONG, b"unsolicited") + encode(PING, b"ping"))
    ws.expect(PONG, b"ping")


@socket_case({"at_once": 65536, "octet_by_octet": 1})
def ten_pings_in_a_row_are_answered(ws, piece):
    payloads = [b"ping %d" % number for number in range(10)]
    ws.send(b"".join(encode(PING, payload) for payload in payloads), piece=piece)
    expect_pongs(ws, payloads)


@socket_case()
def thousand_pings_in_one_segment_are_answered(ws):
    payloads = [b"%d" % number for number in range(1000)]
    ws.send(b"".join(encode(PING, payload) for payload in payloads))
    expect_pongs(ws, payloads)


@socket_case()
def pings_between_messages_are_answered(ws):
    ws.send(b"".join(encode(TEXT, b"t%d" % number) + encode(PING, b"p%d" % number) for number in range(10)))
    texts, pongs = [], []
    while len(texts) < 10 or not pongs or pongs[-1] != b"p9":
        message = ws.receive()
        if message is None or message.opcode not in (TEXT, PONG):
            raise Violation(f"expected an echo or a pong, received {message or 'the end'}")
        (texts if message.opcode == TEXT else pongs).append(message.payload)
    if texts != [b"t%d" % number for number in range(10)] or sorted(set(pongs)) != pongs:
        raise Violation(f"out of order: {texts} {pongs}")


@socket_case()
def ping_as_the_first_frame_is_answered(ws):
    ws.send_frame(PING, b"first of all")
    ws.expect(PONG, b"first of all")
