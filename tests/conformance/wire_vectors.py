#!/usr/bin/env python3
"""Runs the recorded wire vectors against `examples/echo`. Each response must match the vector's "ours" column."""

import argparse
import json
import re
import sys
from decimal import Decimal
from pathlib import Path

from frames import BINARY, TEXT, Violation
from raw_client import Target

VECTORS = Path(__file__).with_name("wire_vectors.json")
KEYS = ("event", "id", "data", "error")    # in the order in which the library writes them
STRING = r'"(\\.|[^"\\])*"'


def values(text):
    """Parses JSON and keeps every digit of its numbers."""
    return json.loads(text, parse_int=Decimal, parse_float=Decimal)


def canonical(value):
    return json.dumps(value, sort_keys=True, default=lambda number: {"number": str(number.normalize())})


def receive(ws):
    """Receives an envelope and checks its form: one compact object, its keys in order and without duplicates."""
    message = ws.receive()
    if message is None or message.opcode != TEXT:
        raise Violation(f"expected an envelope, received {message or 'the end'}")
    text = message.payload.decode()
    try:
        envelope = values(text)
        pairs = json.loads(text, object_pairs_hook=list)
    except ValueError:
        raise Violation(f"not JSON: {text[:80]!r}") from None
    if not isinstance(envelope, dict):
        raise Violation(f"not an object: {text[:80]!r}")
    keys = [key for key, _ in pairs]
    if keys != [key for key in KEYS if key in keys]:
        raise Violation(f"keys {keys} in {text[:80]!r}")
    if re.search(r"\s", re.sub(STRING, "", text)):
        raise Violation(f"white space in {text[:80]!r}")
    return envelope


def expect(ws, envelope):
    answer = receive(ws)
    if canonical(answer) != canonical(envelope):
        raise Violation(f"expected {canonical(envelope)}, received {canonical(answer)}")


def expect_error(fields, code):
    if fields.get("code") != code or not isinstance(fields.get("message"), str) or not fields["message"]:
        raise Violation(f"expected an error {code} with a message, received {canonical(fields)}")


def expect_nothing_more(ws):
    """Checks that the next message is the echo of this one, so nothing else was sent."""
    probe = {"event": "echo", "data": "nothing more"}
    ws.send_frame(TEXT, json.dumps(probe).encode())
    expect(ws, probe)


def same_value(ws, vector):
    expect(ws, values(vector["go"]))


def same_value_and_reply(ws, vector, identifier):
    same_value(ws, vector)
    reply = receive(ws)
    if reply.get("event") != "$ack" or reply.get("id") != Decimal(identifier) or "error" in reply:
        raise Violation(f"expected the reply to {identifier}, received {canonical(reply)}")


def exact_number(ws, vector, number):
    expect(ws, {"event": "echo", "data": Decimal(number)})


def error_event(ws, vector, code):
    answer = receive(ws)
    if answer.get("event") != "error" or not isinstance(answer.get("data"), dict):
        raise Violation(f"expected an error event, received {canonical(answer)}")
    expect_error(answer["data"], code)


def no_answer_or_error_reply(ws, vector, code):
    expect_nothing_more(ws)
    ws.send_frame(TEXT, json.dumps(json.loads(vector["in"]) | {"id": 77}).encode())
    reply = receive(ws)
    if reply.get("event") != "$ack" or reply.get("id") != 77 or not isinstance(reply.get("error"), dict):
        raise Violation(f"expected an error reply to 77, received {canonical(reply)}")
    expect_error(reply["error"], code)


# The texts that the "ours" column may contain. A vector with another text fails.
EXPECTATIONS = (
    (r"same value", same_value),
    (r"same value, and then the reply to id (\d+)", same_value_and_reply),
    (r"(\d+), exact", exact_number),
    (r"error (\w+), connection stays(?: \(.*\))?", error_event),
    (r"no answer, as Go; with an id: \$ack with error (\w+)", no_answer_or_error_reply),
)


def run(target, vector):
    matches = [(match, expectation) for pattern, expectation in EXPECTATIONS
               if (match := re.fullmatch(pattern, vector["ours"]))]
    if not matches:
        raise Violation(f"unknown expectation {vector['ours']!r}")
    match, expectation = matches[0]
    with target.open() as ws:
        if "in_binary_frame" in vector:
            ws.send_frame(BINARY, vector["in_binary_frame"].encode())
        else:
            ws.send_frame(TEXT, vector["in"].encode())
        expectation(ws, vector, *match.groups())
        expect_nothing_more(ws)
        ws.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/ws")
    parser.add_argument("--tls", action="store_true")
    options = parser.parse_args()
    target = Target(options.host, options.port, options.tls, options.path)
    recorded = json.loads(VECTORS.read_text(encoding="utf-8"))
    rows = [(section, vector) for section in ("echo", "malformed") for vector in recorded[section]]
    failed = 0
    for section, vector in rows:
        try:
            run(target, vector)
        except Violation as violation:
            failed += 1
            print(f"FAIL {section} {vector.get('in', vector.get('in_binary_frame'))!r}: {violation}")
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
