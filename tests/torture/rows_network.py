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
    return [Figure(*figure) for figure in netns.run(options)]
