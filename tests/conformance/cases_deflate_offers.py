"""Offers of permessage-deflate (RFC 7692, 5 and 7.1). `deflate.check_response` checks each response against its offer."""

from cases_deflate import PLAIN, echo_deflated
from frames import RSV1, TEXT, Violation
from registry import target_case
from payloads import make_text


def expect_compression(ws):
    """Checks that compression works in both directions, over more than one window."""
    for _ in range(3):
        echo_deflated(ws, TEXT, make_text(3000) + b"\n" + make_text(40000))
    ws.echo(TEXT, b"uncompressed")
    ws.finish()


MUST_BE_ACCEPTED = {
    "plain": PLAIN,
    "client_window_without_value": PLAIN + "; client_max_window_bits",
    "client_window_15": PLAIN + "; client_max_window_bits=15",
    "server_no_takeover": PLAIN + "; server_no_context_takeover",
    "client_no_takeover": PLAIN + "; client_no_context_takeover",
    "without_spaces": PLAIN + ";server_no_context_takeover;client_max_window_bits",
    "with_many_spaces": "  " + PLAIN + " ;  client_max_window_bits ; server_no_context_takeover  ",
    "of_a_browser": PLAIN + "; client_max_window_bits, x-webkit-deflate-frame",
    "twice": PLAIN + "; server_no_context_takeover, " + PLAIN,
}


@target_case(MUST_BE_ACCEPTED)
def offer_is_accepted(target, offer):
    with target.open(offer=offer) as ws:
        if not ws.agreement:
            raise Violation("the server declined a valid offer")
        expect_compression(ws)


MAY_BE_ACCEPTED = {
    **{f"server_window_{bits}": f"{PLAIN}; server_max_window_bits={bits}" for bits in range(8, 16)},
    **{f"client_window_{bits}": f"{PLAIN}; client_max_window_bits={bits}" for bits in range(8, 16)},
    "both_windows": PLAIN + "; client_max_window_bits=10; server_max_window_bits=10",
    "everything": PLAIN + "; client_no_context_takeover; server_no_context_takeover"
                  "; client_max_window_bits=12; server_max_window_bits=12",
    "after_an_unknown_extension": "x-unknown; a=b, " + PLAIN,
    "quoted_value": PLAIN + '; server_max_window_bits="10"',
    "second_if_the_first_is_invalid": PLAIN + "; unknown, " + PLAIN,
    "second_if_the_window_is_invalid": PLAIN + "; server_max_window_bits=7, " + PLAIN + "; server_max_window_bits=10",
}


@target_case(MAY_BE_ACCEPTED)
def offer_is_accepted_correctly_or_declined(target, offer):
    with target.open(offer=offer) as ws:
        if ws.agreement:
            return expect_compression(ws)
        ws.echo(TEXT, b"uncompressed")
        ws.finish()


INVALID = {
    "unknown_parameter": PLAIN + "; unknown",
    "unknown_parameter_with_value": PLAIN + "; unknown=10",
    "server_window_without_value": PLAIN + "; server_max_window_bits",
    "server_window_7": PLAIN + "; server_max_window_bits=7",
    "server_window_16": PLAIN + "; server_max_window_bits=16",
    "server_window_0": PLAIN + "; server_max_window_bits=0",
    "server_window_leading_zero": PLAIN + "; server_max_window_bits=09",
    "server_window_word": PLAIN + "; server_max_window_bits=ten",
    "server_window_huge": PLAIN + "; server_max_window_bits=4294967306",
    "client_window_7": PLAIN + "; client_max_window_bits=7",
    "client_window_16": PLAIN + "; client_max_window_bits=16",
    "client_window_leading_zero": PLAIN + "; client_max_window_bits=010",
    "client_window_signed": PLAIN + "; client_max_window_bits=+10",
    "takeover_with_value": PLAIN + "; server_no_context_takeover=1",
    "client_takeover_with_value": PLAIN + "; client_no_context_takeover=true",
    "takeover_twice": PLAIN + "; server_no_context_takeover; server_no_context_takeover",
    "window_twice": PLAIN + "; server_max_window_bits=10; server_max_window_bits=12",
    "client_window_twice": PLAIN + "; client_max_window_bits; client_max_window_bits=10",
    "another_name": PLAIN + "s",
    "name_in_part": "permessage",
}


@target_case(INVALID)
def invalid_offer_is_declined(target, offer):
    """RFC 7692, 7.1: the connection opens without the extension, and RSV1 is invalid."""
    with target.open(offer=offer) as ws:
        if ws.agreement:
            raise Violation("the server accepted an invalid offer")
        ws.echo(TEXT, b"uncompressed")
        ws.send_frame(TEXT, b"\xca\x49\x05\x00", rsv=RSV1)
        ws.expect_close(1002)
