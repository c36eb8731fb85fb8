"""structure.py PROJECT: checks the project's rules on files, includes and coroutines that no compiler checks."""

import pathlib
import re
import subprocess
import sys

from await_forms import blank_comments_and_literals, find_bad_awaits

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "CHANGELOG.md", "README.md", "LICENSE", "include", "src", "tests", "examples", "cmake"}
API_HEADERS = {"handler", "hub", "target", "broadcast_group", "server", "client", "event_callbacks", "json_schema", "ws"}
# The layers from bottom to top. A layer may include itself and the listed layers. Its files must not include, directly or through
# other headers of the project, a system header that matches the pattern.
LAYERS = {
    "vocabulary": ([], r"boost/beast"),
    "protocol": (["vocabulary"], r"boost/(asio|beast)|thread|mutex|shared_mutex|condition_variable|future"),
    "dispatch": (["vocabulary", "protocol"], r"boost/beast"),
    "connection": (["vocabulary", "protocol", "dispatch"], r"boost/beast"),
    "hub": (["vocabulary", "protocol", "dispatch", "connection"], r"boost/beast"),
    "transport": (["vocabulary", "protocol", "dispatch", "connection"], r"$^"),
    "http": (["vocabulary", "protocol", "dispatch", "connection", "transport"], r"$^"),
    "client": (["vocabulary", "protocol", "dispatch", "connection", "transport"], r"$^"),
    "api": (["vocabulary", "protocol", "dispatch", "connection", "hub", "transport", "http", "client"], r"$^"),
}
MAX_LINES = 300
# Users and what they copy include public headers only.
PUBLIC_USERS = (("examples",), ("tests", "packaging"), ("tests", "readme"), ("tests", "clients"))
CPP_SUFFIXES = {".cpp", ".hpp"}
CHECKED_SUFFIXES = CPP_SUFFIXES | {".py", ".js", ".mjs", ".ts", ".md"}
LOCK_FILE, NODE_VERSION = "package-lock.json", 18    # the version of Debian 12
CMAKE_FILE = "CMakeLists.txt"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)
SLEEPS = re.compile(r"\b(sleep_for|sleep_until|usleep|waitForTimeout)\b")


def list_files(project):
    """Returns the relative paths of all files except those that git ignores."""
    command = ["git", "-C", project, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):  # not a git checkout
        names = (path.relative_to(project).as_posix() for path in project.rglob("*"))
        names = (name for name in names if not re.match(r"build|\.", name))
    return sorted(pathlib.PurePosixPath(name) for name in names if name and (project / name).is_file())


def find_layer(path):
    """Returns the layer of a file in include/ or src/, or None for other files."""
    if path.parts[:3] == ("include", "ws", "detail"):
        return path.parts[3]
    if path.parts[:2] == ("include", "ws"):
        return "api" if path.stem in API_HEADERS else "vocabulary"
    return path.parts[1] if path.parts[0] == "src" and len(path.parts) > 2 else None


