"""structure.py PROJECT: the rules on files, includes and coroutines that no compiler checks."""

import pathlib
import re
import subprocess
import sys

from await_forms import find_bad_awaits, strip_texts

TOP = {"CMakeLists.txt", "CMakePresets.json", "CHANGELOG.md", "README.md", "LICENSE", "include", "src", "tests", "examples", "cmake"}
API_HEADERS = {"handler", "hub", "target", "broadcast_group", "server", "client", "json_schema", "ws"}
# Bottom up: a layer includes itself and those it lists, and its files reach none of the system headers that it refuses.
LAYERS = {
    "vocabulary": ([], r"boost/beast"),
    "protocol": (["vocabulary"], r"boost/(asio|beast)|thread|mutex|shared_mutex|condition_variable|future"),
    "dispatch": (["vocabulary", "protocol"], r"boost/beast"),
    "transport": (["vocabulary", "protocol", "dispatch"], r"$^"),
    "hub": (["vocabulary", "protocol", "dispatch", "transport"], r"$^"),
    "api": (["vocabulary", "protocol", "dispatch", "transport", "hub"], r"$^"),
}
PROGRAMS = {".cpp", ".hpp"}
READ = PROGRAMS | {".py", ".js", ".mjs", ".ts", ".md"}
LOCK, NODE = "package-lock.json", 18    # Debian 12's
BUILD = "CMakeLists.txt"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)
SLEEPS = re.compile(r"\b(sleep_for|sleep_until|usleep|waitForTimeout)\b")


def list_files(project):
    """Relative paths of all that is, or may be, committed."""
    command = ["git", "-C", project, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):  # no checkout
        names = (path.relative_to(project).as_posix() for path in project.rglob("*"))
        names = (name for name in names if not re.match(r"build|\.", name))
    return sorted(pathlib.PurePosixPath(name) for name in names if name and (project / name).is_file())


def find_layer(path):
    """The layer of a file of include/ or src/; None for others."""
    if path.parts[:3] == ("include", "ws", "detail"):
        return path.parts[3]
    if path.parts[:2] == ("include", "ws"):
        return "api" if path.stem in API_HEADERS else "vocabulary"
    return path.parts[1] if path.parts[0] == "src" and len(path.parts) > 2 else None


class Check:
    def __init__(self, project):
        self.files, self.failures, self.told = list_files(project), [], set()
        read = (path for path in self.files if path.suffix in READ or path.name in (LOCK, BUILD))
        self.texts = {path: (project / path).read_text(errors="replace") for path in read}

    def fail(self, path, line, why):
        self.failures.append(f"{path}:{line}: {why}" if line else f"{path}: {why}")

    def fail_at(self, path, pattern, text, why):
        for match in re.finditer(pattern, text):
            self.fail(path, text.count("\n", 0, match.start()) + 1, why.format(match.group()))

    def included(self, path):
        """(line, name, the project's own file or None) of each include."""
        for match in INCLUDE.finditer(self.texts[path]):
            own = [pathlib.PurePosixPath(folder, match.group(1)) for folder in ("include", "src")]
            line = self.texts[path].count("\n", 0, match.start(1)) + 1
            yield line, match.group(1), next((file for file in own if file in self.texts), None)

    def reach(self, path, seen):
        """(file, line, name) of each system header that a file reaches by the project's own headers."""
        seen.add(path)
        for line, name, own in self.included(path):
            if own is None:
                yield path, line, name
            elif own not in seen:
                yield from self.reach(own, seen)

    def check_layer(self, path):
        layer, (below, refused) = find_layer(path), LAYERS[find_layer(path)]
        for line, name, own in self.included(path):
            if own and find_layer(own) not in below + [layer]:
                self.fail(path, line, f'{layer} includes upward: "{name}" is {find_layer(own)}')
        refused += "|boost/beast" if path.parts[0] == "include" else ""
        for where, line, name in self.reach(path, set()):
            if re.match(rf"({refused})(/|\.|$)", name) and (where, line) not in self.told:
                self.told.add((where, line))
                self.fail(where, line, f"{path} may not reach <{name}>")

    def check_file(self, path):
        text, folder = self.texts[path], path.parts[0]
        code = strip_texts(text) if path.suffix in PROGRAMS else text
        if folder in ("include", "src"):
            if (lines := text.count("\n")) > 300:
                self.fail(path, None, f"{lines} lines, of at most 300")
            self.fail_at(path, r"\bstd::cout\b", code, "{} in the library")
        if folder in ("include", "src", "tests") and path.parts[:2] != ("tests", "structure"):
            self.fail_at(path, SLEEPS, code, "{}: sleeping is no synchronisation")
        if folder == "include" and not re.match(r"//.*\n(?:.*\n)*?#pragma once\n", text):
            self.fail(path, 1, "a public header begins with a comment that says what it is, then #pragma once")
        if path.name == LOCK:
            for match in re.finditer(r'"node": ">= ?(\d+)', text):
                if int(match[1]) > NODE:
                    self.fail(path, text.count("\n", 0, match.start()) + 1, f"needs Node {match[1]}; Debian 12 has {NODE}")
        if path.name == BUILD:
            self.fail_at(path, r"\bBOOST_(ASIO|BEAST)_\w+", text, "{} for some files of a program: inline functions would differ")
        if find_layer(path) == "protocol":
            self.fail_at(path, r"::now\(", code, "{}) in the protocol: time is passed in")
        if find_layer(path) in LAYERS and path.suffix in PROGRAMS:
            self.check_layer(path)
        snippets = [(0, text)] if path.suffix in PROGRAMS else []
        if path.suffix == ".md":
            blocks = re.finditer(r"^```(?:cpp|c\+\+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
            snippets = [(text.count("\n", 0, block.start(1)), block.group(1)) for block in blocks]
        for offset, snippet in snippets:
            for line, wrong in find_bad_awaits(snippet):
                self.fail(path, offset + line, f"{wrong}: GCC 12 compiles it wrongly; name it in a statement before")

    def run(self):
        for top in sorted({path.parts[0] for path in self.files} - TOP):
            if not top.startswith("."):
                self.fail(top, None, "does not belong at the top level")
        for path in self.texts:
            self.check_file(path)
        print("\n".join(self.failures) or f"{len(self.texts)} files are in order")
        return 1 if self.failures else 0


if __name__ == "__main__":
    sys.exit(Check(pathlib.Path(sys.argv[1])).run())
