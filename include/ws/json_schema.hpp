// Events held to JSON Schema. Not part of ws/ws.hpp: it needs valijson 1.0 (Debian's libvalijson-dev, header-only).
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#ifndef VALIJSON_USE_EXCEPTIONS
#define VALIJSON_USE_EXCEPTIONS 1  // without, a wrong schema would abort the process
#endif
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "ws/detail/dispatch/typed.hpp"
#include "ws/json.hpp"
#include "ws/message.hpp"

namespace ws {

class Handler;

// One schema of Draft 7. Immutable, so any thread may use it. Bounds that keep a peer from misusing it: where a schema
// has `pattern`, `patternProperties` or `format` anywhere, data may hold no text of more than 1,024 bytes (std::regex
// recurses a character: some 10,000 overflow GCC's stack); where it has `uniqueItems`, only lists that are compared
// quickly. Of `format` only date, time and date-time are judged. An ambiguous pattern, "^(a+)+$", stays expensive.
class JsonSchema {
 public:
  using Mismatch = dispatch::InvalidPayload;

  // Throws std::invalid_argument where it is none: a wrong keyword, a wrong pattern, a reference to another document.
  explicit JsonSchema(const Json& schema) {
    try {
      Survey(schema, Place::Schema);
      auto parsed = std::make_shared<valijson::Schema>();
      valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(Adapter(schema), *parsed);
      schema_ = std::move(parsed);
    } catch (const std::exception& failure) {
      throw std::invalid_argument(std::string("ws::JsonSchema: ") + failure.what());
    }
  }

  // Where data does not fit: the place and what is expected there, in words of our own.
  std::optional<Mismatch> FindMismatch(const Json& data) const {
    Extent extent;
    Measure(data, extent);
    if (matches_ && extent.longest_text > max_matched_bytes) return Mismatch{"", "has a text of more than 1024 bytes"};
    if (compares_ && extent.comparisons > max_comparisons) return Mismatch{"", "has a list that is too long"};
    valijson::Validator validator;
    if (validator.validate(*schema_, Adapter(data), nullptr)) return std::nullopt;
    if (compares_ || extent.values > max_searched) return Mismatch{"", "does not fit the schema"};
    valijson::ValidationResults results;
    validator.validate(*schema_, Adapter(data), &results);
    return results.numErrors() == 0 ? Mismatch{"", "does not fit the schema"} : Describe(*results.begin());
  }

 private:
  using Adapter = valijson::adapters::NlohmannJsonAdapter;
  // What an object of the schema is: its keys are keywords, names of schemas, or mean nothing.
  enum class Place { Schema, Names, Data };

  static constexpr std::size_t max_matched_bytes = 1024;
  static constexpr std::size_t max_comparisons = 1'000'000;
  // Larger data is judged, but the place is not searched: every mismatch would be noted, and of equal items each pair.
  static constexpr std::size_t max_searched = 4096;
  static constexpr std::size_t max_path_bytes = 256;

  // Finds what costs, and judges the patterns, which valijson would only compile when data arrives. A reference may
  // lead anywhere, so what costs is counted wherever it stands.
  void Survey(const Json& node, Place place) {
    if (node.is_array()) {
      for (const Json& item : node) Survey(item, place);
    }
    if (!node.is_object()) return;
    for (const auto& [key, value] : node.items()) {
      if (place == Place::Names) {
        Survey(value, Place::Schema);
        continue;
      }
      matches_ = matches_ || key == "pattern" || key == "patternProperties" || key == "format";
      compares_ = compares_ || key == "uniqueItems";
      if (place == Place::Schema && key == "pattern" && value.is_string()) Compile(value.get<std::string>());
      if (place == Place::Schema && key == "patternProperties" && value.is_object()) {
        for (const auto& [pattern, unused] : value.items()) Compile(pattern);
      }
      Survey(value, place == Place::Data ? Place::Data : Below(key));
    }
  }

  static Place Below(std::string_view keyword) {
    constexpr std::string_view names[] = {"properties", "patternProperties", "definitions", "$defs", "dependencies"};
    constexpr std::string_view data[] = {"const", "enum", "default", "examples"};
    if (std::find(std::begin(names), std::end(names), keyword) != std::end(names)) return Place::Names;
    return std::find(std::begin(data), std::end(data), keyword) != std::end(data) ? Place::Data : Place::Schema;
  }

  static void Compile(const std::string& pattern) { static_cast<void>(std::regex(pattern)); }

  struct Extent {
    std::size_t values = 0;
    std::size_t longest_text = 0;  // keys too
    std::size_t comparisons = 0;   // of values, to find equal items in lists
  };
  static void Measure(const Json& node, Extent& extent) {
    const std::size_t before = extent.values++;
    if (node.is_string()) {
      extent.longest_text = std::max(extent.longest_text, node.get_ref<const std::string&>().size());
    } else if (node.is_object()) {
      for (const auto& [key, child] : node.items()) {
        extent.longest_text = std::max(extent.longest_text, key.size());
        Measure(child, extent);
      }
    } else if (node.is_array()) {
      for (const Json& child : node) Measure(child, extent);
      extent.comparisons += node.size() * (extent.values - before);
    }
  }

  // The context is "<root>", then "[name]" a level. Keys that are missing are the schema's own.
  static Mismatch Describe(const valijson::ValidationResults::Error& error) {
    Json::json_pointer place;
    std::size_t bytes = 0;
    for (std::size_t level = 1; level < error.context.size(); ++level) {
      const std::string& name = error.context[level];
      // Keys may be the peer's own: as much as helps, and no more.
      if ((bytes += name.size()) > max_path_bytes) return {place.to_string(), "does not fit the schema"};
      place /= name.size() < 2 ? name : name.substr(1, name.size() - 2);
    }
    constexpr std::string_view missing = "Missing required property '";
    const std::size_t end = error.description.rfind('\'');
    if (error.description.starts_with(missing) && end >= missing.size()) {
      place /= error.description.substr(missing.size(), end - missing.size());
      return {place.to_string(), "is required"};
    }
    return {place.to_string(), "does not fit the schema"};
  }

  std::shared_ptr<const valijson::Schema> schema_;
  bool matches_ = false;   // texts, by regular expressions
  bool compares_ = false;  // items, for uniqueItems
};

// For Use, of a Handler or a Hub: events of these names reach their callbacks only where their data fits; the rest is
// answered with `invalid_payload` and the place, as by OnTyped. Other events pass.
//   server.Hub().Use(ws::JsonSchemas().Add("say", schema));
class JsonSchemas {
 public:
  // Throws as JsonSchema; the later of two for one event counts.
  JsonSchemas& Add(std::string event, const Json& schema) {
    schemas_.insert_or_assign(std::move(event), JsonSchema(schema));
    return *this;
  }

  void operator()(Handler&, const Message& message) const {
    const auto found = schemas_.find(message.Event());
    if (found == schemas_.end()) return;
    if (auto mismatch = found->second.FindMismatch(message.Data())) throw std::move(*mismatch);
  }

 private:
  std::map<std::string, JsonSchema, std::less<>> schemas_;
};

}  // namespace ws
