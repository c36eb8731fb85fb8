"""Wrong answers: the client must not open; it ends the connection, backs off, and tries again (RFC 6455, 4.1)."""

import os
import time

from client_opening import answer
from frames import TEXT, Violation, encode
from opening import accept_of
from registry import on_target

BASE, CAP = 20, 100                      # milliseconds
QUICK = ("--backoff", str(BASE), str(CAP), "--handshake", "1500")
SLACK = 2.0                              # seconds, for a busy machine


def refuse(target, misbehave, flags=(), subprotocols=()):
    """`misbehave(connection, request)` is the server, twice; a right answer the third time opens."""
    with target.start(*QUICK, *flags) as program:
        for attempt in (1, 2):
            with program.accept() as connection:
                misbehave(connection, target.read_request(program, connection, subprotocols))
                program.expect_line(rf"reconnecting {attempt} \d+ (?!Success).+", but="connected.*")
        with program.accept(CAP / 1000 + SLACK) as connection:
            ws = target.upgrade(program, connection, subprotocols=subprotocols)
            program.expect_line("connected ")
            ws.echo(TEXT, b"at last")
            ws.finish()


def refuse_answer(target, changes=None, *, flags=(), subprotocols=(), **shape):
    """The client says nothing more and ends the connection; a frame behind the answer is not echoed."""
    def misbehave(connection, request):
        connection.send(answer(request, changes, **shape) + encode(TEXT, b"are you there?"))
        connection.expect_end()
    refuse(target, misbehave, flags, subprotocols)


STATUSES = {
    "200": "OK", "204": "No Content", "301": "Moved Permanently", "302": "Found", "307": "Temporary Redirect",
    "400": "Bad Request", "401": "Unauthorized", "403": "Forbidden", "404": "Not Found", "407": "Proxy Authentication Required",
    "426": "Upgrade Required", "500": "Internal Server Error", "503": "Service Unavailable", "999": "Nonsense",
}


@on_target({f"{status}-{name}": (f"HTTP/1.1 {status} {phrase}", changes) for status, phrase in STATUSES.items()
            for name, changes in (("with_a_right_rest", {}), ("as_http", {
                "Upgrade": None, "Connection": "close", "Sec-WebSocket-Accept": None, "Content-Length": "0",
                "Location": "/elsewhere"}))})
def other_status_does_not_open(target, start, changes):
    refuse_answer(target, changes, start=start)


WRONG_HEADERS = {
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
    "accept_of_another_key": {"Sec-WebSocket-Accept": accept_of("dGhlIHNhbXBsZSBub25jZQ==")},
    "unknown_extension": {"Sec-WebSocket-Extensions": "x-unknown"},
    "unknown_extension_with_parameters": {"Sec-WebSocket-Extensions": "x-unknown; a=1"},
    "webkit_deflate": {"Sec-WebSocket-Extensions": "x-webkit-deflate-frame"},
    "subprotocol_not_offered": {"Sec-WebSocket-Protocol": "chat"},
}


@on_target({name: (changes,) for name, changes in WRONG_HEADERS.items()})
def wrong_header_does_not_open(target, changes):
    refuse_answer(target, changes)


WRONG_ACCEPTS = {
    "the_key_itself": lambda key: key,
    "lower_case": lambda key: accept_of(key).lower(),
    "cut_short": lambda key: accept_of(key)[:-1],
    "longer": lambda key: accept_of(key) + "=",
    "quoted": lambda key: f'"{accept_of(key)}"',
    "twice": lambda key: [accept_of(key)] * 2,
    "right_and_wrong": lambda key: [accept_of(key), accept_of("x")],
    "wrong_and_right": lambda key: [accept_of("x"), accept_of(key)],
    "in_a_list": lambda key: f"{accept_of(key)}, {accept_of(key)}",
}


@on_target(WRONG_ACCEPTS)
def wrong_accept_does_not_open(target, make):
    def misbehave(connection, request):
        connection.send(answer(request, {"Sec-WebSocket-Accept": make(request.key)}) + encode(TEXT, b"are you there?"))
        connection.expect_end()
    refuse(target, misbehave)


