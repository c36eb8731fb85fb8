"""Runs rows that are other tests: conformance cases, Catch2 cases and ctest entries. The figure is the number of passed cases."""

import re
import subprocess
import sys

from plan import CannotRun, without_bound
from process import ProcessFailure

PASSED = re.compile(r"^(?:All tests passed \(.* in (\d+) test cases?\)|(\d+) passed, 0 failed|100% tests passed.* out of (\d+))",
                    re.MULTILINE)


def run(command, within=1200, **options):
    """Runs a program and returns its output. Raises ProcessFailure unless it exits with 0."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=within, **options)
    if done.returncode:
        raise ProcessFailure(f"{command[0]} exited with {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def passed_cases(name, output):
    """Returns the number of passed cases as a figure."""
    passed = PASSED.findall(output)
    if not passed:
        raise ProcessFailure(f"no case ran\n{output[-1000:]}")
    return without_bound(name, int("".join(passed[-1])), "cases")


def conformance(context, name, only="*", server="", client=""):
    """Runs the cases of rfc6455.py whose names match `only` against frame_echo."""
    folder = context.tests / "conformance"
    brief = ["--brief"] if context.sanitizer == "thread" else []
    return passed_cases(name, run([sys.executable, "-B", folder / "with_server.py", context.program("frame_echo"), server,
                                   folder / "rfc6455.py", " ".join([client, "--only", f"'{only}'", *brief])]))


def catch2(context, figure_name, binary, *patterns):
    """Runs Catch2 cases by name, with * at either end, or by tag."""
    return passed_cases(figure_name, run([context.program(binary), ",".join(patterns)]))


def ctest(context, name):
    output = run(["ctest", "--test-dir", context.build, "-R", f"^{name}$", "--no-tests=error"])
    if "Not Run" in output or "Skipped" in output:
        raise CannotRun(f"ctest does not run {name} here")
    return without_bound(f"ctest {name}", 1, "script")


def skip_if_brief(context, names):
    """Skips the row in the brief form: ctest runs these tests as separate entries."""
    if context.brief:
        raise CannotRun(f"ctest runs it as {names}")
