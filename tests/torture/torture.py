#!/usr/bin/env python3
"""Runs rows of the torture plan and prints their figures; README.md says how."""

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

import crowd  # noqa: E402
import plan  # noqa: E402
from process import Broken, Process, Server  # noqa: E402
from frames import Violation  # noqa: E402
import rows_catch, rows_frames, rows_handshake, rows_life, rows_memory, rows_network  # noqa: E401, E402, F401
import rows_reset, rows_soak, rows_terminal  # noqa: E401, E402, F401


class Context:
    """What a row is given."""
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

    def server(self, *flags, build=None, **how):
        """A torture_server that has served once, so that what is made at first use is there."""
        with ExitStack() as guard:
            server = guard.enter_context(Server([self.program("torture_server", build), *flags], **how))
            with crowd.target(server).open() as peer:
                peer.finish()
            time.sleep(0.3)    # its descriptor, and what the server's Run makes
            guard.pop_all()
            return server

    def process(self, name, *arguments, **how):
        return Process([self.program(name), *arguments], **how)

    def memory(self, what, kib, bound_kib):
        """Memory in KiB, below a bound; a sanitizer's own is not the library's, so under one nothing is judged."""
        if self.sanitizer:
            return plan.told(what, kib, "KiB", f"not judged: {self.sanitizer} sanitizer")
        return plan.below(what, kib, bound_kib, "KiB")


def arguments():
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("--brief", action="store_true", help="small counts and short deadlines")
    parser.add_argument("--only", type=chosen, default=sorted(plan.ROWS), metavar="ROW[,ROW]",
                        help="rows by number; 2-5 is a range")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build", metavar="DIR")
    parser.add_argument("--minutes", type=float, metavar="N", help="cuts rows 33 and 41 short: they are then no pass but `part`")
    return parser.parse_args()


def chosen(only):
    wanted = []
    for part in only.split(","):
        first, _, last = part.partition("-")
        wanted += range(int(first), int(last or first) + 1)
    for number in wanted:
        if number not in plan.ROWS:
            raise argparse.ArgumentTypeError(f"there is no row {number}")
    return wanted


def outcome(row, context):
    """The verdict, the figures, and what there is to say besides."""
    try:
        figures = list(row.run(context))
    except plan.CannotRun as reason:
        return "skip", [], str(reason)
    except (Violation, Broken) as problem:
        return "FAIL", [], str(problem)
    except Exception:  # a fault of the row's own is no pass either
        return "FAIL", [], traceback.format_exc()
    if any(figure.holds is False for figure in figures):
        return "FAIL", figures, ""
    return ("part" if any(figure.holds is None for figure in figures) else "pass"), figures, ""


def main():
    options = arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    context = Context(options.build.resolve(), options.brief, options.minutes)
    counts = dict.fromkeys(("pass", "part", "skip", "FAIL"), 0)
    print(f"{'row':>3}  {'':4}  {'what':58}  {'figure':>20}  bound")
    failed = []
    for number in options.only:
        row = plan.ROWS[number]
        begun = time.monotonic()
        verdict, figures, said = outcome(row, context)
        counts[verdict] += 1
        failed += [number] if verdict == "FAIL" else []
        print(f"{number:>3}  {verdict}  {row.title}  ({time.monotonic() - begun:.0f} s)")
        for figure in figures:
            mark = "FAIL" if figure.holds is False else ""
            print(f"{'':3}  {mark:4}    {figure.what:56}  {figure.value:>20}  {figure.bound}")
        if said:
            print(textwrap.indent(said.rstrip(), " " * 11))
        sys.stdout.flush()
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    for number in failed:
        print(f"FAIL {number}  {plan.ROWS[number].title}")
    return 1 if failed or not counts["pass"] + counts["part"] else 0


if __name__ == "__main__":
    sys.exit(main())
