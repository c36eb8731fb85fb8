"""Runs cases side by side and says which fell short."""

import traceback
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch

import registry
from frames import Violation


def add_arguments(parser):
    parser.add_argument("--only", default="*", metavar="GLOB", help="cases by name")
    parser.add_argument("--jobs", type=int, default=16, help="cases at a time")
    parser.add_argument("--brief", action="store_true", help="does not repeat the other cases under deflate")
    parser.add_argument("--list", action="store_true", help="names the cases, runs none")


def outcome(case, target):
    """None, or what went wrong."""
    try:
        case.run(target)
    except Violation as violation:
        return str(violation)
    except Exception:  # a fault of the case's own fails that case only
        return traceback.format_exc()
    return None


def run(target, options):
    """The exit code: 0 where every chosen case passed, and there was one."""
    registered = registry.CASES + (registry.UNDER_DEFLATE if options.deflate and not options.brief else [])
    cases = [case for case in registered if fnmatch(case.name, options.only)]
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for case, problem in zip(cases, pool.map(lambda case: outcome(case, target), cases)):
            if problem:
                failed += 1
                print(f"FAIL {case.name}: {problem}", flush=True)
    if not cases:
        print(f"no case is called {options.only}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0
