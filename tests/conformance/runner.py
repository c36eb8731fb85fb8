"""Runs cases in parallel and reports those that fail."""

import traceback
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch

import registry
from frames import Violation


def add_arguments(parser):
    parser.add_argument("--only", default="*", metavar="GLOB", help="run only the cases whose names match")
    parser.add_argument("--jobs", type=int, default=16, help="number of cases that run in parallel")
    parser.add_argument("--brief", action="store_true", help="do not repeat the other cases with permessage-deflate")
    parser.add_argument("--list", action="store_true", help="print the names of the cases and run none")


def run_case(case, target):
    """Returns None if the case passes, else a description of the failure."""
    try:
        case.run(target)
    except Violation as violation:
        return str(violation)
    except Exception:  # an error in the case itself fails only that case
        return traceback.format_exc()
    return None


def run(target, options):
    """Runs the selected cases. Returns the exit code: 0 if at least one case ran and all passed."""
    registered = registry.CASES + (registry.DEFLATE_CASES if options.deflate and not options.brief else [])
    cases = [case for case in registered if fnmatch(case.name, options.only)]
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for case, problem in zip(cases, pool.map(lambda case: run_case(case, target), cases)):
            if problem:
                failed += 1
                print(f"FAIL {case.name}: {problem}", flush=True)
    if not cases:
        print(f"no case matches {options.only}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0
