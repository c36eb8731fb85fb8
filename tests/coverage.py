"""coverage.py BUILD: prints the line coverage of src/ and include/ws by all runs since the build.

    cmake --preset coverage && cmake --build --preset coverage
    ctest --test-dir build-coverage --label-exclude once
    python3 tests/coverage.py build-coverage

A line of a template is covered if any of its instances executed it.
"""

import collections
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("include/ws", "src")


def read(build):
    """Returns {file: {line: execution count}} for the library's files."""
    lines = collections.defaultdict(dict)
    notes = sorted(str(path.resolve()) for path in build.rglob("*.gcda"))
    if not notes:
        sys.exit(f"coverage.py: no program has run in {build}")
    with tempfile.TemporaryDirectory() as folder:
        for begin in range(0, len(notes), 20):
            subprocess.run(["gcov", "--json-format", *notes[begin:begin + 20]], cwd=folder, check=True, capture_output=True)
            for report in pathlib.Path(folder).glob("*.gz"):
                add(lines, json.loads(gzip.decompress(report.read_bytes())), build)
                report.unlink()
    return lines


def add(lines, report, build):
    for file in report["files"]:
        path = pathlib.Path(report["current_working_directory"], file["file"]).resolve()
        if not path.is_relative_to(PROJECT):
            continue
        name = str(path.relative_to(PROJECT))
        if name.startswith(FOLDERS):
            for line in file["lines"]:
                number = line["line_number"]
                lines[name][number] = lines[name].get(number, 0) + line["count"]


def percent_covered(counts):
    return 100 * sum(count > 0 for count in counts) / max(1, len(counts))


def main():
    lines = read(pathlib.Path(sys.argv[1]))
    folders = collections.defaultdict(list)
    for name, counts in lines.items():
        folders[str(pathlib.Path(name).parent)] += counts.values()
    for folder, counts in sorted(folders.items()):
        print(f"{folder:28} {percent_covered(counts):6.1f} % of {len(counts)} lines")
    print(f"{'all':28} {percent_covered([count for counts in folders.values() for count in counts]):6.1f} %\n")
    for name, counts in sorted(lines.items(), key=lambda entry: percent_covered(entry[1].values())):
        missed = [str(number) for number, count in sorted(counts.items()) if count == 0]
        if missed:
            print(f"{name}: {percent_covered(counts.values()):.1f} %, not lines {', '.join(missed)}")


if __name__ == "__main__":
    main()
