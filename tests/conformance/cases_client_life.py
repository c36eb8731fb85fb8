"""How a client ends, and when it comes back (RFC 6455, 7; PROTOCOL.md 7 and 9)."""

import time

from client_program import SLACK, STOP_BUDGET
from frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, Violation, close_payload, encode
from registry import on_socket, on_target
from samples import MIB, binary_of

BASE, CAP = 20, 100    # milliseconds
QUICK = ("--backoff", str(BASE), str(CAP))
FINAL = (1000, 1002, 1003, 1007, 1008, 1009, 3000, 3003)
PASSING = (1001, 1010, 1011, 1012, 1013, 1014, 3001, 3008, 3999, 4000, 4999)


def expect_back(target, program):
    """It dials again, and all is well."""
    program.expect_line(r"reconnecting 1 \d+ Success")
    with target.serve(program, CAP / 1000 + SLACK) as ws:
        ws.finish()


@on_target({code: code for code in PASSING})
def comes_back_after(target, code):
    with target.start(*QUICK) as program:
        with target.serve(program) as ws:
            ws.send_frame(CLOSE, close_payload(code, b"because"))
            ws.expect_close(code, reply=False)
        program.expect_line(f"disconnected peer_close {code}")
        expect_back(target, program)


@on_target({code: code for code in FINAL})
def stays_away_after(target, code):
    with target.start(*QUICK) as program:
        with target.serve(program) as ws:
            ws.send_frame(CLOSE, close_payload(code))
            ws.expect_close(code, reply=False)
        program.expect_line(f"disconnected peer_close {code}", but="reconnecting.*")
        program.expect_no_dial(0.5)


@on_target({"reserved_opcode": (encode(3), 1002, "protocol_error"), "not_utf8": (encode(TEXT, b"\xff"), 1007, "protocol_error"),
            "too_large": (encode(TEXT, declared=MIB + 1), 1009, "too_large")})
def stays_away_from_a_server_that_breaks_the_rules(target, octets, code, reason):
    with target.start(*QUICK) as program:
        with target.serve(program) as ws:
            ws.send(octets)
            ws.expect_close(code)
        program.expect_line(f"disconnected {reason} {code}", but="reconnecting.*")
        program.expect_no_dial(0.5)


ABRUPT = {"between_messages": b"", "in_a_header": b"\x81", "in_a_payload": encode(TEXT, b"hello")[:-2],
          "between_fragments": encode(TEXT, b"x", fin=False), "in_a_close_frame": encode(CLOSE, close_payload(1000))[:-1]}


@on_target({f"{name}-{end}": (octets, end) for name, octets in ABRUPT.items() for end in ("close", "half_close", "reset")})
def comes_back_after_an_end_without_a_close_frame(target, octets, end):
    with target.start(*QUICK) as program:
        with target.serve(program) as ws:
            ws.send(octets)
            getattr(ws.connection, end)()
            program.expect_line("disconnected transport_error 1006")
        expect_back(target, program)


@on_target({"default": (None, 1000), "going_away": (1001, 1001), "own": (4321, 4321), "not_sendable": (1005, 1000)})
def stop_is_a_closing_handshake(target, asked, code):
    with target.start() as program, target.serve(program) as ws:
        program.stop(asked)
        ws.expect_close(code)
        program.expect_line(f"disconnected local_close {code}")
        program.expect_exit()


def expect_stopped(program, begin):
    program.expect_exit()
    if (took := time.monotonic() - begin) > STOP_BUDGET + SLACK:
        raise Violation(f"stopped after {took:.1f} s")


BEHIND = {"nothing": b"", "text": encode(TEXT, b"more"), "pings": encode(PING, b"x") * 10,
          "half_a_message": encode(TEXT, b"more", fin=False), "large": encode(BINARY, binary_of(MIB)),
          "not_utf8": encode(TEXT, b"\xff")}


@on_target({f"{name}-{reply}": (octets, reply) for name, octets in BEHIND.items()
            for reply in ("then_close", "and_never_closes")})
def what_comes_behind_its_close_is_not_answered(target, octets, reply):
    """The client's close frame is its last (5.5.1), and it waits for ours a second at most."""
    with target.start() as program, target.serve(program) as ws:
        begin = time.monotonic()
        program.stop()
        message = ws.receive()
        if message is None or message.close_code != 1000:
            raise Violation(f"{message or 'the end'} where a close frame was due")
        ws.send(octets)
        if reply == "then_close":
            ws.send_frame(CLOSE, close_payload(1000))
        ws.connection.expect_end(STOP_BUDGET + SLACK)
        expect_stopped(program, begin)


@on_target()
def stop_waits_for_no_server_that_goes_on_sending(target):
    with target.start() as program, target.serve(program) as ws:
        begin = time.monotonic()
        program.stop()
        more = encode(TEXT, b"x" * 1000)
        while not ws.connection.has_news(within=0.01) or ws.connection.inbox:
            ws.connection.take(len(ws.connection.inbox))
            ws.send(more)
        expect_stopped(program, begin)


@on_target()
def stop_waits_for_no_server_that_does_not_read(target):
    """Until the client's echoes fill both buffers."""
    with target.start() as program, target.serve(program) as ws:
        octets = encode(BINARY, binary_of(MIB))
        for _ in range(20):
            if not ws.connection.push(octets, within=1.0):
                break
        begin = time.monotonic()
        program.stop()
        expect_stopped(program, begin)


@on_target({"dialling": 0, "handshake": 1, "backing_off": 2})
def stop_while_it_opens(target, phase):
    with target.start("--backoff", "20000", "20000") as program, program.accept_plain() as plain:
        if phase == 1:
            plain.recv(1)
        if phase == 2:
            plain.close()
            program.expect_line("reconnecting.*")
        begin = time.monotonic()
        program.stop()
        expect_stopped(program, begin)


@on_socket({"close": CLOSE})
def server_that_leaves_tcp_open_is_left(ws, opcode):
    """The closing handshake is done; 7.1.1 lets the client wait for us, but not for ever."""
    ws.send_frame(opcode, close_payload(1000))
    ws.expect_close(1000, reply=False)


@on_target({"text": encode(TEXT, b"unfinished", fin=False) + encode(CONTINUATION, b"...", fin=False),
            "header": b"\x82\x7f\0\0"})
def stop_inside_a_message(target, octets):
    with target.start() as program, target.serve(program) as ws:
        ws.send(octets)
        program.stop()
        ws.expect_close(1000)
        program.expect_exit()
