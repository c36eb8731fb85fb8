"""Valid responses in every form that HTTP allows: the client must open the WebSocket (RFC 6455, 4.1; RFC 9112)."""

from frames import BINARY, PING, PONG, TEXT, encode
from client_handshake import accept_value
from registry import target_case
from payloads import MIB, make_binary, make_text


def open_with(target, changes=None, **shape):
    with target.start() as program, program.accept() as connection:
        ws = target.upgrade(program, connection, changes, **shape)
        program.expect_line("connected ")
        ws.echo(TEXT, b"opened")
        ws.finish()


HEADERS = {
    "default": {},
    "upgrade_upper": {"Upgrade": "WEBSOCKET"},
    "upgrade_mixed": {"Upgrade": "WebSocket"},
    "connection_lower": {"Connection": "upgrade"},
    "connection_upper": {"Connection": "UPGRADE"},
    "connection_list": {"Connection": "keep-alive, Upgrade"},
    "connection_list_without_spaces": {"Connection": "Upgrade,keep-alive"},
    "connection_list_with_empty_items": {"Connection": ", Upgrade , ,"},
    "connection_twice": {"Connection": ["keep-alive", "Upgrade"]},
    "other_headers": {"Server": "x/1.0 (y)", "Date": "Mon, 01 Jan 2024 00:00:00 GMT", "X-Empty": "", "Vary": "Origin"},
    "same_name_twice": {"Set-Cookie": ["a=1", "b=2; HttpOnly"]},
    "version_repeated": {"Sec-WebSocket-Version": "13"},
    "latin1": {"X-Name": "caf\u00e9"},
    "seven_kilobytes": {"X-Long": "x" * 7000},
    "hundred_headers": {f"X-{number}": "y" for number in range(90)},
}


@target_case({name: (headers,) for name, headers in HEADERS.items()})
def valid_headers_are_accepted(target, headers):
    open_with(target, headers)


# %s is replaced by the Sec-WebSocket-Accept.
LINES = {
    "lower_case": ("upgrade: websocket", "connection: upgrade", "sec-websocket-accept: %s"),
    "upper_case": ("UPGRADE: websocket", "CONNECTION: Upgrade", "SEC-WEBSOCKET-ACCEPT: %s"),
    "other_order": ("Sec-WebSocket-Accept: %s", "Connection: Upgrade", "Upgrade: websocket"),
    "no_space": ("Upgrade:websocket", "Connection:Upgrade", "Sec-WebSocket-Accept:%s"),
    "spaces": ("Upgrade:   websocket  ", "Connection:  Upgrade ", "Sec-WebSocket-Accept:    %s   "),
    "tabs": ("Upgrade:\twebsocket\t", "Connection: \tUpgrade", "Sec-WebSocket-Accept:\t%s\t"),
}


@target_case({f"{name}-{how}": (lines, piece) for name, lines in LINES.items()
            for how, piece in (("at_once", 65536), ("octet_by_octet", 1))})
def header_lines_are_accepted(target, lines, piece):
    with target.start() as program, program.accept() as connection:
        request = target.read_request(program, connection)
        raw = "".join(line.replace("%s", accept_value(request.key)) + "\r\n" for line in
                      ("HTTP/1.1 101 Switching Protocols", *lines, ""))
        connection.send(raw.encode(), piece=piece)
        program.expect_line("connected ")


@target_case({"empty": "HTTP/1.1 101 ", "other": "HTTP/1.1 101 Web Socket Protocol Handshake",
              "long": "HTTP/1.1 101 " + "x" * 500})
def every_reason_phrase_is_accepted(target, start):
    open_with(target, start=start)


@target_case({"octet_by_octet": 1, "chopped": 7})
def response_may_arrive_in_pieces(target, piece):
    open_with(target, piece=piece)


FIRST_FRAMES = {
    "text": (encode(TEXT, b"first"), TEXT, b"first"),
    "large": (encode(BINARY, make_binary(MIB)), BINARY, make_binary(MIB)),
    "ping": (encode(PING, b"first"), PONG, b"first"),
    "larger_than_the_header_limit": (encode(TEXT, make_text(9000)), TEXT, make_text(9000)),
}


@target_case({f"{name}-{how}": (*row, piece) for name, row in FIRST_FRAMES.items()
            for how, piece in (("one_segment", 1 << 22), ("octet_by_octet", 1)) if piece > 1 or name in ("text", "ping")})
def frames_in_the_same_segment_are_handled_once(target, octets, opcode, payload, piece):
    with target.start() as program, program.accept() as connection:
        ws = target.upgrade(program, connection, then=octets, piece=piece)
        ws.expect(opcode, payload)
        ws.echo(TEXT, b"and the next")
        ws.finish()


@target_case()
def partial_frame_in_the_same_segment_is_completed(target):
    octets = encode(TEXT, b"in two halves")
    with target.start() as program, program.accept() as connection:
        ws = target.upgrade(program, connection, then=octets[:5])
        program.expect_line("connected ")
        ws.send(octets[5:])
        ws.expect(TEXT, b"in two halves")
        ws.finish()


@target_case()
def close_in_the_same_segment_is_answered(target):
    with target.start() as program, program.accept() as connection:
        ws = target.upgrade(program, connection, then=encode(8, b"\x03\xe8"))
        ws.expect_close(1000, reply=False)
        program.expect_line("disconnected peer_close 1000")
