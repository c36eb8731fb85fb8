#include "terminal_queries.hpp"

#include <algorithm>

#include "support/catch.hpp"

using repl::StripQueries;

TEST_CASE("terminal queries are removed") {
  const std::string query = GENERATE(
      as<std::string>(), "\x05", "\x1b[c", "\x1b[0c", "\x1b[>c", "\x1b[=c", "\x1b[6n", "\x1b[?6n", "\x1b[5n",
      "\x1b[?25$p", "\x1b[20$p", "\x1b[>q", "\x1b[>0q", "\x1b[18t", "\x1b[21t", "\x1b[x", "\x1b[?u", "\x1bZ",
      "\x1b]10;?\x07", "\x1b]11;?\x1b\\", "\x1b]4;1;?\x07", "\x1b]52;c;?\x07", "\x1bP$qm\x1b\\", "\x1bP+q544e\x1b\\");
  CHECK(StripQueries("a" + query + "b") == "ab");
  CHECK(StripQueries(query) == "");
}

TEST_CASE("queries are found in other encodings") {
  CHECK(StripQueries("\u009bc") == "");  // C1
  CHECK(StripQueries("\u009d10;?\u009c") == "");
  CHECK(StripQueries("\x1b[6\nn") == "");          // a control character inside the sequence is executed
  CHECK(StripQueries("\x1b[\x1b[6n") == "\x1b[");  // a query that interrupts a sequence
  CHECK(StripQueries("\x1b]0;x\x1b[6n") == "\x1b]0;x");
  CHECK(StripQueries("\x1b[\x7f"
                     "c") == "");
  CHECK(StripQueries("\x1b\n[c") == "\n");
  CHECK(StripQueries("\x1b\x7f[6n") == "\x7f");
  CHECK(StripQueries("\x1bP1$qm\x1b\\") == "");
  CHECK(StripQueries("\x1b]10;\x01?\x07") == "");
  CHECK(StripQueries("\x1bP\x07$qm\x1b\\") == "");  // BEL does not end a DCS
  CHECK(StripQueries("\x1bP$\x01qm\x1b\\") == "");
}

TEST_CASE("all other output is unchanged") {
  const std::string kept =
      GENERATE(as<std::string>(), "", "plain\r\n", "\x1b[31mred\x1b[0m", "\x1b[2J\x1b[1;1H", "\x1b[?1049h", "\x1b[!p",
               "\x1b[2 q", "\x1b[22;0t", "\x1b]0;what?\x07", "\x1b]8;;http://a/?b\x1b\\", "\x1b(B", "\x1b=", "é\u00a0ü",
               "\x1b[3", "\x1b", "\x1b]0;");
  CHECK(StripQueries(kept) == kept);
}

TEST_CASE("output in parts is filtered like the whole output") {
  const std::string output = "a\x1b[31mb\x1b[6nc\x1b]11;?\x1b\\d\u009bce\x1b\n[cf";
  for (std::size_t size = 1; size <= output.size(); ++size) {
    repl::QueryFilter filter;
    std::string filtered;
    for (std::size_t at = 0; at < output.size(); at += size) filtered += filter.Filter(output.substr(at, size));
    CHECK(filtered + filter.Flush() == StripQueries(output));
  }
}

TEST_CASE("a sequence that does not end is passed through") {
  repl::QueryFilter filter;
  CHECK(filter.Filter("\x1bPq").empty());
  CHECK(filter.Filter(std::string(5000, 'x')).size() == 5003);
  CHECK(filter.Flush().empty());
}

TEST_CASE("a query whose start was flushed is cancelled, and another sequence is continued") {
  for (std::size_t cut = 1; cut < 4; ++cut) {
    const std::string query = "\x1b[6n", colour = "\x1b[31m";
    repl::QueryFilter filter;
    CHECK(filter.Filter(query.substr(0, cut)).empty());
    CHECK(filter.Flush() == query.substr(0, cut));
    CHECK(filter.Flush().empty());
    CHECK(filter.Filter(query.substr(cut) + "a") ==
          "\x18"
          "a");
    CHECK(filter.Filter(colour.substr(0, cut)).empty());
    CHECK(filter.Flush() == colour.substr(0, cut));
    CHECK(filter.Filter(colour.substr(cut) + "b") == colour.substr(cut) + "b");
  }
}
