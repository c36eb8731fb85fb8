"""Valid and invalid UTF-8 (RFC 6455, 8.1; RFC 3629), in the classes of Markus Kuhn's stress test."""

from frames import BINARY, CONTINUATION, PING, PONG, TEXT, encode
from registry import socket_case, target_case

VALID = {
    "greek": "\u03ba\u1f79\u03c3\u03bc\u03b5",
    "first_of_1": "\0", "first_of_2": "\x80", "first_of_3": "\u0800", "first_of_4": "\U00010000",
    "last_of_1": "\x7f", "last_of_2": "\u07ff", "last_of_3": "\uffff", "last_of_4": "\U0010ffff",
    "before_surrogates": "\ud7ff", "after_surrogates": "\ue000", "replacement": "\ufffd",
    "noncharacters": "\ufffe\ufdd0\ufdef\U0001fffe\U0001ffff\U0002fffe\U000fffff\U0010fffe",
    "bom_first": "\ufefftext", "bom_alone": "\ufeff", "bom_inside": "te\ufeffxt", "two_boms": "\ufeff\ufeff",
    "nuls": "\0a\0", "controls": "".join(map(chr, range(32))), "combining": "e\u0301\u20d2",
    "line_separators": "\u2028\u2029",
    "emoji": "\U0001f469\u200d\U0001f4bb\U0001f1ea\U0001f1fa", "all_lengths": "a\u00e9\u20ac\U0001f600" * 20,
}

SURROGATES = (0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF)


def surrogate(code):
    return chr(code).encode("utf-8", "surrogatepass")


INVALID = {
    "continuation_80": b"\x80", "continuation_bf": b"\xbf", "two_continuations": b"\x80\xbf",
    "all_continuations": bytes(range(0x80, 0xC0)),
    "lonely_starts_of_2": b"".join(b"%c " % start for start in range(0xC0, 0xE0)),
    "lonely_starts_of_3": b"".join(b"%c " % start for start in range(0xE0, 0xF0)),
    "lonely_starts_of_4": b"".join(b"%c " % start for start in range(0xF0, 0xF8)),
    "one_too_few_of_2": b"\xc3", "one_too_few_of_3": b"\xe2\x82", "one_too_few_of_4": b"\xf0\x9f\x98",
    "two_too_few_of_3": b"\xe2", "two_too_few_of_4": b"\xf0\x9f", "three_too_few_of_4": b"\xf0",
    "start_instead_of_continuation": b"\xe2\x82\xe2\x82\xac", "one_too_many": b"\xc3\xa9\x80",
    "impossible_fe": b"\xfe", "impossible_ff": b"\xff", "impossible_run": b"\xfe\xfe\xff\xff",
    "overlong_slash_2": b"\xc0\xaf", "overlong_slash_3": b"\xe0\x80\xaf", "overlong_slash_4": b"\xf0\x80\x80\xaf",
    "overlong_slash_5": b"\xf8\x80\x80\x80\xaf", "overlong_slash_6": b"\xfc\x80\x80\x80\x80\xaf",
    "overlong_last_2": b"\xc1\xbf", "overlong_last_3": b"\xe0\x9f\xbf", "overlong_last_4": b"\xf0\x8f\xbf\xbf",
    "overlong_nul_2": b"\xc0\x80", "overlong_nul_3": b"\xe0\x80\x80", "overlong_nul_4": b"\xf0\x80\x80\x80",
    "five_octets": b"\xf8\x88\x80\x80\x80", "last_of_5": b"\xfb\xbf\xbf\xbf\xbf",
    "six_octets": b"\xfc\x84\x80\x80\x80\x80", "last_of_6": b"\xfd\xbf\xbf\xbf\xbf\xbf",
    "110000": b"\xf4\x90\x80\x80", "13ffff": b"\xf4\xbf\xbf\xbf", "140000": b"\xf5\x80\x80\x80",
    "1fffff": b"\xf7\xbf\xbf\xbf",
    **{f"surrogate_{code:04x}": surrogate(code) for code in SURROGATES},
    "surrogate_pair": surrogate(0xD83D) + surrogate(0xDE00),
    "surrogate_pair_last": surrogate(0xDBFF) + surrogate(0xDFFF),
    "latin1": "caf\u00e9 au lait".encode("latin-1"), "utf16": b"\xff\xfeh\0i\0",
}


def in_one_frame(ws, payload):
    ws.send_frame(TEXT, payload)


def octet_by_octet(ws, payload):
    ws.send_frame(TEXT, payload, piece=1)


