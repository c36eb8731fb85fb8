// Locating the value that has the wrong type.
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "ws/detail/dispatch/typed.hpp"

using namespace ws::dispatch;
using ws::Json;

namespace {

struct Point {
  int x = 0, y = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Point, x, y)
};

struct Figure {
  std::string name;
  bool filled = false;
  std::vector<Point> points;
  std::map<std::string, double> weights;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Figure, name, filled, points, weights)
};

struct Odd {
  int value = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE_WITH_DEFAULT(Odd, value)
};

// A type with its own check. Its error message quotes the data.
struct Even {
  int value = 0;
};
[[maybe_unused]] void from_json(const Json& data, Even& even) {
  even.value = data.get<int>();
  if (even.value % 2 != 0) throw std::invalid_argument("odd: " + data.dump());
}

template <class T>
InvalidPayload Mismatch(const Json& data) {
  try {
    ReadPayload<T>(data);
  } catch (const InvalidPayload& mismatch) {
    return mismatch;
  }
  return {"fits", ""};
}

template <class T>
void Check(const Json& data, const std::string& path, const std::string& expected) {
  const Json before = data;
  const InvalidPayload mismatch = Mismatch<T>(data);
  INFO(data.dump());
  CHECK(mismatch.path == path);
  CHECK(mismatch.expected == expected);
  CHECK(data == before);
}

Json Triangle() {
  return Json::parse(
      R"({"name":"t","filled":true,"points":[{"x":0,"y":0},{"x":1,"y":2},{"x":3,"y":4}],"weights":{"a":1.5,"b":2}})");
}

Json With(const char* pointer, Json value) {
  Json shape = Triangle();
  shape[Json::json_pointer(pointer)] = std::move(value);
  return shape;
}

Json Without(const char* parent, const char* key) {
  Json shape = Triangle();
  shape[Json::json_pointer(parent)].erase(key);
  return shape;
}

constexpr const char* number = "must be of type number";
constexpr const char* required = "is required";

}  // namespace

TEST_CASE("A wrong type at the top level has an empty path") {
  Check<Point>("text", "", "must be of type object");
  Check<std::string>(5, "", "must be of type string");
  Check<std::vector<int>>({{"a", 1}}, "", "must be of type array");
  Check<bool>(1, "", "must be of type boolean");
  Check<int>("5", "", number);
}

TEST_CASE("A type that is read by key requires an object, one that is read by index requires an array") {
  for (const Json& data : {Json("text"), Json(5), Json(true), Json::array()}) {
    Check<Point>(data, "", "must be of type object");
    Check<Odd>(data, "", "must be of type object");
    Check<std::vector<Point>>(Json::array({data}), "/0", "must be of type object");
  }
  for (const Json& data : {Json("text"), Json(5), Json(true), Json::object()}) {
    Check<std::pair<int, int>>(data, "", "must be of type array");
    Check<std::map<std::string, std::pair<int, int>>>({{"a", {1, 2}}, {"b", data}}, "/b", "must be of type array");
  }
}

TEST_CASE("A wrong type is found at any depth") {
  Check<Figure>(With("/name", 5), "/name", "must be of type string");
  Check<Figure>(With("/filled", "yes"), "/filled", "must be of type boolean");
  Check<Figure>(With("/points", "none"), "/points", "must be of type array");
  Check<Figure>(With("/points/1/y", "2"), "/points/1/y", number);
  Check<Figure>(With("/points/2", Json::array()), "/points/2", "must be of type object");
  Check<Figure>(With("/weights/b", nullptr), "/weights/b", number);
  Check<Figure>(With("/weights", 7), "/weights", "must be of type object");
}

TEST_CASE("A missing key is found at any depth") {
  Check<Point>(Json::object(), "/x", required);
  Check<Point>({{"x", 1}}, "/y", required);
  Check<Figure>(Without("", "filled"), "/filled", required);
  Check<Figure>(Without("/points/0", "x"), "/points/0/x", required);
  Check<Figure>(Without("/points/2", "y"), "/points/2/y", required);
}

