"""Fragmented messages, and the frames that may and may not occur between the fragments (RFC 6455, 5.4)."""

from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Message, encode
from registry import socket_case
from payloads import make_binary, make_text


def fragments(opcode, *parts):
    """Returns the frames of one message, one for each part."""
    last = len(parts) - 1
    return [encode(CONTINUATION if index else opcode, part, fin=index == last) for index, part in enumerate(parts)]


SPLITS = {
    "two": (b"Hel", b"lo"),
    "three": (b"H", b"ell", b"o"),
    "octets": tuple(b"%c" % octet for octet in b"Hello, fragments"),
    "empty_first": (b"", b"Hello"),
    "empty_middle": (b"Hel", b"", b"lo"),
    "empty_last": (b"Hello", b""),
    "empty_around": (b"", b"Hello", b""),
    "all_empty": (b"", b"", b""),
    "two_empty": (b"", b""),
    "many_empty": (b"", *[b""] * 500, b"x"),
    "thousand_of_one": (b"y",) * 1000,
    "boundaries": (b"a" * 125, b"b" * 126, b"c" * 65535, b"d" * 65536, b"e"),
}


@socket_case({f"{kind}-{name}": (opcode, parts) for kind, opcode in (("text", TEXT), ("binary", BINARY))
            for name, parts in SPLITS.items()})
def fragmented_message_is_assembled(ws, opcode, parts):
    ws.send(b"".join(fragments(opcode, *parts)))
    ws.expect(opcode, b"".join(parts))


@socket_case({name: parts for name, parts in SPLITS.items() if sum(map(len, parts)) <= 1000})
def fragments_may_arrive_octet_by_octet(ws, *parts):
    ws.send(b"".join(fragments(BINARY, *parts)), piece=1)
    ws.expect(BINARY, b"".join(parts))


@socket_case({size: size for size in (64, 256, 1024, 4096, 16384, 65536)})
def largest_message_in_fragments(ws, size):
    payload = make_binary(ws.target.max_message)
    # At most 4,096 fragments: the time for hundreds of thousands would depend on the machine's speed.
    size = max(size, len(payload) // 4096)
    parts = [payload[at:at + size] for at in range(0, len(payload), size)]
    ws.send(b"".join(fragments(BINARY, *parts)))
    ws.expect(BINARY, payload)


@socket_case()
def characters_may_be_split_between_fragments(ws):
    text = make_text(200)
    for cut in range(len(text) + 1):
        ws.send(b"".join(fragments(TEXT, text[:cut], text[cut:])))
        ws.expect(TEXT, text)


@socket_case()
def consecutive_fragmented_messages_are_echoed(ws):
    ws.send(b"".join([*fragments(TEXT, b"a", b"b"), *fragments(BINARY, b"c", b"\xff"), encode(TEXT, b"d"),
                      *fragments(TEXT, b"", b"e")]))
    for opcode, payload in ((TEXT, b"ab"), (BINARY, b"c\xff"), (TEXT, b"d"), (TEXT, b"e")):
        ws.expect(opcode, payload)


@socket_case({"octet_by_octet": 1, "at_once": 65536})
def ping_between_fragments_is_answered_before_the_message_ends(ws, piece):
    first, middle, last = fragments(TEXT, b"one ", b"two ", b"three")
    ws.send(first + encode(PING, b"1"), piece=piece)
    ws.expect(PONG, b"1")
    ws.send(middle + encode(PING, b""), piece=piece)
    ws.expect(PONG, b"")
    ws.send(encode(PING, b"x" * 125) + last, piece=piece)
    ws.expect(PONG, b"x" * 125)
    ws.expect(TEXT, b"one two three")


@socket_case()
def pong_between_fragments_is_ignored(ws):
    first, last = fragments(BINARY, b"one ", b"two")
    ws.send(first + encode(PONG, b"unsolicited") + last)
    ws.expect(BINARY, b"one two")


@socket_case()
def message_is_not_echoed_before_its_last_fragment(ws):
    ws.send_frame(TEXT, b"a complete text", fin=False)
    ws.send_frame(PING, b"now")
    ws.expect(PONG, b"now")
    ws.send_frame(CONTINUATION, b"")
    ws.expect(TEXT, b"a complete text")


FIRST_FRAGMENT = encode(TEXT, b"a", fin=False)
MESSAGE = b"".join(fragments(TEXT, b"a", b"b"))
WRONG_ORDER = {
    "continuation_first": encode(CONTINUATION, b"x"),
    "open_continuation_first": encode(CONTINUATION, b"x", fin=False),
    "empty_continuation_first": encode(CONTINUATION),
    "continuation_after_a_ping": encode(PING, b"p") + encode(CONTINUATION, b"x"),
    "continuation_after_a_message": encode(TEXT, b"ab") + encode(CONTINUATION, b"x"),
    "continuation_after_the_last": MESSAGE + encode(CONTINUATION, b"x"),
    "open_continuation_after_the_last": MESSAGE + encode(CONTINUATION, b"x", fin=False),
    "text_inside_text": FIRST_FRAGMENT + encode(TEXT, b"x"),
    "open_text_inside_text": FIRST_FRAGMENT + encode(TEXT, b"x", fin=False),
    "binary_inside_text": FIRST_FRAGMENT + encode(BINARY, b"x"),
    "text_inside_binary": encode(BINARY, b"a", fin=False) + encode(TEXT, b"x"),
    "empty_text_inside_text": FIRST_FRAGMENT + encode(TEXT),
    "text_after_a_continuation": FIRST_FRAGMENT + encode(CONTINUATION, b"b", fin=False) + encode(TEXT, b"x"),
    "text_after_a_ping_inside_text": FIRST_FRAGMENT + encode(PING, b"p") + encode(TEXT, b"x"),
}


@socket_case({f"{name}-{how}": (octets, piece) for name, octets in WRONG_ORDER.items()
            for how, piece in (("at_once", 65536), ("octet_by_octet", 1))})
def wrong_order_of_frames_fails(ws, octets, piece):
    ws.send(octets, piece=piece)
    ws.expect_close(1002, allowed=[Message(TEXT, b"ab"), Message(PONG, b"p")])


@socket_case({f"{name}-{size}": (opcode, size) for name, opcode in (("ping", PING), ("pong", PONG), ("close", CLOSE))
            for size in (0, 2)})
def fragmented_control_frame_fails(ws, opcode, size):
    ws.send_frame(opcode, b"\x03\xe8"[:size], fin=False)
    ws.expect_close(1002)


@socket_case()
def ping_continued_by_a_continuation_fails(ws):
    ws.send(encode(PING, b"a", fin=False) + encode(CONTINUATION, b"b"))
    ws.expect_close(1002)


@socket_case()
def fragmented_ping_inside_a_fragmented_message_fails(ws):
    ws.send(FIRST_FRAGMENT + encode(PING, b"a", fin=False) + encode(CONTINUATION, b"b"))
    ws.expect_close(1002)
