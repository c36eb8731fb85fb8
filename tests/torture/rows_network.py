"""Row 42: network faults between two network namespaces."""

from types import SimpleNamespace

import netns
from link_emulator import unavailable_reason
from plan import CannotRun, Figure, row


@row(42, "a link with packet loss, delay, a rate limit, resets and outages")
def faults(context):
    if reason := unavailable_reason():
        raise CannotRun(reason)
    options = SimpleNamespace(server=context.program("frame_echo"), client=context.program("client_echo"),
                              brief=context.brief, only="")
    return [to_figure(context, *result) for result in netns.run(options)]


def to_figure(context, name, value, bound, passed):
    """Ignores exceeded time bounds in the brief form, because ctest may run other tests in parallel."""
    if context.brief and not passed and value.endswith(" s"):
        return Figure(name, value, f"{bound}: not checked, brief", None)
    return Figure(name, value, bound, passed)
