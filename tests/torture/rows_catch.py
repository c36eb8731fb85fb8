"""Rows 15 to 28 and 32: cases of the Catch2 binary test_torture, tagged [row15] and so on. Row 43: test_allocation.

They judge themselves; what they found they print as lines `figure: WHAT: VALUE | bound: BOUND`, where a bound may be
`not judged: WHY`. TORTURE_BRIEF is set in the environment where small counts will do.
"""

import os
import re

import delegate
from plan import CannotRun, Figure, row

TITLES = {
    15: "a slow reader under each overflow policy",
    16: "a broadcast to a thousand, ten of them stalled",
    17: "many threads send to one connection by EmitAsync",
    18: "Emit against Close against the last handle's end",
    19: "join, leave, close and broadcast from many threads",
    20: "handlers that throw",
    21: "handlers that block every thread of the pool",
    22: "handlers that use their own connection",
    23: "a connection that dies while its messages wait",
    24: "events that a peer must not send",
    25: "JSON of great depth",
    26: "JSON at the edges",
    27: "Emit of what is no JSON",
    28: "a megabyte of small objects",
    32: "a client against servers that mean it no good",
}
FIGURE = re.compile(r"^figure: (.*): (.*?) \| bound: (.*)$", re.MULTILINE)


def run_tag(context, binary, tag):
    environment = os.environ | ({"TORTURE_BRIEF": "1"} if context.brief else {})
    said = delegate.run([context.program(binary), tag], env=environment)
    if "No test cases matched" in said or "No tests ran" in said:
        raise CannotRun(f"{binary} has no {tag}")
    figures = [Figure(what, value, bound.removeprefix("-"), None if bound.startswith("not judged") else True)
               for what, value, bound in FIGURE.findall(said)]
    return figures or [delegate.count(binary, said)]


for _number, _title in TITLES.items():
    row(_number, _title)(lambda context, number=_number: run_tag(context, "test_torture", f"[row{number}]"))


@row(43, "each `operator new` of a connection's life fails in turn")
def allocation(context):
    delegate.in_ctest(context, "test_allocation")
    return run_tag(context, "test_allocation", "[allocation]")
