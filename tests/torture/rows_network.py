"""Row 42: what happens to packets, between two network namespaces."""

from types import SimpleNamespace

import netns
from faulty_link import why_not
from plan import CannotRun, Figure, row


@row(42, "a line that loses, delays, throttles, resets and goes silent")
def faults(context):
    if reason := why_not():
        raise CannotRun(reason)
    options = SimpleNamespace(server=context.program("frame_echo"), client=context.program("client_echo"),
                              brief=context.brief, only="")
    return [judged(context, *figure) for figure in netns.run(options)]


def judged(context, what, value, bound, holds):
    """In the short form, which ctest runs beside others, no time is too long."""
    if context.brief and not holds and value.endswith(" s"):
        return Figure(what, value, f"{bound}: not judged, brief", None)
    return Figure(what, value, bound, holds)
