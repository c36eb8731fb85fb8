#include "scrollback.hpp"

#include <string>

#include "support/catch.hpp"

using repl::Scrollback;
using repl::WindowSize;

namespace {

std::string TextOf(const Scrollback& scrollback) {
  std::string text;
  for (const auto& run : scrollback.Runs()) text += run.text;
  return text;
}

}  // namespace

TEST_CASE("output is returned in order, with the window sizes at which it was written") {
  Scrollback scrollback(1000, {80, 24});
  scrollback.Append("one ");
  scrollback.Append("two ");
  scrollback.Resize({100, 30});
  scrollback.Resize({40, 10});
  scrollback.Append("three");
  const auto runs = scrollback.Runs();
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].text == "one two ");
  CHECK(runs[0].size == WindowSize{80, 24});
  CHECK(runs[1].text == "three");
  CHECK(runs[1].size == WindowSize{40, 10});
  CHECK(Scrollback(10, {}).Runs().empty());
}

TEST_CASE("the oldest output is dropped, and the rest starts with a complete line") {
  constexpr std::size_t limit = 100'000;
  Scrollback scrollback(limit, {});
  std::string all;
  for (int number = 0; number < 50'000; ++number) {
    const std::string line = "line " + std::to_string(number) + "\n";
    all += line;
    scrollback.Append(line);
    CHECK(scrollback.Bytes() <= limit);
  }
  const std::string kept = TextOf(scrollback);
  CHECK(kept.size() > limit / 2);
  CHECK(kept.starts_with("line "));
  CHECK(all.ends_with(kept));
}

TEST_CASE("a single line that is larger than the scrollback is cut") {
  Scrollback scrollback(50'000, {});
  for (int number = 0; number < 1000; ++number) scrollback.Append(std::string(1000, 'x'));
  CHECK(scrollback.Bytes() <= 50'000);
  CHECK(TextOf(scrollback).size() <= 50'000);
}

TEST_CASE("output without line breaks is kept from an escape sequence on") {
  Scrollback scrollback(100'000, {});
  for (int number = 0; number < 20'000; ++number) scrollback.Append("\x1b[1;1Hcell " + std::to_string(number));
  const std::string kept = TextOf(scrollback);
  CHECK(kept.size() > 50'000);
  CHECK(kept.starts_with("\x1b[1;1H"));
}

TEST_CASE("the scrollback contains no terminal queries") {
  Scrollback scrollback(1000, {});
  scrollback.Append("a\x1b[");
  scrollback.Append("6nb");
  CHECK(TextOf(scrollback) == "ab");
}
