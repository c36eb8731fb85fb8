"""Pings and pongs (RFC 6455, 5.5.2 and 5.5.3)."""

from frames import CLOSE, PING, PONG, TEXT, Violation, encode
from registry import on_socket
from samples import text_of


def expect_pongs(ws, payloads):
    """All the pings are answered, or the last and any of the earlier ones (5.5.3), in their order."""
    left = list(payloads)
    while left:
        message = ws.receive()
        if message is None or message.opcode != PONG or message.payload not in left:
            raise Violation(f"{message or 'the end'} where a pong was due")
        del left[:left.index(message.payload) + 1]


@on_socket({size: size for size in (0, 1, 2, 124, 125)})
def ping_is_answered_with_its_payload(ws, size):
    ws.send_frame(PING, text_of(size))
    ws.expect(PONG, text_of(size))


@on_socket()
def ping_of_every_size_is_answered(ws):
    for size in range(126):
        ws.send_frame(PING, bytes(range(size)))
        ws.expect(PONG, bytes(range(size)))


@on_socket({"low": bytes(125), "high": bytes(range(131, 256)), "not_utf8": b"\xc0\x80\xff"})
def ping_may_hold_any_octets(ws, payload):
    ws.send_frame(PING, payload)
    ws.expect(PONG, payload)


@on_socket()
def ping_may_arrive_octet_by_octet(ws):
    ws.send_frame(PING, b"x" * 125, piece=1)
    ws.expect(PONG, b"x" * 125)


@on_socket({f"{name}-{size}": (opcode, size) for name, opcode in (("ping", PING), ("pong", PONG), ("close", CLOSE))
            for size in (126, 127, 65536)})
def control_frame_over_125_octets_fails(ws, opcode, size):
    ws.send_frame(opcode, (b"\x03\xe8" + b"x" * size)[:size])
    ws.expect_close(1002)


@on_socket()
def control_frame_too_long_fails_on_its_header(ws):
    ws.send_frame(PING, declared=126)
    ws.expect_close(1002)


@on_socket({"empty": b"", "with_payload": b"nobody asked", "full": b"x" * 125})
def unsolicited_pong_is_ignored(ws, payload):
    ws.send(encode(PONG, payload) * 3)
    ws.echo(TEXT, b"still here")


@on_socket()
def pong_is_not_answered_and_the_ping_after_it_is(ws):
    ws.send(encode(PONG, b"unsolicited") + encode(PING, b"asked"))
    ws.expect(PONG, b"asked")


@on_socket({"at_once": 65536, "octet_by_octet": 1})
def ten_pings_in_a_row_are_answered(ws, piece):
    payloads = [b"ping %d" % number for number in range(10)]
    ws.send(b"".join(encode(PING, payload) for payload in payloads), piece=piece)
    expect_pongs(ws, payloads)


@on_socket()
def thousand_pings_in_one_segment_are_answered(ws):
    payloads = [b"%d" % number for number in range(1000)]
    ws.send(b"".join(encode(PING, payload) for payload in payloads))
    expect_pongs(ws, payloads)


@on_socket()
def pings_between_messages_are_answered(ws):
    ws.send(b"".join(encode(TEXT, b"t%d" % number) + encode(PING, b"p%d" % number) for number in range(10)))
    texts, pongs = [], []
    while len(texts) < 10 or not pongs or pongs[-1] != b"p9":
        message = ws.receive()
        if message is None or message.opcode not in (TEXT, PONG):
            raise Violation(f"{message or 'the end'} where an echo or a pong was due")
        (texts if message.opcode == TEXT else pongs).append(message.payload)
    if texts != [b"t%d" % number for number in range(10)] or sorted(set(pongs)) != pongs:
        raise Violation(f"out of order: {texts} {pongs}")


@on_socket()
def ping_right_after_the_opening_is_answered(ws):
    ws.send_frame(PING, b"first of all")
    ws.expect(PONG, b"first of all")
