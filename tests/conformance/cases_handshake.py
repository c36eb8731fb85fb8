"""Opening handshakes that must succeed, and frames in the same segment (RFC 6455, 4)."""

from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Violation, close_payload, encode
from registry import target_case
from payloads import make_binary


def expect_open(target, changes=None, **shape):
    """Checks that the handshake succeeds and that the WebSocket echoes. `Target.upgrade` checks the response."""
    request = target.make_request(changes, **shape)
    with target.connect() as connection:
        connection.send(request)
        ws = target.upgrade(connection, request)
        ws.echo(TEXT, b"open")
        ws.finish()


@target_case({how.__name__: how for how in (str.lower, str.upper, str.swapcase)})
def header_names_are_case_insensitive(target, how):
    lines = [line.partition(":") for line in target.make_request().decode().split("\r\n")[1:] if line]
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
    "unknown_subprotocol": {"Sec-WebSocket-Protocol": "x-unknown, x-unknown-too"},
    "unknown_extension": {"Sec-WebSocket-Extensions": "x-unknown; with=parameters"},
    "unusual_headers": {"X-Odd": "\x80\xff obs-text", "X-Empty": "", "Cookie": "a=b; c=d", "DNT": "1"},
    "browser_headers": {"User-Agent": "Mozilla/5.0", "Pragma": "no-cache", "Cache-Control": "no-cache",
                        "Accept-Encoding": "gzip, deflate, br", "Accept-Language": "en", "Sec-Fetch-Mode": "websocket"},
    "99_headers": {f"X-{number}": "x" for number in range(94)},
    "headers_of_7_kib": {"X-Long": "x" * 7000},
}


@target_case(ACCEPTED)
def valid_headers_are_accepted(target, changes):
    expect_open(target, changes)


@target_case()
def space_after_the_colon_is_optional(target):
    expect_open(target, {"Upgrade": None}, raw_lines=["Upgrade:websocket"])


@target_case({"query": "?a=b&c=%20d", "empty_query": "?", "long": "?" + "q" * 2000})
def query_does_not_matter(target, query):
    expect_open(target, start=f"GET {target.path}{query} HTTP/1.1")


@target_case({"octet_by_octet": 1, "by_threes": 3, "by_hundreds": 100})
def handshake_may_arrive_in_pieces(target, piece):
    with target.open(piece=piece) as ws:
        ws.echo(TEXT, b"open")
        ws.finish()


@target_case({-at: at for at in range(1, 6)})
def handshake_may_be_split_in_its_last_line_ends(target, at):
    request = target.make_request()
    with target.connect() as connection:
        connection.send(request[:-at])
        if connection.is_readable(within=0.2):
            raise Violation("the server responded to an incomplete request")
        connection.send(request[-at:])
        ws = target.upgrade(connection, request)
        ws.echo(TEXT, b"open")
        ws.finish()


@target_case()
def ten_different_keys_are_accepted(target):
    for _ in range(10):
        expect_open(target)


# The frames that follow the request in the same segment, and the expected responses.
EARLY_FRAMES = {
    "text": ([encode(TEXT, b"early")], [(TEXT, b"early")]),
    "ping": ([encode(PING, b"early")], [(PONG, b"early")]),
    "empty": ([encode(TEXT)], [(TEXT, b"")]),
    "two": ([encode(TEXT, b"one"), encode(BINARY, b"two")], [(TEXT, b"one"), (BINARY, b"two")]),
    "hundred": ([encode(TEXT, b"%d" % number) for number in range(100)],
                [(TEXT, b"%d" % number) for number in range(100)]),
    "fragments": ([encode(TEXT, b"ear", fin=False), encode(CONTINUATION, b"ly")], [(TEXT, b"early")]),
    "larger_than_the_header_limit": ([encode(BINARY, make_binary(10000))], [(BINARY, make_binary(10000))]),
    "large": ([encode(BINARY, make_binary(70000))], [(BINARY, make_binary(70000))]),
}


@target_case(EARLY_FRAMES)
def frames_in_the_same_segment_are_handled_once(target, frames, responses):
    with target.open(then=b"".join(frames)) as ws:
        for opcode, payload in responses:
            ws.expect(opcode, payload)
        ws.echo(TEXT, b"and no more")
        ws.finish()


@target_case({at: at for at in (1, 2, 5, 6, 9)})
def partial_frame_in_the_same_segment_is_completed(target, at):
    octets = encode(TEXT, b"early")
    with target.open(then=octets[:at]) as ws:
        ws.send(octets[at:])
        ws.expect(TEXT, b"early")
        ws.finish()


@target_case()
def handshake_and_frames_may_arrive_octet_by_octet(target):
    with target.open(then=encode(TEXT, b"one") + encode(TEXT, b"two"), piece=1) as ws:
        ws.expect(TEXT, b"one")
        ws.expect(TEXT, b"two")
        ws.finish()


@target_case()
def close_in_the_same_segment_is_answered(target):
    with target.open(then=encode(CLOSE, close_payload(1000))) as ws:
        ws.expect_close(1000, reply=False)


@target_case({"unmasked": encode(TEXT, b"x", masked=False), "reserved_opcode": encode(3)})
def invalid_frame_in_the_same_segment_fails(target, octets):
    with target.open(then=octets) as ws:
        ws.expect_close(1002)
