"""compile_errors.py FOLDER[:FOLDER]… COMPILER…: wrong callbacks fail to compile, and the first error says what to write.

Compiles each snippet with each compiler, in a function with a `ws::Handler socket`, and looks for the wanted words in the
first line that has `error:`. Snippets without words must compile. --show prints the first error line of each.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

HEADER = """#include <ws/handler.hpp>
#include <ws/target.hpp>
struct Point { int x = 0; };
struct Sum { int a = 0; NLOHMANN_DEFINE_TYPE_INTRUSIVE(Sum, a) };
"""
FILE = """void Register(ws::Handler socket, const ws::Target& target) {
  %s
  static_cast<void>(socket), static_cast<void>(target);
}
"""

LAMBDA = "the callback must be a function or a lambda"
PARAMETERS = "for a type of your own use OnTyped"
RETURNED = "the callback must return nothing, a value that nlohmann/json can write"
TYPED = "the callback of OnTyped must take (const T&) or (ws::Handler&, const T&)"
REQUEST = "the last argument of Request must be a callback"

SNIPPETS = [
    ("a correct callback", "socket.On(\"a\", [](ws::Handler& s, const ws::Json& d) { s.Emit(\"b\", d); });", None),
    ("a string as callback", "socket.On(\"a\", \"b\");", LAMBDA),
    ("a std::string as callback", "socket.On(\"a\", std::string(\"b\"));", LAMBDA),
    ("a number as callback", "socket.On(\"a\", 1);", LAMBDA),
    ("a null pointer as callback", "socket.Once(\"a\", nullptr);", LAMBDA),
    ("a number as callback of Use", "socket.Use(1);", LAMBDA),
    ("a type of its own in On", "socket.On(\"a\", [](const Point&) {});", PARAMETERS),
    ("a type of its own behind the Handler", "socket.On(\"a\", [](ws::Handler&, int) {});", PARAMETERS),
    ("a string in Once", "socket.Once(\"a\", [](const std::string&) {});", PARAMETERS),
    ("parameters in the wrong order", "socket.On(\"a\", [](const ws::Json&, ws::Handler&) {});", PARAMETERS),
    ("three parameters", "socket.On(\"a\", [](ws::Handler&, const ws::Json&, int) {});", PARAMETERS),
    ("data that is not const", "socket.On(\"a\", [](ws::Handler&, ws::Json&) {});", "take it as `const ws::Json& data`"),
    ("OnTyped without from_json", "socket.OnTyped(\"a\", [](const Point&) {});", "give it a from_json"),
    ("OnTyped<T> without from_json", "socket.OnTyped<Point>(\"a\", [](const auto&) {});", "give it a from_json"),
    ("OnTyped without parameters", "socket.OnTyped(\"a\", [] {});", TYPED),
    ("OnTyped with three parameters", "socket.OnTyped(\"a\", [](ws::Handler&, const Sum&, int) {});", TYPED),
    ("OnTyped with the Handler only", "socket.OnTyped(\"a\", [](ws::Handler&) {});", TYPED),
    ("OnTyped with two types", "socket.OnTyped(\"a\", [](const Sum&, const Sum&) {});", TYPED),
    ("OnTyped with a generic callback", "socket.OnTyped(\"a\", [](const auto&) {});", "OnTyped<T>(event, callback)"),
    ("OnTyped with a string as callback", "socket.OnTyped(\"a\", \"b\");", "must be a function or a lambda"),
    ("a result that is no JSON", "socket.On(\"a\", [] { return Point(); });", RETURNED),
    ("a coroutine's result that is no JSON",
     "socket.On(\"a\", []() -> boost::asio::awaitable<Point> { co_return Point(); });", RETURNED),
    ("OnTyped with a result that is no JSON", "socket.OnTyped(\"a\", [](const Sum&) { return Point(); });", RETURNED),
    ("Use that returns bool", "socket.Use([](ws::Handler&) { return true; });", "a callback of Use must return nothing"),
    ("Use that returns a value", "socket.Use([](ws::Handler&, const ws::Message&) { return 1; });", "std::optional<ws::Failure>"),
    ("Use that returns a Result", "socket.Use([](ws::Handler&) -> ws::Result { return 1; });", "std::optional<ws::Failure>"),
    ("a request without a callback", "socket.Request(\"a\", ws::Json(1));", REQUEST),
    ("a request's callback with a wrong argument", "socket.Request(\"a\", 1, [](const Point&) {});", REQUEST),
    ("a group's callback for one reply", "target.Request(\"a\", [](const ws::Reply&) {});", REQUEST),
]


class Compiler:
    """Compiles snippets behind the header, which is compiled once."""

    def __init__(self, compiler, includes, folder):
        self.name, self.header = compiler, pathlib.Path(folder, compiler.replace("/", "_") + ".hpp")
        self.command = [compiler, "-std=c++20", *(f"-I{folder}" for folder in includes if folder)]
        self.environment = {**os.environ, "LC_ALL": "C"}
        self.header.write_text(HEADER)
        precompiled = [*self.command, "-x", "c++-header", str(self.header), "-o", f"{self.header}.gch"]
        subprocess.run(precompiled, check=True, env=self.environment)

    def first_error(self, code):
        """The first line with `error:`; empty if the code compiles."""
        command = [*self.command, "-fsyntax-only", "-include", str(self.header), "-x", "c++", "-"]
        run = subprocess.run(command, input=FILE % code, capture_output=True, text=True, env=self.environment)
        lines = [line for line in run.stderr.splitlines() if "error:" in line]
        return lines[0] if lines else "" if run.returncode == 0 else run.stderr


def main():
    show = "--show" in sys.argv
    include, *names = [argument for argument in sys.argv[1:] if argument != "--show"]
    failures = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        compilers = list(pool.map(lambda name: Compiler(name, include.split(":"), folder), names))
        runs = [(compiler, name, words, pool.submit(compiler.first_error, code))
                for compiler in compilers for name, code, words in SNIPPETS]
        for compiler, name, words, run in runs:
            line = run.result()
            good = not line if words is None else words in line
            failures += not good
            if show or not good:
                print(f"{'ok' if good else 'FAILED'}: {compiler.name}: {name}: {line or 'compiles'}", flush=True)
    print(f"{len(runs) - failures} of {len(runs)} snippets as expected")
    sys.exit(failures != 0)


if __name__ == "__main__":
    main()
