#!/usr/bin/env python3
"""Runs the conformance cases against a server that echoes every data message; README.md says how."""

import argparse
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch

import cases_framing, cases_fragments, cases_control, cases_utf8, cases_close, cases_limits  # noqa: E401, F401
import cases_handshake, cases_refusals, cases_origin  # noqa: E401, F401
import registry
from frames import Violation
from raw_client import Target


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/", help="where the server echoes")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--deflate", action="store_true", help="the server has permessage-deflate on")
    parser.add_argument("--max-message", type=int, default=1 << 20, metavar="N", help="its bound in octets, 256 KiB or more")
    parser.add_argument("--only", default="*", metavar="GLOB", help="cases by name")
    parser.add_argument("--jobs", type=int, default=16, help="cases at a time")
    parser.add_argument("--brief", action="store_true", help="does not repeat the other cases under deflate")
    parser.add_argument("--list", action="store_true", help="names the cases, runs none")
    options = parser.parse_args()
    if options.max_message < 1 << 18:
        parser.error("some cases send up to 256 KiB at any bound")
    return options


def outcome(case, target):
    """None, or what went wrong."""
    try:
        case.run(target)
    except Violation as violation:
        return str(violation)
    except Exception:  # a fault of the case's own fails that case only
        return traceback.format_exc()
    return None


def main():
    options = arguments()
    if options.deflate:
        import cases_deflate, cases_deflate_offers  # noqa: E401, F401
    registered = registry.CASES + (registry.UNDER_DEFLATE if options.deflate and not options.brief else [])
    cases = [case for case in registered if fnmatch(case.name, options.only)]
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    target = Target(options.host, options.port, options.tls, options.path, options.max_message)
    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for case, problem in zip(cases, pool.map(lambda case: outcome(case, target), cases)):
            if problem:
                failed += 1
                print(f"FAIL {case.name}: {problem}", flush=True)
    if not cases:
        print(f"no case is called {options.only}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
