"""How a client closes, and when it reconnects (RFC 6455, 7; protocol.md 7 and 9)."""

import time

from client_program import SLACK, STOP_TIMEOUT
from frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, Violation, close_payload, encode
from registry import socket_case, target_case
from payloads import MIB, make_binary

BASE, CAP = 20, 100    # milliseconds
SHORT_BACKOFF = ("--backoff", str(BASE), str(CAP))
FINAL_CODES = (1000, 1002, 1003, 1007, 1008, 1009, 3000, 3003)
RECONNECT_CODES = (1001, 1010, 1011, 1012, 1013, 1014, 3001, 3008, 3999, 4000, 4999)


def expect_reconnect(target, program):
    """Checks that the client connects again and that the new WebSocket works."""
    program.expect_line(r"reconnecting 1 \d+ Success")
    with target.serve(program, CAP / 1000 + SLACK) as ws:
        ws.finish()


@target_case({code: code for code in RECONNECT_CODES})
def client_reconnects_after_code(target, code):
    with target.start(*SHORT_BACKOFF) as program:
        with target.serve(program) as ws:
            ws.send_frame(CLOSE, close_payload(code, b"because"))
            ws.expect_close(code, reply=False)
        program.expect_line(f"disconnected peer_close {code}")
        expect_reconnect(target, program)


@target_case({code: code for code in FINAL_CODES})
def client_does_not_reconnect_after_code(target, code):
    with target.start(*SHORT_BACKOFF) as program:
        with target.serve(program) as ws:
            ws.send_frame(CLOSE, close_payload(code))
            ws.expect_close(code, reply=False)
        program.expect_line(f"disconnected peer_close {code}", unless="reconnecting.*")
        program.expect_no_connection(0.5)


@target_case({"reserved_opcode": (encode(3), 1002, "protocol_error"),
              "not_utf8": (encode(TEXT, b"\xff"), 1007, "protocol_error"),
              "too_large": (encode(TEXT, declared=MIB + 1), 1009, "too_large")})
def client_does_not_reconnect_after_a_protocol_violation(target, octets, code, reason):
    with target.start(*SHORT_BACKOFF) as program:
        with target.serve(program) as ws:
            ws.send(octets)
            ws.expect_close(code)
        program.expect_line(f"disconnected {reason} {code}", unless="reconnecting.*")
        program.expect_no_connection(0.5)


ABRUPT = {"between_messages": b"", "in_a_header": b"\x81", "in_a_payload": encode(TEXT, b"hello")[:-2],
          "between_fragments": encode(TEXT, b"x", fin=False), "in_a_close_frame": encode(CLOSE, close_payload(1000))[:-1]}


@target_case({f"{name}-{end}": (octets, end) for name, octets in ABRUPT.items() for end in ("close", "half_close", "reset")})
def client_reconnects_after_an_end_without_a_close_frame(target, octets, end):
    with target.start(*SHORT_BACKOFF) as program:
        with target.serve(program) as ws:
            ws.send(octets)
            getattr(ws.connection, end)()
            program.expect_line("disconnected transport_error 1006")
        expect_reconnect(target, program)


@target_case({"default": (None, 1000), "going_away": (1001, 1001), "own": (4321, 4321), "not_sendable": (1005, 1000)})
def stop_performs_a_closing_handshake(target, requested, code):
    with target.start() as program, target.serve(program) as ws:
        program.stop(requested)
        ws.expect_close(code)
        program.expect_line(f"disconnected local_close {code}")
        program.expect_exit()


def expect_stopped(program, begin):
    program.expect_exit()
    if (took := time.monotonic() - begin) > STOP_TIMEOUT + SLACK:
        raise Violation(f"the client stopped only after {took:.1f} s")


LATE_FRAMES = {"nothing": b"", "text": encode(TEXT, b"more"), "pings": encode(PING, b"x") * 10,
          "half_a_message": encode(TEXT, b"more", fin=False), "large": encode(BINARY, make_binary(MIB)),
          "not_utf8": encode(TEXT, b"\xff")}


@target_case({f"{name}-{reply}": (octets, reply) for name, octets in LATE_FRAMES.items()
            for reply in ("with_close", "without_close")})
def frames_after_the_clients_close_are_not_answered(target, octets, reply):
    """The client sends nothing after its close frame (RFC 6455, 5.5.1), and waits at most a second for the server's."""
    with target.start() as program, target.serve(program) as ws:
        begin = time.monotonic()
        program.stop()
        message = ws.receive()
        if message is None or message.close_code != 1000:
            raise Violation(f"expected a close frame with code 1000, received {message or 'the end'}")
        ws.send(octets)
        if reply == "with_close":
            ws.send_frame(CLOSE, close_payload(1000))
        ws.connection.expect_eof(STOP_TIMEOUT + SLACK)
        expect_stopped(program, begin)


@target_case()
def stop_ends_although_the_server_keeps_sending(target):
    with target.start() as program, target.serve(program) as ws:
        begin = time.monotonic()
        program.stop()
        more = encode(TEXT, b"x" * 1000)
        while not ws.connection.is_readable(within=0.01) or ws.connection.received:
            ws.connection.consume(len(ws.connection.received))
            ws.send(more)
        expect_stopped(program, begin)


@target_case()
def stop_ends_although_the_server_does_not_read(target):
    """Sends until the client's echoes have filled the buffers of both directions."""
    with target.start() as program, target.serve(program) as ws:
        octets = encode(BINARY, make_binary(MIB))
        for _ in range(20):
            if not ws.connection.send_without_reading(octets, within=1.0):
                break
        begin = time.monotonic()
        program.stop()
        expect_stopped(program, begin)


@target_case({"connecting": 0, "handshake": 1, "backing_off": 2})
def stop_works_before_the_connection_is_open(target, phase):
    with target.start("--backoff", "20000", "20000") as program, program.accept_plain() as plain:
        if phase == 1:
            plain.recv(1)
        if phase == 2:
            plain.close()
            program.expect_line("reconnecting.*")
        begin = time.monotonic()
        program.stop()
        expect_stopped(program, begin)


@socket_case({"close": CLOSE})
def client_ends_tcp_if_the_server_does_not(ws, opcode):
    """After the closing handshake the client may wait for the server to end TCP, but not forever (RFC 6455, 7.1.1)."""
    ws.send_frame(opcode, close_payload(1000))
    ws.expect_close(1000, reply=False)


@target_case({"text": encode(TEXT, b"unfinished", fin=False) + encode(CONTINUATION, b"...", fin=False),
            "header": b"\x82\x7f\0\0"})
def stop_works_inside_a_message(target, octets):
    with target.start() as program, target.serve(program) as ws:
        ws.send(octets)
        program.stop()
        ws.expect_close(1000)
        program.expect_exit()
