"""Answers to the client's offer of permessage-deflate (RFC 7692, 5 and 7.1)."""

from cases_client_refusals import refuse_answer
from cases_deflate import PLAIN
from client_opening import grant
from deflate import Deflater
from frames import RSV1, TEXT, encode
from raw_client import WebSocket
from registry import on_target
from samples import text_of

RIGHT = {
    "plain": PLAIN,
    "server_forgets": PLAIN + "; server_no_context_takeover",
    "client_forgets": PLAIN + "; client_no_context_takeover",
    "both_forget": PLAIN + "; server_no_context_takeover; client_no_context_takeover",
    **{f"server_window_{bits}": f"{PLAIN}; server_max_window_bits={bits}" for bits in range(8, 16)},
    "all": PLAIN + "; client_no_context_takeover; server_max_window_bits=10; server_no_context_takeover",
}

FORMS = {
    "without_spaces": PLAIN + ";server_no_context_takeover;server_max_window_bits=10",
    "with_many_spaces": "  " + PLAIN + "  ;\tserver_no_context_takeover ;  server_max_window_bits=10  ",
    "quoted_value": PLAIN + '; server_no_context_takeover; server_max_window_bits="10"',
}


def expect_compression(target, agreed, answered):
    _, agreement = grant(agreed)
    with target.start() as program, program.accept() as connection:
        target.upgrade(program, connection, {"Sec-WebSocket-Extensions": answered})
        ws = WebSocket(target, connection, agreement)
        for _ in range(3):
            payload = text_of(3000) + b"\n" + text_of(40000)
            ws.send_frame(TEXT, ws.deflated(payload), rsv=RSV1)
            ws.expect(TEXT, payload)
        ws.echo(TEXT, b"uncompressed")
        ws.finish()


@on_target(RIGHT)
def answer_is_accepted(target, answered):
    """And the server may do what it says, over more than one window."""
    expect_compression(target, answered, answered)


@on_target(FORMS)
def answer_is_accepted_in_any_form(target, answered):
    """RFC 6455, 9.1: a value may be quoted."""
    expect_compression(target, FORMS["without_spaces"], answered)


@on_target()
def offer_may_be_declined(target):
    """Then rsv1 has no meaning."""
    with target.start() as program, program.accept() as connection:
        ws = target.upgrade(program, connection)
        ws.echo(TEXT, b"uncompressed")
        ws.send(encode(TEXT, Deflater(grant(PLAIN)[1]).message(b"x"), rsv=RSV1))
        ws.expect_close(1002)


WRONG = {
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
    "granted_twice": PLAIN + ", " + PLAIN,
    "in_two_headers": [PLAIN, PLAIN],
    "empty_parameter": PLAIN + "; ",
    "semicolon_alone": PLAIN + ";",
    "empty_parameter_inside": PLAIN + ";; server_no_context_takeover",
}


@on_target(WRONG)
def wrong_answer_does_not_open(target, answered):
    """7.1: a client fails a connection whose parameters it does not know, did not offer, or that are unsound."""
    refuse_answer(target, {"Sec-WebSocket-Extensions": answered})
