"""Opening handshakes that must succeed, and the octets right behind them (RFC 6455, 4)."""

from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Violation, close_payload, encode
from registry import on_target
from samples import binary_of


def expect_open(target, changes=None, **shape):
    """The handshake succeeds, and what it opened works; `judge_upgrade` has checked the answer."""
    asked = target.request(changes, **shape)
    with target.connect() as connection:
        connection.send(asked)
        ws = target.upgrade(connection, asked)
        ws.echo(TEXT, b"open")
        ws.finish()


@on_target({how.__name__: how for how in (str.lower, str.upper, str.swapcase)})
def header_names_are_of_any_case(target, how):
    lines = [line.partition(":") for line in target.request().decode().split("\r\n")[1:] if line]
    expect_open(target, {name: None for name, _, _ in lines},
                raw_lines=[how(name) + colon + value for name, colon, value in lines])


ACCEPTED = {
    "connection_list": {"Connection": "keep-alive, Upgrade"},
    "connection_lower_case": {"Connection": "upgrade"},
    "connection_upper_case": {"Connection": "UPGRADE"},
    "connection_without_spaces": {"Connection": "keep-alive,Upgrade"},
    "connection_with_tabs_and_empty_items": {"Connection": "\t, keep-alive ,\tUpgrade ,"},
    "connection_in_two_lines": {"Connection": ["keep-alive", "Upgrade"]},
    "upgrade_mixed_case": {"Upgrade": "WebSocket"},
    "upgrade_upper_case": {"Upgrade": "WEBSOCKET"},
    "upgrade_list": {"Upgrade": "h2c, websocket"},
    "key_of_the_rfc": {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="},
    "key_of_zeros": {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="},
    "key_with_plus_and_slash": {"Sec-WebSocket-Key": "+/+/+/+/+/+/+/+/+/+/+w=="},
    "key_between_spaces": {"Sec-WebSocket-Key": " \t AAECAwQFBgcICQoLDA0ODw== \t "},
    "version_between_spaces": {"Sec-WebSocket-Version": "  13  "},
    "subprotocol_nobody_knows": {"Sec-WebSocket-Protocol": "x-nobody-knows, x-this-one"},
    "extension_nobody_knows": {"Sec-WebSocket-Extensions": "x-nobody-knows; with=parameters"},
    "strange_headers": {"X-Odd": "\x80\xff obs-text", "X-Empty": "", "Cookie": "a=b; c=d", "DNT": "1"},
    "browser_headers": {"User-Agent": "Mozilla/5.0", "Pragma": "no-cache", "Cache-Control": "no-cache",
                        "Accept-Encoding": "gzip, deflate, br", "Accept-Language": "en", "Sec-Fetch-Mode": "websocket"},
    "99_headers": {f"X-{number}": "x" for number in range(94)},
    "headers_of_7_kib": {"X-Long": "x" * 7000},
}


@on_target(ACCEPTED)
def opens(target, changes):
    expect_open(target, changes)


@on_target()
def space_after_the_colon_is_optional(target):
    expect_open(target, {"Upgrade": None}, raw_lines=["Upgrade:websocket"])


@on_target({"query": "?a=b&c=%20d", "empty_query": "?", "long": "?" + "q" * 2000})
def query_does_not_matter(target, query):
    expect_open(target, start=f"GET {target.path}{query} HTTP/1.1")


@on_target({"octet_by_octet": 1, "by_threes": 3, "by_hundreds": 100})
def handshake_may_arrive_in_pieces(target, piece):
    with target.open(piece=piece) as ws:
        ws.echo(TEXT, b"open")
        ws.finish()


@on_target({-at: at for at in range(1, 6)})
def handshake_may_be_cut_in_its_last_line_ends(target, at):
    asked = target.request()
    with target.connect() as connection:
        connection.send(asked[:-at])
        if connection.has_news(within=0.2):
            raise Violation("an answer to an unfinished request")
        connection.send(asked[-at:])
        ws = target.upgrade(connection, asked)
        ws.echo(TEXT, b"open")
        ws.finish()


@on_target()
def keys_give_different_answers(target):
    for _ in range(10):
        expect_open(target)


# What follows the request in its own segment, and the answers to it.
BEHIND = {
    "text": ([encode(TEXT, b"early")], [(TEXT, b"early")]),
    "ping": ([encode(PING, b"early")], [(PONG, b"early")]),
    "empty": ([encode(TEXT)], [(TEXT, b"")]),
    "two": ([encode(TEXT, b"one"), encode(BINARY, b"two")], [(TEXT, b"one"), (BINARY, b"two")]),
    "hundred": ([encode(TEXT, b"%d" % number) for number in range(100)],
                [(TEXT, b"%d" % number) for number in range(100)]),
    "fragments": ([encode(TEXT, b"ear", fin=False), encode(CONTINUATION, b"ly")], [(TEXT, b"early")]),
    "more_than_headers_may_be": ([encode(BINARY, binary_of(10000))], [(BINARY, binary_of(10000))]),
    "large": ([encode(BINARY, binary_of(70000))], [(BINARY, binary_of(70000))]),
}


@on_target(BEHIND)
def frames_in_the_same_segment_are_handled_once(target, frames, answers):
    with target.open(then=b"".join(frames)) as ws:
        for opcode, payload in answers:
            ws.expect(opcode, payload)
        ws.echo(TEXT, b"and no more")
        ws.finish()


@on_target({at: at for at in (1, 2, 5, 6, 9)})
def part_of_a_frame_in_the_same_segment(target, at):
    octets = encode(TEXT, b"early")
    with target.open(then=octets[:at]) as ws:
        ws.send(octets[at:])
        ws.expect(TEXT, b"early")
        ws.finish()


@on_target()
def handshake_and_frames_may_arrive_octet_by_octet(target):
    with target.open(then=encode(TEXT, b"one") + encode(TEXT, b"two"), piece=1) as ws:
        ws.expect(TEXT, b"one")
        ws.expect(TEXT, b"two")
        ws.finish()


@on_target()
def close_in_the_same_segment_is_answered(target):
    with target.open(then=encode(CLOSE, close_payload(1000))) as ws:
        ws.expect_close(1000, reply=False)


@on_target({"unmasked": encode(TEXT, b"x", masked=False), "reserved_opcode": encode(3)})
def broken_frame_in_the_same_segment_fails(target, octets):
    with target.open(then=octets) as ws:
        ws.expect_close(1002)
