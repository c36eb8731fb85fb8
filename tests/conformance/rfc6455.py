#!/usr/bin/env python3
"""Runs the conformance cases against a server that echoes every data message. README.md describes the usage."""

import argparse
import sys

import cases_framing, cases_fragments, cases_control, cases_utf8, cases_close, cases_limits  # noqa: E401, F401
import cases_handshake, cases_refusals, cases_origin  # noqa: E401, F401
import runner
from raw_client import Target


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required="--list" not in sys.argv)
    parser.add_argument("--path", default="/", help="the path on which the server echoes")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--deflate", action="store_true", help="the server has permessage-deflate enabled")
    parser.add_argument("--max-message", type=int, default=1 << 20, metavar="N",
                        help="the server's message limit in octets, 256 KiB or more")
    runner.add_arguments(parser)
    options = parser.parse_args()
    if options.max_message < 1 << 18:
        parser.error("--max-message must be at least 256 KiB: some cases send messages of that size")
    return options


def main():
    options = arguments()
    if options.deflate:
        import cases_deflate, cases_deflate_offers  # noqa: E401, F401
    return runner.run(Target(options.host, options.port, options.tls, options.path, options.max_message), options)


if __name__ == "__main__":
    sys.exit(main())
