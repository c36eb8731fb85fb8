"""Rows 15 to 28 and 32: cases of the Catch2 binary test_torture with the tags [row15] and so on.

The cases check their bounds themselves. They print figures as lines `figure: NAME: VALUE | bound: BOUND`, with the bound
`not judged: REASON` if it was not checked. The environment variable TORTURE_BRIEF selects the brief form.
"""

import os
import re

import other_tests
from plan import CannotRun, Figure, row

TITLES = {
    15: "a slow reader under each overflow policy",
    16: "a broadcast to a thousand connections, ten of them stalled",
    17: "many threads send to one connection with EmitAsync",
    18: "concurrent Emit, Close and destruction of the last handle",
    19: "concurrent join, leave, close and broadcast",
    20: "callbacks that throw",
    21: "callbacks that block every thread of the pool",
    22: "callbacks that use their own connection",
    23: "a connection that ends while its messages are queued",
    24: "events that a peer must not send",
    25: "deeply nested JSON",
    26: "edge cases of JSON",
    27: "Emit of data that is not valid JSON",
    28: "a megabyte of small objects",
    32: "a client against malicious servers",
}
FIGURE = re.compile(r"^figure: (.*): (.*?) \| bound: (.*)$", re.MULTILINE)


def run_tag(context, binary, tag):
    environment = os.environ | ({"TORTURE_BRIEF": "1"} if context.brief else {})
    output = other_tests.run([context.program(binary), tag], env=environment)
    if "No test cases matched" in output or "No tests ran" in output:
        raise CannotRun(f"{binary} has no case with the tag {tag}")
    figures = [Figure(name, value, bound.removeprefix("-"), None if bound.startswith("not ") else True)
               for name, value, bound in FIGURE.findall(output)]
    return figures or [other_tests.passed_cases(binary, output)]


for _number, _title in TITLES.items():
    row(_number, _title)(lambda context, number=_number: run_tag(context, "test_torture", f"[row{number}]"))
