"""Finds co_await statements that GCC 12 miscompiles (a double free or invalid data) or rejects.

A statement with co_await must not contain a capturing lambda, a braced temporary or a conditional of coroutine calls; each needs a
name in an earlier statement. The check reads text, not types, so it rejects every pair of braces in such a statement.
"""

import re

COMMENTS_AND_LITERALS = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
OPEN, CLOSE = "([{", ")]}"
LAMBDA = "a capturing lambda beside co_await"
BRACES = "braces beside co_await"
CONDITIONAL = "a conditional beside co_await"


def blank_comments_and_literals(code):
    """Replaces comments and literals by spaces. Offsets and line numbers do not change."""

    def blank(match):
        text = match.group()
        return re.sub(r"[^\n]", " ", text) if text.startswith("/") else '"' + re.sub(r"[^\n]", " ", text[1:-1]) + '"'

    return COMMENTS_AND_LITERALS.sub(blank, code)


def find_match(code, at, step):
    """Returns the offset of the bracket that matches the one at `at`. Searches forward if step is 1, backward if it is -1."""
    depth = 0
    while 0 <= at < len(code):
        depth += (code[at] in OPEN) - (code[at] in CLOSE)
        if depth == 0:
            return at
        at += step
    return len(code) - 1 if step > 0 else 0


def check_before(code, at):
    """Returns the problem between the start of the statement and its co_await, or None."""
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


def check_after(code, at):
    """Returns the problem between co_await and the end of its statement, or None."""
    calls = []  # for each open parenthesis: True if it contains the arguments of a call
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
    """Yields (line, problem) for each bad co_await."""
    code = blank_comments_and_literals(code)
    for match in re.finditer(r"\bco_await\b", code):
        problem = check_before(code, match.start()) or check_after(code, match.end())
        if problem:
            yield code.count("\n", 0, match.start()) + 1, problem
