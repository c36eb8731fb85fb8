"""Rows 34 to 41: the terminal example and the fuzzers, as their own tests have them."""

import delegate
from plan import CannotRun, row, told

BINARY = "test_repl_terminal"


def cases(context, what, *names):
    delegate.in_ctest(context, BINARY)
    return delegate.catch(context, what, BINARY, *names)


@row(34, "`yes` with a browser that does not read")
def unread_output(context):
    return [cases(context, "output that nobody reads", "a shell is not read for a browser that does not read*",
                  "output that nobody reads waits*", "a viewer without room stops the shell*", "as long as nobody reads*")]


@row(35, "a tab that is killed a thousand times")
def killed_tabs(context):
    return [cases(context, "tabs, processes, descriptors", "a tab that is killed a thousand times*",
                  "Close ends the whole session*", "a hundred terminals later*")]


@row(36, "paths and links that lead out")
def escapes(context):
    return [cases(context, "paths and links", "a path that leaves the workspace*", "nothing outside is watched*",
                  "a glance tells what there is*", "nothing else is served"),
            cases(context, "links swapped in a loop for 60 s", "folders and links swapped in a loop for a minute*")]


@row(37, "what is no ordinary file, and a full disk")
def odd_files(context):
    return [cases(context, "files and disks", "what is no ordinary*", "a full disk*", "a write that fails*",
                  "size, number and depth are bounded", "what is binary or too large*")]


@row(38, "UTF-8 and window sizes")
def text_and_sizes(context):
    return [cases(context, "characters and sizes", "text split at every byte*", "bytes that are no UTF-8*",
                  "invalid bytes give the same text*", "a character still cut*", "characters stay whole*", "a size is clamped*")]


@row(39, "names and output that a terminal would act on")
def names_and_output(context):
    return [cases(context, "names and queries", "names that a terminal or a browser would act on*",
                  "what makes a terminal answer*", "queries are found*", "output in parts is filtered*",
                  "a sequence that does not end*", "a query whose beginning*", "nothing that is shown again*"),
            delegate.ctest(context, "repl_terminal_page_units"), delegate.ctest(context, "browser_terminal")]


@row(40, "no token, foreign Origin, rebinding Host")
def access(context):
    return [cases(context, "access", "nothing opens without the cookie*", "the token is traded once*",
                  "a token is taken from a GET*", "a host that is no loopback name*", "every loopback name*")]


@row(41, "fuzzers")
def fuzzers(context):
    if context.brief:
        raise CannotRun("the full form gives each an hour")
    build = context.build.parent / "build-fuzz"
    if not (build / "bin" / "codec_fuzz").exists():
        raise CannotRun(f"{build} is not built: the preset and target `fuzz`, `fuzzers`")
    minutes = context.minutes or 60
    seconds = int(60 * minutes)
    delegate.run([context.tests / "fuzz" / "run.sh", build, seconds], within=6 * seconds + 600)
    many = len(list((context.tests / "fuzz" / "seeds").iterdir()))
    return [told("fuzzers without a finding", many), told("time for each", float(minutes), "min", "" if minutes >= 60 else "of 60 min")]
