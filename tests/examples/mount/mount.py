"""Tests examples/mount as its README describes it: the existing HTTP page, and the WebSocket that was added."""

import argparse
import json
import sys

from frames import TEXT, Violation, encode
from raw_client import Target


def envelope(event, data):
    return json.dumps({"event": event, "data": data}, separators=(",", ":")).encode()


def read_page(target):
    with target.connect() as connection:
        for _ in range(2):  # two requests on one connection
            connection.send(f"GET / HTTP/1.1\r\nHost: {target.authority}\r\n\r\n".encode())
            response = connection.read_response()
            if response.status != 200 or not response.body.startswith(b"Hello from the existing"):
                raise Violation(f"expected the existing page, but got {response.status} {response.body!r}")


def shout(target, *, with_request):
    first = encode(TEXT, envelope("shout", "hi"))
    with target.open(then=first if with_request else b"") as socket:
        if not with_request:
            socket.send(first)
        socket.expect(TEXT, envelope("echo", "hi"))
        socket.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    target = Target(port=parser.parse_args().port, path="/ws")
    read_page(target)
    shout(target, with_request=False)
    shout(target, with_request=True)
    print("ok  the page and the WebSocket answer")


if __name__ == "__main__":
    try:
        main()
    except Violation as violation:
        sys.exit(str(violation))
