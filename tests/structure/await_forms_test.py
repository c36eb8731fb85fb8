"""Tests that await_forms finds bad statements and accepts good ones."""

import unittest

from await_forms import BRACES, CONDITIONAL, LAMBDA, find_bad_awaits

GOOD = [
    "co_await timer.async_wait(token);",
    "const auto [error, size] = co_await stream.Read(buffers[0], names.at(1)[2]);",
    'co_await socket.EmitAsync("a{b}", data); // {[=]}',
    "const ws::Json data = {{\"a\", 1}};\nco_await socket.EmitAsync(\"x\", data);",
    "while (co_await self->ServeOne()) {\n  Go({1});\n}",
    "if (const Error error = co_await Run(); error) { return Other{error}; }",
    "for (auto& item : co_await All()) { Use([&] { return item; }); }",
    "co_spawn(strand, [self]() -> awaitable<void> { co_await self->Run(); }, detached);",
    "if (ready) { Go(); } co_await Run();",
    "auto f = [&] { Go(); };\nco_await Run(f);",
    "co_await Run([](int a) { return a; });",
    "co_await Run([] { return 1; }, token);",
    "co_await Wait(late ? 1 : 2);",
    "if constexpr (co_await X()) { Y({}); }",
    "void F() noexcept {\n  co_await Run(); }",
    "try { co_await Run(); } catch (...) { Tell({1}); }",
    'auto text = R"(co_await f({1}))";',
    "const int n = 1'000'000; co_await Run(n); Use({n});",
    "auto task = []() -> awaitable<void> {\n  co_await Run();\n};",
]
BAD = [
    ('co_await socket.RequestAsync("x", {{"a", 1}});', BRACES),
    ("co_await Run(\n    ToResponse(\n        {431, text}));", BRACES),
    ("co_return co_await Run(Options{.port = 1});", BRACES),
    ("Run({1, text}, co_await Next());", BRACES),
    ("const Pair pair{co_await First(), co_await Second()};", BRACES),
    ("const Pair pair = {co_await First(), 2};", BRACES),
    ("co_return {co_await First(), 2};", BRACES),
    ("co_await Run([self] { self->Go(); });", LAMBDA),
    ("co_await Run(\n  [&](int a) { return a; }, token);", LAMBDA),
    ("co_await [this]() -> awaitable<void> { co_return; }();", LAMBDA),
    ("Run([self] { self->Go(); }, co_await Next());", LAMBDA),
    ("co_await (late ? First() : Second());", CONDITIONAL),
    ("const int a = late ? co_await First() : co_await Second();", CONDITIONAL),
]


class AwaitFormsTest(unittest.TestCase):
    def test_accepts_good_statements(self):
        for code in GOOD:
            with self.subTest(code):
                self.assertEqual(list(find_bad_awaits(code)), [])

    def test_finds_bad_statements(self):
        for code, problem in BAD:
            with self.subTest(code):
                self.assertIn(problem, [found for _, found in find_bad_awaits(code)])

    def test_reports_the_line(self):
        self.assertEqual(list(find_bad_awaits("int a;\n\nco_await\n Run({1});")), [(3, BRACES)])


if __name__ == "__main__":
    unittest.main()
