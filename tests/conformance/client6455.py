#!/usr/bin/env python3
"""Runs the conformance cases against a client that echoes every data message. README.md describes the usage."""

import argparse
import pathlib
import sys
import tempfile

import frames

frames.set_server_role()    # must precede the imports below: the case files build frames when they are imported

import cases_framing, cases_fragments, cases_control, cases_utf8, cases_close, cases_limits  # noqa: E401, E402, F401
import cases_client_request, cases_client_answers, cases_client_refusals, cases_client_life  # noqa: E401, E402, F401
import runner  # noqa: E402
from client_target import ClientTarget  # noqa: E402
from with_server import make_certificate  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", required="--list" not in sys.argv, metavar="PROGRAM", help="client_echo")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--deflate", action="store_true", help="the client offers permessage-deflate")
    runner.add_arguments(parser)
    return parser.parse_args()


def main():
    options = arguments()
    if options.deflate:
        import cases_deflate, cases_client_deflate  # noqa: E401, F401
    with tempfile.TemporaryDirectory() as folder:
        pair = make_certificate(pathlib.Path(folder)) if options.tls else {}
        files = {name: str(path) for name, path in pair.items()}
        return runner.run(ClientTarget(options.client, deflate=options.deflate, **files), options)


if __name__ == "__main__":
    sys.exit(main())
