"""The closing handshake: codes, reasons, and who ends what (RFC 6455, 5.5.1 and 7)."""

from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, REGISTERED_CODES, TEXT, Message, close_payload, encode, encode_masked_wrongly
from registry import on_socket, on_target
from samples import binary_of, text_of

INVALID_CODES = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 9999, 65535)
NORMAL = encode(CLOSE, close_payload(1000))


@on_socket({code: code for code in (*REGISTERED_CODES, 3000, 3003, 3008, 3999, 4000, 4999)})
def code_comes_back(ws, code):
    ws.send_frame(CLOSE, close_payload(code, b"because"))
    ws.expect_close(code, reply=False)


@on_socket()
def close_without_a_code_is_answered(ws):
    ws.send_frame(CLOSE)
    ws.expect_close(None, 1000, reply=False)


@on_socket({octet: octet for octet in (0, 3, 255)})
def payload_of_one_octet_fails(ws, octet):
    ws.send_frame(CLOSE, bytes([octet]))
    ws.expect_close(1002)


@on_socket({f"{code}-{name}": (code, reason) for code in INVALID_CODES
            for name, reason in (("bare", b""), ("reason", b"because"))})
def invalid_code_fails(ws, code, reason):
    ws.send_frame(CLOSE, close_payload(code, reason))
    ws.expect_close(1002)


REASONS = {"one_octet": b"x", "full": b"x" * 123, "full_of_characters": text_of(123), "nul": b"\0",
           "bom": b"\xef\xbb\xbf", "last_character": "\U0010ffff".encode()}


@on_socket(REASONS)
def reason_is_accepted(ws, reason):
    ws.send_frame(CLOSE, close_payload(1000, reason))
    ws.expect_close(1000, reply=False)


BAD_REASONS = {"lone_continuation": b"\x80", "overlong": b"\xc0\xaf", "surrogate": b"\xed\xa0\x80",
               "too_high": b"\xf4\x90\x80\x80", "cut_short": b"bye \xe2\x82", "ff": b"\xff",
               "late": b"x" * 120 + b"\xce\xba\xe1"}


@on_socket(BAD_REASONS)
def reason_that_is_not_utf8_fails(ws, reason):
    ws.send_frame(CLOSE, close_payload(1000, reason))
    ws.expect_close(1007, 1002)


@on_socket({"empty": b"", "code": close_payload(1000), "full": close_payload(4000, b"x" * 123)})
def close_may_arrive_octet_by_octet(ws, payload):
    ws.send_frame(CLOSE, payload, piece=1)
    ws.expect_close(*((4000,) if len(payload) > 2 else (None, 1000)), reply=False)


AFTER = {
    "text": encode(TEXT, b"too late"),
    "binary": encode(BINARY, binary_of(70000)),
    "ping": encode(PING, b"too late"),
    "pong": encode(PONG, b"too late"),
    "close": NORMAL,
    "ten_closes": encode(CLOSE, close_payload(4000)) * 10,
    "open_fragment": encode(TEXT, b"too late", fin=False),
    "continuation": encode(CONTINUATION, b"too late"),
    "reserved_opcode": encode(3, b"too late"),
    "masked_wrongly": encode_masked_wrongly(TEXT, b"too late"),
    "invalid_text": encode(TEXT, b"\xff"),
    "no_frames_at_all": b"\xff" * 1000,
}


@on_socket(AFTER)
def what_follows_a_close_is_ignored(ws, octets):
    """The server may have ended already, or answer nothing: one close frame comes, and then the end."""
    ws.send(NORMAL + octets)
    ws.expect_close(1000, reply=False)


@on_socket(AFTER)
def what_follows_later_is_ignored_too(ws, octets):
    ws.send(NORMAL)
    ws.send(octets)
    ws.expect_close(1000, reply=False)


@on_socket({"text": TEXT, "binary": BINARY})
def close_inside_a_fragmented_message_ends_it(ws, opcode):
    ws.send(encode(opcode, b"never", fin=False) + NORMAL + encode(CONTINUATION, b"finished"))
    ws.expect_close(1000, reply=False)


@on_socket()
def close_inside_a_character_ends_it(ws):
    ws.send(encode(TEXT, b"\xe2\x82", fin=False) + NORMAL)
    ws.expect_close(1000, reply=False)


@on_socket()
def close_behind_a_message_in_one_segment(ws):
    """The message may still be answered, but before the close frame."""
    ws.send(encode(TEXT, b"last words") + NORMAL)
    ws.expect_close(1000, allowed=[Message(TEXT, b"last words")], reply=False)


@on_socket()
def close_behind_a_large_message(ws):
    payload = binary_of(min(ws.target.max_message, 256 * 1024))
    ws.send(encode(BINARY, payload) + NORMAL)
    ws.expect_close(1000, allowed=[Message(BINARY, payload)], reply=False)


@on_socket()
def close_behind_a_ping_in_one_segment(ws):
    ws.send(encode(PING, b"p") + NORMAL)
    ws.expect_close(1000, allowed=[Message(PONG, b"p")], reply=False)


@on_socket({"reserved_opcode": encode(3), "bad_code": encode(CLOSE, close_payload(1005)),
            "invalid_text": encode(TEXT, b"\xff"), "half_a_frame": encode(3, b"", declared=100)})
def silent_peer_does_not_hold_a_failed_connection(ws, octets):
    """We never answer the server's close frame."""
    ws.send(octets)
    ws.expect_close(1002, 1007, reply=False)


@on_socket()
def half_closed_peer_still_gets_the_close_frame(ws):
    ws.send(NORMAL)
    ws.connection.half_close()
    if ws.target.tls:    # nothing is left to decrypt the answer with
        ws.expect_dropped()
    else:
        ws.expect_close(1000, reply=False)


CUTS = {"between_messages": b"", "in_a_header": b"\x81", "behind_four_octets": encode(TEXT, b"hello")[:4],
        "in_a_payload": encode(TEXT, b"hello")[:-2], "between_fragments": encode(TEXT, b"x", fin=False),
        "in_a_close_frame": NORMAL[:-1]}


@on_socket(CUTS)
def end_without_a_close_frame_ends_the_connection(ws, octets):
    ws.send(octets)
    ws.connection.half_close()
    ws.expect_dropped()


@on_target(CUTS, server_only=True)
def abrupt_end_does_not_touch_others(target, octets):
    with target.open() as other:
        with target.open() as ws:
            ws.send(octets)
        other.echo(TEXT, b"still here")
        other.finish()
