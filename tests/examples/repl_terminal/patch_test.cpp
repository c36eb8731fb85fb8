#include "patch.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"

namespace {

using repl::ApplyPatch;

nlohmann::json Vectors() {
  std::ifstream file(PATCH_VECTORS);
  return nlohmann::json::parse(file);
}

bool IsRefused(std::string_view base, std::string_view patch) {
  return !ApplyPatch(base, patch);
}

}  // namespace

TEST_CASE("patches from the npm package give the expected results") {
  const nlohmann::json vectors = Vectors();
  CHECK(vectors.size() >= 50);
  for (const nlohmann::json& vector : vectors) {
    INFO(vector.at("name").get<std::string>());
    const auto result = ApplyPatch(vector.at("base").get<std::string>(), vector.at("patch").get<std::string>());
    REQUIRE(result);
    CHECK(*result == vector.at("result").get<std::string>());
  }
}

TEST_CASE("a patch is refused as a whole if the context of one hunk is not in the text") {
  const std::string base = "one two three four five six seven eight nine ten\n";
  const std::string patch = "@@ -4,8 +4,9 @@\n  two\n+x\n  thr\n";
  CHECK(*ApplyPatch(base, patch) == "one twox three four five six seven eight nine ten\n");
  CHECK(IsRefused("one TWO three four five six seven eight nine ten\n", patch));
  CHECK(IsRefused("", patch));
  CHECK(IsRefused(base, patch + "@@ -20,9 +20,8 @@\n not \n-x\n here\n"));
  CHECK(ApplyPatch("", patch).Error().message.find("Reload") != std::string::npos);
}

TEST_CASE("context is found up to 500 units away, and the nearest match is used") {
  const std::string patch = "@@ -601,9 +601,10 @@\n left\n+X\n right\n";
  const auto with_place = [](std::size_t at) {
    return std::string(at, '.') + "leftright" + std::string(1300 - at, '.');
  };
  for (const std::size_t place : {100u, 599u, 600u, 601u, 1100u}) {
    INFO(place);
    CHECK(ApplyPatch(with_place(place), patch));
  }
  CHECK(IsRefused(with_place(99), patch));
  CHECK(IsRefused(with_place(1101), patch));

  std::string two_places = with_place(590);
  two_places.replace(620, 9, "leftright");
  CHECK(ApplyPatch(two_places, patch)->find("leftXright") == 590);
}

TEST_CASE("context shorter than four units matches only at the start or end of the text") {
  CHECK(*ApplyPatch("", "@@ -0,0 +1,5 @@\n+hello\n") == "hello");
  CHECK(IsRefused("not empty", "@@ -0,0 +1,5 @@\n+hello\n"));
  CHECK(*ApplyPatch("ab\n1234 rest", "@@ -1,7 +1,8 @@\n ab\n+x\n %0A1234\n") == "abx\n1234 rest");
  CHECK(IsRefused("_ab\n1234 rest", "@@ -1,7 +1,8 @@\n ab\n+x\n %0A1234\n"));
  CHECK(*ApplyPatch("rest 1234ab", "@@ -6,6 +6,7 @@\n 1234\n+x\n ab\n") == "rest 1234xab");
  CHECK(IsRefused("rest 1234ab_", "@@ -6,6 +6,7 @@\n 1234\n+x\n ab\n"));
}

TEST_CASE("text that is not a patch is refused") {
  for (const char* patch :
       {"hello", "@@", "@@ -1 +1 @@x\n", "@@ -1,2 +1,2\n a\n", "@@ -0 +1 @@\n a\n", "@@ -1 +0 @@\n a\n",
        "@@ --1 +1 @@\n", "@@ -1,x +1 @@\n", "+a\n@@ -1 +1 @@\n", "@@ -99999999999999999999 +1 @@\n",
        "@@ -1 +9999999999 @@\n", "@@ -1 +1 @@\n?a\n", "@@ -1 +1 @@\n a%\n", "@@ -1 +1 @@\n a%2\n",
        "@@ -1 +1 @@\n a%zz\n", "@@ -1 +1 @@\n %FF\n", "@@ -1 +1 @@\n %ED%A0%80\n", "@@ -1 +1 @@\n \xFF\n"}) {
    INFO(patch);
    CHECK(IsRefused("a", patch));
  }
  CHECK(IsRefused("\xFF", "@@ -1 +1 @@\n a\n"));
}

TEST_CASE("a patch without hunks changes nothing") {
  CHECK(*ApplyPatch("text", "") == "text");
  CHECK(*ApplyPatch("text", "\n\n") == "text");
}

TEST_CASE("an insertion between the surrogates of a pair is refused") {
  const std::string patch = "@@ -1,0 +1,1 @@\n+x\n";
  CHECK(IsRefused("\xF0\x9F\x98\x80", "@@ -5,4 +5,4 @@\n abcd\n" + patch));
}

TEST_CASE("the work for hostile patches is bounded") {
  const std::string base(4 * 1024 * 1024, 'a');
  std::string patch;
  SECTION("hunks that alternate between two positions") {
    for (int i = 0; i < 20000; ++i) {
      patch += i % 2 == 0 ? "@@ -4000000,8 +4000000,9 @@\n aaaa\n+b\n aaaa\n" : "@@ -9,8 +9,9 @@\n aaaa\n+b\n aaaa\n";
    }
  }
  SECTION("one long context that almost matches everywhere") {
    patch = "@@ -1000,8 +1000,8 @@\n " + std::string(1000000, 'a') + "b\n+c\n aaaa\n";
  }
  bool refused = true;
  SECTION("a hunk of many lines that are all context") {
    refused = false;
    patch = "@@ -1000,8 +1000,8 @@\n";
    for (int i = 0; i < 300000; ++i) patch += " a\n";
  }
  // ctest's timeout is the limit: without the bound this takes hours.
  const auto result = ApplyPatch(base, patch);
  CHECK(static_cast<bool>(result) != refused);
  if (result) CHECK(*result == base);
}