class Check:
    def __init__(self, project):
        self.files, self.failures, self.reported = list_files(project), [], set()
        checked = (path for path in self.files if path.suffix in CHECKED_SUFFIXES or path.name in (LOCK_FILE, CMAKE_FILE))
        self.texts = {path: (project / path).read_text(errors="replace") for path in checked}

    def fail(self, path, line, problem):
        self.failures.append(f"{path}:{line}: {problem}" if line else f"{path}: {problem}")

    def fail_at(self, path, pattern, text, problem):
        for match in re.finditer(pattern, text):
            self.fail(path, text.count("\n", 0, match.start()) + 1, problem.format(match.group()))

    def find_includes(self, path):
        """Yields (line, name, the project's file or None) for each include."""
        for match in INCLUDE.finditer(self.texts[path]):
            own = [pathlib.PurePosixPath(folder, match.group(1)) for folder in ("include", "src")]
            line = self.texts[path].count("\n", 0, match.start(1)) + 1
            yield line, match.group(1), next((file for file in own if file in self.texts), None)

    def find_system_headers(self, path, seen):
        """Yields (file, line, name) for each system header that a file includes directly or through headers of the project."""
        seen.add(path)
        for line, name, own in self.find_includes(path):
            if own is None:
                yield path, line, name
            elif own not in seen:
                yield from self.find_system_headers(own, seen)

    def check_layer(self, path):
        layer, (below, forbidden) = find_layer(path), LAYERS[find_layer(path)]
        for line, name, own in self.find_includes(path):
            if own and find_layer(own) not in below + [layer]:
                self.fail(path, line, f'layer {layer} includes "{name}" of the higher layer {find_layer(own)}')
        forbidden += "|boost/beast" if path.parts[0] == "include" else ""
        for file, line, name in self.find_system_headers(path, set()):
            if re.match(rf"({forbidden})(/|\.|$)", name) and (file, line) not in self.reported:
                self.reported.add((file, line))
                self.fail(file, line, f"{path} must not include <{name}>, directly or through this file")

    def check_cycles(self):
        """Two components below the api layer (a header with its source file) must not include each other, directly or not."""
        includes = {}
        for path in self.texts:
            if find_layer(path) in set(LAYERS) - {"api"} and path.suffix in CPP_SUFFIXES:
                component = find_layer(path), path.stem
                own = {(find_layer(file), file.stem) for _, _, file in self.find_includes(path) if file}
                includes.setdefault(component, set()).update(own - {component})
        done = set()

        def visit(component, chain):
            if component in chain:
                names = [f"{layer}/{stem}" for layer, stem in chain[chain.index(component):] + [component]]
                self.fail(names[0], None, "include each other: " + " > ".join(names))
            elif component not in done:
                for next_component in sorted(includes.get(component, ())):
                    visit(next_component, chain + [component])
                done.add(component)

        for component in sorted(includes):
            visit(component, [])

    def check_file(self, path):
        text, folder = self.texts[path], path.parts[0]
        code = blank_comments_and_literals(text) if path.suffix in CPP_SUFFIXES else text
        if folder in ("include", "src"):
            if (lines := text.count("\n")) > MAX_LINES:
                self.fail(path, None, f"{lines} lines; the maximum is {MAX_LINES}")
            if path.suffix in CPP_SUFFIXES:
                self.fail_at(path, r"\bstd::cout\b", code, "{} in the library")
        if folder in ("include", "src", "tests") and path.parts[:2] != ("tests", "structure"):
            self.fail_at(path, SLEEPS, code, "{}: do not sleep to synchronise")
        if any(path.parts[:len(user)] == user for user in PUBLIC_USERS) or path.suffix == ".md":
            self.fail_at(path, r'#[ \t]*include[ \t]*[<"]ws/detail/', text, "{}: detail headers are not for users")
        if folder == "include" and not re.match(r"//.*\n(?:.*\n)*?#pragma once\n", text):
            self.fail(path, 1, "a public header must begin with a comment that describes it, followed by #pragma once")
        if path.name == LOCK_FILE:
            for match in re.finditer(r'"node": ">= ?(\d+)', text):
                if int(match[1]) > NODE_VERSION:
                    self.fail(path, text.count("\n", 0, match.start()) + 1, f"needs Node {match[1]}; Debian 12 has {NODE_VERSION}")
        if path.name == CMAKE_FILE:
            self.fail_at(path, r"\bBOOST_(ASIO|BEAST)_\w+", text,
                         "{}: a definition for some files of a program violates the one-definition rule")
        if find_layer(path) == "protocol":
            self.fail_at(path, r"::now\(", code, "{}): the protocol layer must not read a clock; pass the time in")
        if find_layer(path) in LAYERS and path.suffix in CPP_SUFFIXES:
            self.check_layer(path)
        snippets = [(0, text)] if path.suffix in CPP_SUFFIXES else []
        if path.suffix == ".md":
            blocks = re.finditer(r"^```(?:cpp|c\+\+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
            snippets = [(text.count("\n", 0, block.start(1)), block.group(1)) for block in blocks]
        for offset, snippet in snippets:
            for line, problem in find_bad_awaits(snippet):
                self.fail(path, offset + line, f"{problem}: GCC 12 miscompiles it; name it in an earlier statement")

    def run(self):
        for name in sorted({path.parts[0] for path in self.files} - TOP_LEVEL):
            if not name.startswith("."):
                self.fail(name, None, "this file or folder is not allowed at the top level")
        for path in self.texts:
            self.check_file(path)
        self.check_cycles()
        print("\n".join(self.failures) or f"{len(self.texts)} files follow the rules")
        return 1 if self.failures else 0


if __name__ == "__main__":
    sys.exit(Check(pathlib.Path(sys.argv[1])).run())
