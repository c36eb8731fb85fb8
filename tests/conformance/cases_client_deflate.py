"""Responses to the client's offer of permessage-deflate (RFC 7692, 5 and 7.1)."""

from cases_client_refusals import expect_response_rejected
from cases_deflate import PLAIN
from server_handshake import accept_offer
from deflate import Deflater
from frames import RSV1, TEXT, encode
from raw_client import WebSocket
from registry import target_case
from payloads import make_text

VALID = {
    "plain": PLAIN,
    "server_no_takeover": PLAIN + "; server_no_context_takeover",
    "client_no_takeover": PLAIN + "; client_no_context_takeover",
    "no_takeover": PLAIN + "; server_no_context_takeover; client_no_context_takeover",
    **{f"server_window_{bits}": f"{PLAIN}; server_max_window_bits={bits}" for bits in range(8, 16)},
    "all": PLAIN + "; client_no_context_takeover; server_max_window_bits=10; server_no_context_takeover",
}

FORMS = {
    "without_spaces": PLAIN + ";server_no_context_takeover;server_max_window_bits=10",
    "with_many_spaces": "  " + PLAIN + "  ;\tserver_no_context_takeover ;  server_max_window_bits=10  ",
    "quoted_value": PLAIN + '; server_no_context_takeover; server_max_window_bits="10"',
}


def expect_compression(target, agreed, answered):
    _, agreement = accept_offer(agreed)
    with target.start() as program, program.accept() as connection:
        target.upgrade(program, connection, {"Sec-WebSocket-Extensions": answered})
        ws = WebSocket(target, connection, agreement)
        for _ in range(3):
            payload = make_text(3000) + b"\n" + make_text(40000)
            ws.send_frame(TEXT, ws.deflated(payload), rsv=RSV1)
            ws.expect(TEXT, payload)
        ws.echo(TEXT, b"uncompressed")
        ws.finish()


@target_case(VALID)
def response_is_accepted(target, answered):
    """The client decompresses messages that the server compresses with these parameters, over more than one window."""
    expect_compression(target, answered, answered)


@target_case(FORMS)
def every_form_of_the_response_is_accepted(target, answered):
    """RFC 6455, 9.1: a value may be quoted."""
    expect_compression(target, FORMS["without_spaces"], answered)


@target_case()
def offer_may_be_declined(target):
    """Without the extension, RSV1 is invalid."""
    with target.start() as program, program.accept() as connection:
        ws = target.upgrade(program, connection)
        ws.echo(TEXT, b"uncompressed")
        ws.send(encode(TEXT, Deflater(accept_offer(PLAIN)[1]).message(b"x"), rsv=RSV1))
        ws.expect_close(1002)


INVALID = {
    "unknown_parameter": PLAIN + "; unknown",
    "server_window_without_value": PLAIN + "; server_max_window_bits",
    "server_window_7": PLAIN + "; server_max_window_bits=7",
    "server_window_16": PLAIN + "; server_max_window_bits=16",
    "server_window_leading_zero": PLAIN + "; server_max_window_bits=09",
    "server_window_word": PLAIN + "; server_max_window_bits=ten",
    "client_window_not_offered": PLAIN + "; client_max_window_bits=10",
    "client_window_without_value": PLAIN + "; client_max_window_bits",
    "takeover_with_value": PLAIN + "; server_no_context_takeover=1",
    "takeover_twice": PLAIN + "; server_no_context_takeover; server_no_context_takeover",
    "window_twice": PLAIN + "; server_max_window_bits=10; server_max_window_bits=10",
    "another_name": PLAIN + "s",
    "name_in_part": "permessage",
    "two_extensions": PLAIN + ", x-unknown",
    "accepted_twice": PLAIN + ", " + PLAIN,
    "in_two_headers": [PLAIN, PLAIN],
    "empty_parameter": PLAIN + "; ",
    "trailing_semicolon": PLAIN + ";",
    "empty_parameter_inside": PLAIN + ";; server_no_context_takeover",
}


@target_case(INVALID)
def invalid_response_fails_the_handshake(target, answered):
    """RFC 7692, 7.1: the client must fail the connection if a parameter is unknown, was not offered, or is invalid."""
    expect_response_rejected(target, {"Sec-WebSocket-Extensions": answered})
