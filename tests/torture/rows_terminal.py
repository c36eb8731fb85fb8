"""Rows 34 to 41: the terminal example and the fuzzers. Each row runs tests that exist elsewhere."""

import re

import other_tests
from plan import CannotRun, at_most, row, without_bound

BINARY = "test_repl_terminal"


def cases(context, figure_name, *patterns):
    other_tests.skip_if_brief(context, BINARY)
    return other_tests.catch2(context, figure_name, BINARY, *patterns)


def timed_case(context, pattern):
    """Runs a case that prints a duration in seconds and its bound."""
    other_tests.skip_if_brief(context, BINARY)
    output = other_tests.run([context.program(BINARY), pattern])
    name, seconds, bound = re.search(r"^figure: (.*): (.*) \| bound: (.*)$", output, re.MULTILINE).groups()
    return at_most(name, float(seconds), float(bound), "s")


@row(34, "`yes` with a browser that does not read")
def unread_output(context):
    return [timed_case(context, "a shell is not read for a browser that does not read*"),
            cases(context, "unread output", "unread output waits*",
                  "a viewer without room stops the shell*", "Close ends a shell that waits*")]


@row(35, "a tab that is killed a thousand times")
def killed_tabs(context):
    return [timed_case(context, "a tab that is killed a thousand times*"),
            cases(context, "processes and descriptors", "Close ends the whole session*", "a hundred terminals leave*")]


@row(36, "paths and symbolic links that lead out of the workspace")
def escapes(context):
    return [cases(context, "paths and links", "a path that leaves the workspace*", "nothing outside is watched*",
                  "Stat returns the kind*", "files that are not part of the page*"),
            cases(context, "links swapped in a loop for 60 s", "folders and links swapped in a loop for a minute*")]


@row(37, "special files and a full disk")
def odd_files(context):
    return [cases(context, "files and disks", "a file that is not a regular*", "a full disk*", "a write that fails*",
                  "size, number and depth are bounded", "a binary or too large file*")]


@row(38, "UTF-8 and window sizes")
def text_and_sizes(context):
    return [cases(context, "characters and sizes", "text split at every byte*", "bytes that are not UTF-8*",
                  "invalid bytes give the same text*", "an incomplete character*", "characters stay whole*", "a size is clamped*")]


@row(39, "names and output with terminal control sequences")
def names_and_output(context):
    return [cases(context, "names and queries", "names with escape sequences*",
                  "terminal queries are removed", "queries are found*", "output in parts is filtered*",
                  "a sequence that does not end*", "a query whose start*", "the scrollback contains no*"),
            other_tests.ctest(context, "repl_terminal_page_units"), other_tests.ctest(context, "browser_terminal")]


@row(40, "a missing token, a foreign Origin, a rebinding Host")
def access(context):
    return [cases(context, "access", "requests without the cookie*", "the token works once*",
                  "a token is accepted in a GET*", "a host that is not a loopback name*", "every loopback name*",
                  "a page of another origin gets no shell*")]


@row(41, "fuzzers")
def fuzzers(context):
    if context.brief:
        raise CannotRun("the full form runs each fuzzer for an hour")
    build = context.build.parent / "build-fuzz"
    if not (build / "bin" / "codec_fuzz").exists():
        raise CannotRun(f"{build} is not built; build the target `fuzzers` of the preset `fuzz`")
    minutes = context.minutes or 60
    seconds = int(60 * minutes)
    other_tests.run([context.tests / "fuzz" / "run.sh", build, seconds], within=6 * seconds + 600)
    count = len(list((context.tests / "fuzz" / "seeds").iterdir()))
    return [without_bound("fuzzers without a finding", count),
            without_bound("duration of each", float(minutes), "min", "" if minutes >= 60 else "of 60 min")]
