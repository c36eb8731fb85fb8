#include "utf8_chunks.hpp"

#include "support/catch.hpp"

namespace {

using repl::Utf8Chunks;

const std::string bad = std::string(Utf8Chunks::replacement);

std::string Whole(std::string_view bytes) {
  Utf8Chunks chunks;
  std::string out;
  chunks.Append(bytes, out);
  chunks.Finish(out);
  return out;
}

}  // namespace

TEST_CASE("text split at every byte is restored, and no piece ends inside a character") {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z\xEF\xBF\xBF\xF4\x8F\xBF\xBF";
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      Utf8Chunks chunks;
      std::string out;
      for (const std::string& piece :
           {text.substr(0, first), text.substr(first, second - first), text.substr(second)}) {
        std::string part;
        chunks.Append(piece, part);
        CHECK(repl::IsUtf8(part));
        out += part;
      }
      chunks.Finish(out);
      CHECK(out == text);
    }
  }
}

TEST_CASE("bytes that are not UTF-8 become one U+FFFD for each maximal subpart") {
  CHECK(Whole("a\xFFz") == "a" + bad + "z");
  CHECK(Whole("\x80\xBF") == bad + bad);
  CHECK(Whole("\xC0\xAF") == bad + bad);                      // overlong
  CHECK(Whole("\xED\xA0\x80") == bad + bad + bad);            // a surrogate
  CHECK(Whole("\xF4\x90\x80\x80") == bad + bad + bad + bad);  // above U+10FFFF
  CHECK(Whole("\xE2\x82"
              "a") == bad + "a");  // interrupted by another character
  CHECK(Whole("\xF0\x9F\x98\xF0\x9F\x98\x80") == bad + "\xF0\x9F\x98\x80");
}

TEST_CASE("invalid bytes give the same text regardless of how they are split") {
  const std::string text =
      "\xF0\x9F\x98\xE2\x82"
      "a\xED\xA0\x80\xC3\xFF\xF1\x80";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Chunks chunks;
    std::string out;
    chunks.Append(std::string_view(text).substr(0, cut), out);
    chunks.Append(std::string_view(text).substr(cut), out);
    chunks.Finish(out);
    CHECK(out == Whole(text));
  }
}

TEST_CASE("an incomplete character at the end of the stream becomes one U+FFFD") {
  CHECK(Whole("ok\xF0\x9F\x98") == "ok" + bad);
  CHECK(Whole("") == "");
}

TEST_CASE("the output has at most three bytes for each input byte") {
  Utf8Chunks chunks;
  std::string out;
  chunks.Append("\xF0\x9F\x98", out);
  CHECK(out.empty());
  chunks.Append(std::string(1000, '\xFF'), out);
  CHECK(out.size() <= 3 * (1000 + Utf8Chunks::max_held_bytes));
}
