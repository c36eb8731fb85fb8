"""Invalid responses: the client must fail the handshake, end the connection, back off and retry (RFC 6455, 4.1)."""

import os
import time

from server_handshake import make_response
from frames import TEXT, Violation, encode
from client_handshake import accept_value
from registry import target_case

BASE, CAP = 20, 100                      # milliseconds
SHORT_TIMES = ("--backoff", str(BASE), str(CAP), "--handshake", "1500")
SLACK = 2.0                              # additional seconds for a busy machine


def expect_rejected(target, act_as_server, flags=(), subprotocols=()):
    """Serves two attempts by `act_as_server(connection, request)`, which must fail; a correct third attempt must succeed."""
    with target.start(*SHORT_TIMES, *flags) as program:
        for attempt in (1, 2):
            with program.accept() as connection:
                act_as_server(connection, target.read_request(program, connection, subprotocols))
                program.expect_line(rf"reconnecting {attempt} \d+ (?!Success).+", unless="connected.*")
        with program.accept(CAP / 1000 + SLACK) as connection:
            ws = target.upgrade(program, connection, subprotocols=subprotocols)
            program.expect_line("connected ")
            ws.echo(TEXT, b"opened")
            ws.finish()


def expect_response_rejected(target, changes=None, *, flags=(), subprotocols=(), **shape):
    """Checks that the client ends the connection and sends nothing; it must not echo the frame behind the response."""
    def act_as_server(connection, request):
        connection.send(make_response(request, changes, **shape) + encode(TEXT, b"not to be echoed"))
        connection.expect_eof()
    expect_rejected(target, act_as_server, flags, subprotocols)


STATUSES = {
    "200": "OK", "204": "No Content", "301": "Moved Permanently", "302": "Found", "307": "Temporary Redirect",
    "400": "Bad Request", "401": "Unauthorized", "403": "Forbidden", "404": "Not Found",
    "407": "Proxy Authentication Required",
    "426": "Upgrade Required", "500": "Internal Server Error", "503": "Service Unavailable", "999": "Nonsense",
}


@target_case({f"{status}-{name}": (f"HTTP/1.1 {status} {phrase}", changes) for status, phrase in STATUSES.items()
            for name, changes in (("with_upgrade_headers", {}), ("as_http", {
                "Upgrade": None, "Connection": "close", "Sec-WebSocket-Accept": None, "Content-Length": "0",
                "Location": "/elsewhere"}))})
def other_status_fails_the_handshake(target, start, changes):
    expect_response_rejected(target, changes, start=start)


INVALID_HEADERS = {
    "no_upgrade": {"Upgrade": None},
    "upgrade_to_another": {"Upgrade": "h2c"},
    "upgrade_in_part": {"Upgrade": "websockets"},
    "upgrade_empty": {"Upgrade": ""},
    "upgrade_to_two": {"Upgrade": "h2c, websocket"},
    "upgrade_twice": {"Upgrade": ["h2c", "websocket"]},
    "no_connection": {"Connection": None},
    "connection_close": {"Connection": "close"},
    "connection_keep_alive": {"Connection": "keep-alive"},
    "connection_in_part": {"Connection": "Upgraded"},
    "connection_empty": {"Connection": ""},
    "no_accept": {"Sec-WebSocket-Accept": None},
    "accept_empty": {"Sec-WebSocket-Accept": ""},
    "accept_of_another_key": {"Sec-WebSocket-Accept": accept_value("dGhlIHNhbXBsZSBub25jZQ==")},
    "unknown_extension": {"Sec-WebSocket-Extensions": "x-unknown"},
    "unknown_extension_with_parameters": {"Sec-WebSocket-Extensions": "x-unknown; a=1"},
    "webkit_deflate": {"Sec-WebSocket-Extensions": "x-webkit-deflate-frame"},
    "subprotocol_not_offered": {"Sec-WebSocket-Protocol": "chat"},
}


@target_case({name: (changes,) for name, changes in INVALID_HEADERS.items()})
def invalid_header_fails_the_handshake(target, changes):
    expect_response_rejected(target, changes)


INVALID_ACCEPTS = {
    "the_key_itself": lambda key: key,
    "lower_case": lambda key: accept_value(key).lower(),
    "cut_short": lambda key: accept_value(key)[:-1],
    "longer": lambda key: accept_value(key) + "=",
    "quoted": lambda key: f'"{accept_value(key)}"',
    "twice": lambda key: [accept_value(key)] * 2,
    "right_and_wrong": lambda key: [accept_value(key), accept_value("x")],
    "wrong_and_right": lambda key: [accept_value("x"), accept_value(key)],
    "in_a_list": lambda key: f"{accept_value(key)}, {accept_value(key)}",
}


@target_case(INVALID_ACCEPTS)
def invalid_accept_fails_the_handshake(target, make):
    def act_as_server(connection, request):
        connection.send(make_response(request, {"Sec-WebSocket-Accept": make(request.key)}) + encode(TEXT, b"not to be echoed"))
        connection.expect_eof()
    expect_rejected(target, act_as_server)


