"""Rows that other tests hold already: they are run, and their own last words are the figure."""

import re
import subprocess
import sys

from plan import CannotRun, told
from process import Broken

PASSED = re.compile(r"^(?:All tests passed \(.* in (\d+) test cases?\)|(\d+) passed, 0 failed|100% tests passed.* out of (\d+))", re.MULTILINE)


def run(command, within=1200, **how):
    """What a program says, where it exits with 0."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=within, **how)
    if done.returncode:
        raise Broken(f"{command[0]} ended with {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def count(what, said):
    """The figure of how many cases passed."""
    passed = PASSED.findall(said)
    if not passed:
        raise Broken(f"no case ran\n{said[-1000:]}")
    return told(what, int("".join(passed[-1])), "cases")


def conformance(context, what, only="*", server="", client=""):
    """Cases of rfc6455.py by name, against frame_echo."""
    folder = context.tests / "conformance"
    brief = ["--brief"] if context.sanitizer == "thread" else []
    return count(what, run([sys.executable, "-B", folder / "with_server.py", context.program("frame_echo"), server,
                            folder / "rfc6455.py", " ".join([client, "--only", f"'{only}'", *brief])]))


def catch(context, what, binary, *names):
    """Catch2 cases by name, with * at either end, or by tag."""
    return count(what, run([context.program(binary), ",".join(names)]))


def ctest(context, name):
    said = run(["ctest", "--test-dir", context.build, "-R", f"^{name}$", "--no-tests=error"])
    if "Not Run" in said or "Skipped" in said:
        raise CannotRun(f"ctest does not run {name} here")
    return told(f"ctest {name}", 1, "script")


def in_ctest(context, names):
    """In the brief form what is a ctest entry of its own does not run twice."""
    if context.brief:
        raise CannotRun(f"ctest runs it as {names}")
