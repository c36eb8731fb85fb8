#!/usr/bin/env python3
"""Runs rows of the torture test and prints their figures. README.md describes the usage."""

import argparse
import os
import pathlib
import re
import resource
import sys
import textwrap
import time
import traceback
from contextlib import ExitStack

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "conformance"))

import raw_sockets  # noqa: E402
import plan  # noqa: E402
from process import ProcessFailure, Process, Server  # noqa: E402
from frames import Violation  # noqa: E402
import rows_catch2, rows_frames, rows_handshake, rows_lifecycle, rows_memory, rows_network  # noqa: E401, E402, F401
import rows_reset, rows_soak, rows_terminal  # noqa: E401, E402, F401


class Context:
    """The options and servers that a row uses."""
    def __init__(self, build, brief, minutes):
        self.build, self.brief, self.minutes = build, brief, minutes
        self.tests = HERE.parent
        cache = build / "CMakeCache.txt"
        flags = re.findall(r"^CMAKE_CXX_FLAGS:\w+=.*-fsanitize=(\w+)", cache.read_text() if cache.exists() else "", re.MULTILINE)
        self.sanitizer = flags[0] if flags else None
        for name, file in (("ASAN_OPTIONS", "asan.supp"), ("TSAN_OPTIONS", "tsan.supp")):
            os.environ.setdefault(name, f"suppressions={HERE.parent / 'support' / file}")

    def pick(self, brief, full):
        return brief if self.brief else full

    def program(self, name, build=None):
        path = (build or self.build) / "bin" / name
        if not path.exists():
            raise plan.CannotRun(f"{path} is not built")
        return path

    def server(self, *flags, build=None, **options):
        """Starts a torture_server and opens one connection, so that lazy initialisation does not count as growth."""
        with ExitStack() as guard:
            server = guard.enter_context(Server([self.program("torture_server", build), *flags], **options))
            with raw_sockets.target(server).open() as peer:
                peer.finish()
            time.sleep(0.3)    # until the connection's descriptor is closed and Run has finished its setup
            guard.pop_all()
            return server

    def process(self, name, *arguments, **options):
        return Process([self.program(name), *arguments], **options)

    def memory(self, name, kib, bound_kib):
        """Returns a figure of memory in KiB, less than a bound. The bound is not checked under a sanitizer."""
        if self.sanitizer:
            return plan.without_bound(name, kib, "KiB", f"not checked: {self.sanitizer} sanitizer")
        return plan.less_than(name, kib, bound_kib, "KiB")


def arguments():
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("--brief", action="store_true", help="use small counts and short timeouts")
    parser.add_argument("--only", type=parse_rows, default=sorted(plan.ROWS), metavar="ROW[,ROW]",
                        help="run only these rows; 2-5 is a range")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build", metavar="DIR")
    parser.add_argument("--minutes", type=float, metavar="N",
                        help="duration of rows 33 and 41; less than the default makes their result `part`")
    return parser.parse_args()


def parse_rows(only):
    numbers = []
    for part in only.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    for number in numbers:
        if number not in plan.ROWS:
            raise argparse.ArgumentTypeError(f"row {number} does not exist")
    return numbers


def run_row(row, context):
    """Runs a row. Returns its result, its figures and a message."""
    try:
        figures = list(row.run(context))
    except plan.CannotRun as reason:
        return "skip", [], str(reason)
    except (Violation, ProcessFailure) as problem:
        return "FAIL", [], str(problem)
    except Exception:  # an error in the row itself fails the row
        return "FAIL", [], traceback.format_exc()
    if any(figure.passed is False for figure in figures):
        return "FAIL", figures, ""
    return ("part" if any(figure.passed is None for figure in figures) else "pass"), figures, ""


def main():
    options = arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    context = Context(options.build.resolve(), options.brief, options.minutes)
    counts = dict.fromkeys(("pass", "part", "skip", "FAIL"), 0)
    print(f"{'row':>3}  {'':4}  {'figure':58}  {'value':>20}  bound")
    failed = []
    for number in options.only:
        row = plan.ROWS[number]
        begin = time.monotonic()
        result, figures, message = run_row(row, context)
        counts[result] += 1
        failed += [number] if result == "FAIL" else []
        print(f"{number:>3}  {result}  {row.title}  ({time.monotonic() - begin:.0f} s)")
        for figure in figures:
            mark = "FAIL" if figure.passed is False else ""
            print(f"{'':3}  {mark:4}    {figure.name:56}  {figure.value:>20}  {figure.bound}")
        if message:
            print(textwrap.indent(message.rstrip(), " " * 11))
        sys.stdout.flush()
    print(", ".join(f"{count} {result}" for result, count in counts.items()))
    for number in failed:
        print(f"FAIL {number}  {plan.ROWS[number].title}")
    return 1 if failed or not counts["pass"] + counts["part"] else 0


if __name__ == "__main__":
    sys.exit(main())
