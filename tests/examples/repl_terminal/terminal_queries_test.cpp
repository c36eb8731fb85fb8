#include "terminal_queries.hpp"

#include <algorithm>

#include "support/catch.hpp"

using repl::WithoutQueries;

TEST_CASE("what makes a terminal answer is taken out") {
  const std::string query = GENERATE(
      as<std::string>(), "\x05", "\x1b[c", "\x1b[0c", "\x1b[>c", "\x1b[=c", "\x1b[6n", "\x1b[?6n", "\x1b[5n",
      "\x1b[?25$p", "\x1b[20$p", "\x1b[>q", "\x1b[>0q", "\x1b[18t", "\x1b[21t", "\x1b[x", "\x1b[?u", "\x1bZ",
      "\x1b]10;?\x07", "\x1b]11;?\x1b\\", "\x1b]4;1;?\x07", "\x1b]52;c;?\x07", "\x1bP$qm\x1b\\", "\x1bP+q544e\x1b\\");
  CHECK(WithoutQueries("a" + query + "b") == "ab");
  CHECK(WithoutQueries(query) == "");
}

TEST_CASE("queries are found in other spellings") {
  CHECK(WithoutQueries("\u009bc") == "");  // C1
  CHECK(WithoutQueries("\u009d10;?\u009c") == "");
  CHECK(WithoutQueries("\x1b[6\nn") == "");          // a control character inside is carried out, and the rest counts
  CHECK(WithoutQueries("\x1b[\x1b[6n") == "\x1b[");  // one that another interrupts
  CHECK(WithoutQueries("\x1b]0;x\x1b[6n") == "\x1b]0;x");
  CHECK(WithoutQueries("\x1b[\x7f"
                       "c") == "");
  CHECK(WithoutQueries("\x1b\n[c") == "\n");
  CHECK(WithoutQueries("\x1b\x7f[6n") == "\x7f");
  CHECK(WithoutQueries("\x1bP1$qm\x1b\\") == "");
  CHECK(WithoutQueries("\x1b]10;\x01?\x07") == "");
  CHECK(WithoutQueries("\x1bP\x07$qm\x1b\\") == "");  // BEL ends no DCS
  CHECK(WithoutQueries("\x1bP$\x01qm\x1b\\") == "");
}

TEST_CASE("everything else stays as it is") {
  const std::string kept =
      GENERATE(as<std::string>(), "", "plain\r\n", "\x1b[31mred\x1b[0m", "\x1b[2J\x1b[1;1H", "\x1b[?1049h", "\x1b[!p",
               "\x1b[2 q", "\x1b[22;0t", "\x1b]0;what?\x07", "\x1b]8;;http://a/?b\x1b\\", "\x1b(B", "\x1b=", "é\u00a0ü",
               "\x1b[3", "\x1b", "\x1b]0;");
  CHECK(WithoutQueries(kept) == kept);
}

TEST_CASE("output in parts is filtered as a whole") {
  const std::string output = "a\x1b[31mb\x1b[6nc\x1b]11;?\x1b\\d\u009bce\x1b\n[cf";
  for (std::size_t size = 1; size <= output.size(); ++size) {
    repl::QueryFilter filter;
    std::string passed;
    for (std::size_t at = 0; at < output.size(); at += size) passed += filter.Pass(output.substr(at, size));
    CHECK(passed + filter.ShowRest() == WithoutQueries(output));
  }
}

TEST_CASE("a sequence that does not end is let through") {
  repl::QueryFilter filter;
  CHECK(filter.Pass("\x1bPq").empty());
  CHECK(filter.Pass(std::string(5000, 'x')).size() == 5003);
  CHECK(filter.ShowRest().empty());
}

TEST_CASE("a query whose beginning was shown is taken back, and another sequence goes on") {
  for (std::size_t cut = 1; cut < 4; ++cut) {
    const std::string query = "\x1b[6n", colour = "\x1b[31m";
    repl::QueryFilter filter;
    CHECK(filter.Pass(query.substr(0, cut)).empty());
    CHECK(filter.ShowRest() == query.substr(0, cut));
    CHECK(filter.ShowRest().empty());
    CHECK(filter.Pass(query.substr(cut) + "a") ==
          "\x18"
          "a");
    CHECK(filter.Pass(colour.substr(0, cut)).empty());
    CHECK(filter.ShowRest() == colour.substr(0, cut));
    CHECK(filter.Pass(colour.substr(cut) + "b") == colour.substr(cut) + "b");
  }
}