def one_fragment_per_octet(ws, payload):
    """Sends the last fragment in a segment of its own, so that it may arrive after the invalid octets."""
    frames = [encode(CONTINUATION if at else TEXT, payload[at:at + 1], fin=at == len(payload) - 1)
              for at in range(len(payload))]
    ws.send(b"".join(frames[:-1]))
    ws.send(frames[-1])


DELIVERIES = (in_one_frame, octet_by_octet, one_fragment_per_octet)

# A validator that processes several octets at once is most likely wrong at the ends of a run of ASCII.
PLACES = {"alone": (b"", b""), "inside": (b"before ", b" after"), "late": (b"a" * 131, b""), "early": (b"", b"z" * 70)}


def delivery_rows(sequences):
    """Returns a row for each sequence, place in the text, and way of sending it."""
    return {f"{name}-{place}-{deliver.__name__}": (deliver, head + sequence + tail)
            for name, sequence in sequences.items() for place, (head, tail) in PLACES.items() for deliver in DELIVERIES
            if place in ("alone", "inside") or deliver is in_one_frame}


@socket_case(delivery_rows({name: text.encode() for name, text in VALID.items()}))
def valid_text_is_echoed(ws, deliver, payload):
    deliver(ws, payload)
    ws.expect(TEXT, payload)


@socket_case(delivery_rows(INVALID))
def invalid_text_closes_with_1007(ws, deliver, payload):
    deliver(ws, payload)
    ws.expect_close(1007)


@target_case(server_only=True)
def single_octet_above_7f_fails(target):
    for octet in range(0x80, 0x100):
        with target.open() as ws:
            ws.send_frame(TEXT, b"%c" % octet)
            ws.expect_close(1007)


@socket_case()
def every_scalar_value_is_echoed(ws):
    scalars = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    count = min(ws.target.max_message, 1 << 20) // 4
    for at in range(0, len(scalars), count):
        payload = "".join(map(chr, scalars[at:at + count])).encode()
        cut = len(payload) // 2 + 1
        ws.send(encode(TEXT, payload[:cut], fin=False) + encode(CONTINUATION, payload[cut:]), piece=4093)
        ws.expect(TEXT, payload)


@socket_case()
def binary_messages_may_contain_invalid_utf8(ws):
    for sequence in INVALID.values():
        ws.echo(BINARY, sequence)


@socket_case({f"{len(char.encode())}-{at}": (char.encode(), at) for char in ("\u00e9", "\u20ac", "\U0001f600")
            for at in range(1, len(char.encode()))})
def control_frame_may_split_a_character(ws, char, at):
    ws.send(encode(TEXT, char[:at], fin=False) + encode(PING, b"\xff"))
    ws.expect(PONG, b"\xff")
    ws.send_frame(CONTINUATION, char[at:])
    ws.expect(TEXT, char)


@socket_case({f"{len(char.encode())}-{at}": (char.encode(), at) for char in ("\u00e9", "\u20ac", "\U0001f600")
            for at in range(1, len(char.encode()))})
def character_is_not_completed_by_the_next_message(ws, char, at):
    ws.send(encode(TEXT, char[:at]) + encode(TEXT, char[at:]))
    ws.expect_close(1007)


@socket_case()
def incomplete_character_fails_at_an_empty_last_fragment(ws):
    ws.send(encode(TEXT, b"\xe2\x82", fin=False) + encode(CONTINUATION))
    ws.expect_close(1007)


FAULTS = {"fe": b"\xfe", "overlong": b"\xc0\xaf", "surrogate": b"\xed\xa0", "too_high": b"\xf4\x90",
          "cut_short": b"\xe2\x82x", "lone_continuation": b"\x80"}


@socket_case({f"{name}-after-{size}": (fault, size) for name, fault in FAULTS.items() for size in (0, 5, 300)})
def invalid_utf8_in_a_fragment_fails_before_the_last_fragment(ws, fault, size):
    ws.send_frame(TEXT, b"v" * size + fault, fin=False)
    ws.expect_close(1007)


@socket_case({f"{name}-after-{size}": (fault, size) for name, fault in FAULTS.items() for size in (0, 5, 300, 5000)})
def invalid_utf8_in_an_incomplete_frame_fails_by_the_next_octet(ws, fault, size):
    octets = encode(TEXT, b"v" * size + fault + b"w" * 4000)
    rest = len(octets) - 4000
    ws.send(octets[:rest])
    if not ws.connection.is_readable(within=1.0):
        ws.send(octets[rest:rest + 1])
    ws.expect_close(1007)


@socket_case()
def invalid_utf8_in_the_second_fragment_fails_before_the_third(ws):
    ws.send(encode(TEXT, b"fine \xe2\x82", fin=False) + encode(CONTINUATION, b"\xac and \xff", fin=False))
    ws.expect_close(1007)