@on_target({"another": "superchat", "other_case": "Chat", "list": "chat, chat", "twice": ["chat", "chat"]})
def wrong_subprotocol_does_not_open(target, named):
    refuse_answer(target, {"Sec-WebSocket-Protocol": named}, flags=("--subprotocol", "chat"), subprotocols=("chat",))


NO_ANSWERS = {
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


@on_target(NO_ANSWERS)
def what_is_no_answer_does_not_open(target, octets):
    def misbehave(connection, _):
        connection.send(octets)
        connection.expect_end()
    refuse(target, misbehave)


@on_target({"one_header": b"X: " + b"x" * (64 << 10), "many_headers": b"X-Y: z\r\n" * 8192, "no_line_end": b"y" * (64 << 10),
            "endless": b"X-Y: z\r\n" * (1 << 18)})
def oversized_head_does_not_open(target, octets):
    def misbehave(connection, request):
        connection.send(answer(request)[:-2] + octets)
        connection.expect_end()
    refuse(target, misbehave)


def half(request):
    return answer(request)[:60]


ENDINGS = {
    "nothing": lambda connection, request: None,
    "half_an_answer": lambda connection, request: connection.send(half(request)),
}


@on_target({f"{name}-{end}": (say, end) for name, say in ENDINGS.items() for end in ("close", "half_close", "reset")})
def connection_that_ends_in_the_handshake_is_tried_again(target, say, end):
    def misbehave(connection, request):
        say(connection, request)
        getattr(connection, end)()
    refuse(target, misbehave)


@on_target(ENDINGS)
def silence_ends_with_the_attempts_deadline(target, say):
    def misbehave(connection, request):
        begin = time.monotonic()
        say(connection, request)
        connection.expect_end()
        if (lasted := time.monotonic() - begin) < 1.0:
            raise Violation(f"gave up after {lasted:.1f} s of 1.5")
    refuse(target, misbehave)


@on_target()
def drip_does_not_hold_the_attempt(target):
    """An octet every 100 ms is an answer that never ends."""
    def misbehave(connection, request):
        begin, octets = time.monotonic(), iter(answer(request, {"X-Long": "x" * 1000}))
        while not connection.has_news(within=0.1):
            connection.send(bytes([next(octets)]))
        if (lasted := time.monotonic() - begin) > 1.5 + SLACK:
            raise Violation(f"held for {lasted:.1f} s of 1.5")
        connection.expect_end()
    refuse(target, misbehave)


@on_target({"closed": False, "silent": True})
def port_that_speaks_no_tls_is_tried_again(target, silent):
    """Or, without TLS, one that ends or holds the connection before the request was read."""
    with target.start(*QUICK) as program:
        for attempt in (1, 2):
            with program.accept_plain() as plain:
                if target.tls and not silent:
                    plain.sendall(os.urandom(64))
                if not silent:
                    plain.close()
                program.expect_line(rf"reconnecting {attempt} \d+ (?!Success).+", but="connected.*")
        with target.serve(program, CAP / 1000 + SLACK) as ws:
            ws.finish()


@on_target()
def waits_grow_to_the_cap_and_are_kept(target):
    """Each within random(0, min(cap, base * 2^attempt)), and the client dials no sooner (PROTOCOL.md 9)."""
    base, cap = 50, 600
    with target.start("--backoff", str(base), str(cap)) as program:
        due, longest = 0.0, 0
        for attempt in range(1, 13):
            program.accept_plain().close()
            if time.monotonic() < due - 0.2:    # what a busy machine may take to hand over the line
                raise Violation(f"dialled {due - time.monotonic():.2f} s too soon")
            said, match = program.expect_line(r"reconnecting (\d+) (\d+) .*", but="connected.*")
            number, wait = int(match[1]), int(match[2])
            bound = min(cap, base << (attempt - 1))
            if number != attempt or wait > bound:
                raise Violation(f"attempt {number} in {wait} ms where {attempt} within {bound} was due")
            due, longest = said + wait / 1000, max(longest, wait)
        if longest <= base:
            raise Violation(f"no wait was longer than {longest} ms")