@target_case({"another": "superchat", "other_case": "Chat", "list": "chat, chat", "twice": ["chat", "chat"]})
def invalid_subprotocol_fails_the_handshake(target, chosen):
    expect_response_rejected(target, {"Sec-WebSocket-Protocol": chosen}, flags=("--subprotocol", "chat"), subprotocols=("chat",))


MALFORMED = {
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "smtp": b"220 mail.example ESMTP\r\n\r\n",
    "zeros": bytes(100) + b"\r\n\r\n",
    "empty_lines": b"\r\n" * 4,
    "frames": encode(TEXT, b"\r\n\r\n"),
    "http_2": b"HTTP/2 101\r\n\r\n",
    "status_of_two_digits": b"HTTP/1.1 10 x\r\n\r\n",
    "status_of_four_digits": b"HTTP/1.1 1010 x\r\n\r\n",
    "no_status": b"HTTP/1.1\r\n\r\n",
    "nul_in_a_header": b"HTTP/1.1 101 x\r\nUpgrade: web\0socket\r\n\r\n",
    "space_before_the_colon": b"HTTP/1.1 101 x\r\nUpgrade : websocket\r\n\r\n",
    "line_without_a_colon": b"HTTP/1.1 101 x\r\nUpgrade websocket\r\n\r\n",
}


@target_case(MALFORMED)
def malformed_response_fails_the_handshake(target, octets):
    def act_as_server(connection, _):
        connection.send(octets)
        connection.expect_eof()
    expect_rejected(target, act_as_server)


@target_case({"one_header": b"X: " + b"x" * (64 << 10), "many_headers": b"X-Y: z\r\n" * 8192, "no_line_end": b"y" * (64 << 10),
            "endless": b"X-Y: z\r\n" * (1 << 18)})
def oversized_headers_fail_the_handshake(target, octets):
    def act_as_server(connection, request):
        connection.send(make_response(request)[:-2] + octets)
        connection.expect_eof()
    expect_rejected(target, act_as_server)


PARTIAL_RESPONSES = {
    "nothing": lambda connection, request: None,
    "partial_response": lambda connection, request: connection.send(make_response(request)[:60]),
}


@target_case({f"{name}-{end}": (respond, end) for name, respond in PARTIAL_RESPONSES.items()
              for end in ("close", "half_close", "reset")})
def connection_that_ends_during_the_handshake_is_retried(target, respond, end):
    def act_as_server(connection, request):
        respond(connection, request)
        getattr(connection, end)()
    expect_rejected(target, act_as_server)


@target_case(PARTIAL_RESPONSES)
def silent_server_fails_at_the_handshake_timeout(target, respond):
    def act_as_server(connection, request):
        begin = time.monotonic()
        respond(connection, request)
        connection.expect_eof()
        if (lasted := time.monotonic() - begin) < 1.0:
            raise Violation(f"the client gave up after {lasted:.1f} s; the timeout is 1.5 s")
    expect_rejected(target, act_as_server)


@target_case()
def slow_response_fails_at_the_handshake_timeout(target):
    """The server sends an octet every 100 ms."""
    def act_as_server(connection, request):
        begin, octets = time.monotonic(), iter(make_response(request, {"X-Long": "x" * 1000}))
        while not connection.is_readable(within=0.1):
            connection.send(bytes([next(octets)]))
        if (lasted := time.monotonic() - begin) > 1.5 + SLACK:
            raise Violation(f"the attempt lasted {lasted:.1f} s; the timeout is 1.5 s")
        connection.expect_eof()
    expect_rejected(target, act_as_server)


@target_case({"closed": False, "silent": True})
def server_without_tls_is_retried(target, silent):
    """Without TLS, the server ends or holds the connection before it reads the request."""
    with target.start(*SHORT_TIMES) as program:
        for attempt in (1, 2):
            with program.accept_plain() as plain:
                if target.tls and not silent:
                    plain.sendall(os.urandom(64))
                if not silent:
                    plain.close()
                program.expect_line(rf"reconnecting {attempt} \d+ (?!Success).+", unless="connected.*")
        with target.serve(program, CAP / 1000 + SLACK) as ws:
            ws.finish()


@target_case()
def backoff_grows_to_the_cap(target):
    """Each delay is random(0, min(cap, base * 2^attempt)), and the client does not connect earlier (protocol.md 9)."""
    base, cap = 50, 600
    with target.start("--backoff", str(base), str(cap)) as program:
        earliest, longest = 0.0, 0
        for attempt in range(1, 13):
            program.accept_plain().close()
            if time.monotonic() < earliest - 0.2:    # tolerates that a busy machine delays the client's output
                raise Violation(f"the client connected {earliest - time.monotonic():.2f} s too early")
            printed_at, match = program.expect_line(r"reconnecting (\d+) (\d+) .*", unless="connected.*")
            number, wait = int(match[1]), int(match[2])
            bound = min(cap, base << (attempt - 1))
            if number != attempt or wait > bound:
                raise Violation(f"expected attempt {attempt} within {bound} ms, the client announced {number} in {wait} ms")
            earliest, longest = printed_at + wait / 1000, max(longest, wait)
        if longest <= base:
            raise Violation(f"no delay was longer than {longest} ms")
