"""The closing handshake: close codes, reasons, and the end of the TCP connection (RFC 6455, 5.5.1 and 7)."""

from frames import (BINARY, CLOSE, CONTINUATION, PING, PONG, REGISTERED_CODES, TEXT, Message, close_payload, encode,
                    encode_with_wrong_masking)
from registry import socket_case, target_case
from payloads import make_binary, make_text

INVALID_CODES = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 9999, 65535)
NORMAL = encode(CLOSE, close_payload(1000))


@socket_case({code: code for code in (*REGISTERED_CODES, 3000, 3003, 3008, 3999, 4000, 4999)})
def code_is_echoed(ws, code):
    ws.send_frame(CLOSE, close_payload(code, b"because"))
    ws.expect_close(code, reply=False)


@socket_case()
def close_without_a_code_is_answered(ws):
    ws.send_frame(CLOSE)
    ws.expect_close(None, 1000, reply=False)


@socket_case({octet: octet for octet in (0, 3, 255)})
def payload_of_one_octet_fails(ws, octet):
    ws.send_frame(CLOSE, bytes([octet]))
    ws.expect_close(1002)


@socket_case({f"{code}-{name}": (code, reason) for code in INVALID_CODES
            for name, reason in (("bare", b""), ("reason", b"because"))})
def invalid_code_fails(ws, code, reason):
    ws.send_frame(CLOSE, close_payload(code, reason))
    ws.expect_close(1002)


REASONS = {"one_octet": b"x", "full": b"x" * 123, "full_of_characters": make_text(123), "nul": b"\0",
           "bom": b"\xef\xbb\xbf", "last_character": "\U0010ffff".encode()}


@socket_case(REASONS)
def reason_is_accepted(ws, reason):
    ws.send_frame(CLOSE, close_payload(1000, reason))
    ws.expect_close(1000, reply=False)


BAD_REASONS = {"lone_continuation": b"\x80", "overlong": b"\xc0\xaf", "surrogate": b"\xed\xa0\x80",
               "too_high": b"\xf4\x90\x80\x80", "cut_short": b"bye \xe2\x82", "ff": b"\xff",
               "late": b"x" * 120 + b"\xce\xba\xe1"}


@socket_case(BAD_REASONS)
def reason_that_is_not_utf8_fails(ws, reason):
    ws.send_frame(CLOSE, close_payload(1000, reason))
    ws.expect_close(1007, 1002)


@socket_case({"empty": b"", "code": close_payload(1000), "full": close_payload(4000, b"x" * 123)})
def close_may_arrive_octet_by_octet(ws, payload):
    ws.send_frame(CLOSE, payload, piece=1)
    ws.expect_close(*((4000,) if len(payload) > 2 else (None, 1000)), reply=False)


AFTER = {
    "text": encode(TEXT, b"too late"),
    "binary": encode(BINARY, make_binary(70000)),
    "ping": encode(PING, b"too late"),
    "pong": encode(PONG, b"too late"),
    "close": NORMAL,
    "ten_closes": encode(CLOSE, close_payload(4000)) * 10,
    "open_fragment": encode(TEXT, b"too late", fin=False),
    "continuation": encode(CONTINUATION, b"too late"),
    "reserved_opcode": encode(3, b"too late"),
    "wrong_masking": encode_with_wrong_masking(TEXT, b"too late"),
    "invalid_text": encode(TEXT, b"\xff"),
    "garbage": b"\xff" * 1000,
}


@socket_case(AFTER)
def octets_behind_a_close_frame_are_ignored(ws, octets):
    """The peer answers with one close frame and then ends the connection."""
    ws.send(NORMAL + octets)
    ws.expect_close(1000, reply=False)


@socket_case(AFTER)
def octets_sent_after_a_close_frame_are_ignored(ws, octets):
    ws.send(NORMAL)
    ws.send(octets)
    ws.expect_close(1000, reply=False)


@socket_case({"text": TEXT, "binary": BINARY})
def close_inside_a_fragmented_message_is_answered(ws, opcode):
    ws.send(encode(opcode, b"never", fin=False) + NORMAL + encode(CONTINUATION, b"finished"))
    ws.expect_close(1000, reply=False)


@socket_case()
def close_inside_a_character_is_answered(ws):
    ws.send(encode(TEXT, b"\xe2\x82", fin=False) + NORMAL)
    ws.expect_close(1000, reply=False)


@socket_case()
def message_and_close_in_one_segment_are_answered_in_order(ws):
    """The message may be echoed, but only before the close frame."""
    ws.send(encode(TEXT, b"last text!") + NORMAL)
    ws.expect_close(1000, allowed=[Message(TEXT, b"last text!")], reply=False)


@socket_case()
def large_message_and_close_are_answered_in_order(ws):
    payload = make_binary(min(ws.target.max_message, 256 * 1024))
    ws.send(encode(BINARY, payload) + NORMAL)
    ws.expect_close(1000, allowed=[Message(BINARY, payload)], reply=False)


@socket_case()
def ping_and_close_in_one_segment_are_answered_in_order(ws):
    ws.send(encode(PING, b"p") + NORMAL)
    ws.expect_close(1000, allowed=[Message(PONG, b"p")], reply=False)


@socket_case({"reserved_opcode": encode(3), "bad_code": encode(CLOSE, close_payload(1005)),
            "invalid_text": encode(TEXT, b"\xff"), "half_a_frame": encode(3, b"", declared=100)})
def failed_connection_ends_without_the_peers_close_frame(ws, octets):
    """We do not answer the close frame of the peer under test."""
    ws.send(octets)
    ws.expect_close(1002, 1007, reply=False)


@socket_case()
def close_is_answered_after_tcp_half_close(ws):
    ws.send(NORMAL)
    ws.connection.half_close()
    if ws.target.tls:    # SSLSocket.shutdown discards the TLS state, so the response cannot be decrypted
        ws.read_until_eof()
    else:
        ws.expect_close(1000, reply=False)


CUTS = {"between_messages": b"", "in_a_header": b"\x81", "after_four_octets": encode(TEXT, b"hello")[:4],
        "in_a_payload": encode(TEXT, b"hello")[:-2], "between_fragments": encode(TEXT, b"x", fin=False),
        "in_a_close_frame": NORMAL[:-1]}


@socket_case(CUTS)
def tcp_half_close_without_a_close_frame_ends_the_connection(ws, octets):
    ws.send(octets)
    ws.connection.half_close()
    ws.read_until_eof()


@target_case(CUTS, server_only=True)
def abrupt_end_does_not_affect_other_connections(target, octets):
    with target.open() as other:
        with target.open() as ws:
            ws.send(octets)
        other.echo(TEXT, b"still here")
        other.finish()
