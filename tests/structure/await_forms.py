"""Finds the co_await statements that GCC 12 compiles wrongly (a double free, or garbage) or not at all.

A statement with co_await must hold no capturing lambda, no braced temporary and no conditional of coroutine calls:
name it before. The check reads text, not types: it refuses every pair of braces in such a statement.
"""

import re

TEXTS = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
OPEN, CLOSE = "([{", ")]}"
LAMBDA = "a capturing lambda beside co_await"
BRACES = "braces beside co_await"
CONDITIONAL = "a conditional beside co_await"


def strip_texts(code):
    """The code with comments and literals blanked out; offsets and lines stay."""

    def blank(match):
        text = match.group()
        return re.sub(r"[^\n]", " ", text) if text.startswith("/") else '"' + re.sub(r"[^\n]", " ", text[1:-1]) + '"'

    return TEXTS.sub(blank, code)


def find_match(code, at, step):
    """Where the bracket at `at` is closed (step 1) or opened (step -1)."""
    depth = 0
    while 0 <= at < len(code):
        depth += (code[at] in OPEN) - (code[at] in CLOSE)
        if depth == 0:
            return at
        at += step
    return len(code) - 1 if step > 0 else 0


def judge_before(code, at):
    """What is wrong between the start of the statement and its co_await."""
    at -= 1
    while at >= 0 and code[at] != ";":
        if code[at] == "}":  # the end of a block, unless the expression goes on
            if code[at + 1 :].lstrip()[:1] not in tuple(",.)"):
                return None
            return LAMBDA if re.search(r"\]\s*(\([^()]*\)[^;{}]*)?$", code[: find_match(code, at, -1)]) else BRACES
        if code[at] == "{":  # the start of a block, unless it initialises
            initialises = re.search(r"[=,(]\s*$|\b(co_)?return\s*$|[\w>]$", code[:at])
            return BRACES if initialises else None
        if code[at] == "?":
            return CONDITIONAL
        at = find_match(code, at, -1) - 1 if code[at] in ")]" else at - 1
    return None


def judge_after(code, at):
    """What is wrong between co_await and the end of its statement."""
    calls = []  # of each open parenthesis: whether it holds arguments
    while at < len(code) and code[at] not in ";}":
        before = code[:at].rstrip()
        if code[at] == "[" and (before.endswith("co_await") or not re.search(r"[\w)\]\"]$", before)):
            body = re.match(r"\[\s*\]\s*(\([^()]*\))?[^;{}()]*\{", code[at:])
            if not body:
                return LAMBDA
            at = find_match(code, at + body.end() - 1, 1)
        elif code[at] == "{":
            return BRACES
        elif code[at] == "(":
            calls.append(bool(re.search(r"[\w>\])]$", before)) and not before.endswith("co_await"))
        elif code[at] == ")" and calls:
            calls.pop()
        elif code[at] == ")" and re.search(r"\b(if|while|for|switch|constexpr)\s*$", code[: find_match(code, at, -1)]):
            return None
        elif code[at] == "?" and not any(calls):
            return CONDITIONAL
        at += 1
    return None


def find_bad_awaits(code):
    """(line, what is wrong) for each co_await that is."""
    code = strip_texts(code)
    for match in re.finditer(r"\bco_await\b", code):
        wrong = judge_before(code, match.start()) or judge_after(code, match.end())
        if wrong:
            yield code.count("\n", 0, match.start()) + 1, wrong