TEST_CASE("The wrong value is found among several values of one type") {
  Check<std::map<std::string, std::vector<std::string>>>({{"a", {"x", "y"}}, {"b", {"z", 1, 2}}}, "/b/1",
                                                         "must be of type string");
  Check<std::vector<Point>>({{{"x", 1}, {"y", 1}}, {{"x", "a"}, {"y", "a"}}}, "/1/x", number);
  Check<std::tuple<std::string, int, std::string, int>>({"a", 1, "b", "c"}, "/3", number);
  Check<std::pair<std::string, std::string>>({"a", 5}, "/1", "must be of type string");
}

TEST_CASE("The first of several errors in reading order is reported") {
  Json shape = With("/points/1/y", "2");
  shape["weights"]["a"] = "heavy";
  Check<Figure>(shape, "/points/1/y", number);
}

TEST_CASE("Null in place of a value is a wrong type") {
  Check<Point>({{"x", nullptr}, {"y", 1}}, "/x", number);
  Check<std::vector<int>>({1, nullptr, 3}, "/1", number);
  Check<Odd>({{"value", nullptr}}, "/value", number);
}

TEST_CASE("Keys with slashes and tildes are escaped in the pointer") {
  using Numbers = std::map<std::string, int>;
  Check<Numbers>({{"a/b", "x"}}, "/a~1b", number);
  Check<Numbers>({{"a~b", "x"}}, "/a~0b", number);
  Check<Numbers>({{"~1", "x"}}, "/~01", number);
  Check<Numbers>({{"", "x"}}, "/", number);
  Check<std::map<std::string, Point>>({{"/~", {{"x", 1}}}}, "/~1~0/y", required);
}

TEST_CASE("The message of an application's from_json is not passed on") {
  const InvalidPayload mismatch = Mismatch<Even>(777);
  CHECK(mismatch.path.empty());
  CHECK(mismatch.expected == "does not fit");
}

TEST_CASE("The peer's values are never quoted") {
  const std::string secret = "s3cret', but is \"type must be";
  for (const Json& data :
       {Json(secret), Json{{"x", secret}, {"y", 1}}, Json::array({secret}), Json{{"name", 1}, {"x", secret}}}) {
    for (const InvalidPayload& mismatch :
         {Mismatch<Point>(data), Mismatch<Figure>(data), Mismatch<std::vector<int>>(data)}) {
      INFO(mismatch.path << " " << mismatch.expected);
      CHECK((mismatch.path + mismatch.expected).find("s3cret") == std::string::npos);
    }
  }
}

TEST_CASE("The path is empty if it would take too many trials to find it") {
  Json::array_t texts(100, "text");
  Json data = Json::array({texts, Json::array({"not a number"})});
  Check<std::pair<std::vector<std::string>, std::vector<int>>>(data, "", "does not fit");
  int attempts = 0;
  LocateMismatch(data, [&](const Json&) -> std::optional<std::string> {
    ++attempts;
    return "type must be number, but is string";
  });
  CHECK(attempts <= 65);
}

TEST_CASE("A tree that is too large to search is converted only once") {
  const Json data = Json::array_t(10'000, "text");
  int attempts = 0;
  const InvalidPayload mismatch = LocateMismatch(data, [&](const Json&) -> std::optional<std::string> {
    ++attempts;
    return "type must be number, but is string";
  });
  CHECK(attempts == 1);
  CHECK(mismatch.path.empty());
}

TEST_CASE("An error that cannot be reproduced has an empty path") {
  const InvalidPayload mismatch = LocateMismatch({{"a", 1}}, [](const Json&) { return std::nullopt; });
  CHECK(mismatch.path.empty());
  CHECK(mismatch.expected == "does not fit");
}
