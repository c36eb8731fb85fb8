// Validation of events by JSON Schema. Not included by ws/ws.hpp: needs valijson 1.0 (Debian's libvalijson-dev).
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
#define VALIJSON_USE_EXCEPTIONS 1  // without it, an invalid schema would abort the process
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

// One JSON Schema of Draft 7. Immutable and thread-safe. Two bounds limit the cost of hostile data. If the schema
// contains `pattern`, `patternProperties` or `format`, no string of the data may be longer than 1,024 bytes, because
// std::regex recurses once a character. If it contains `uniqueItems`, lists that take too many comparisons do not
// match. Of `format` only date, time and date-time are checked. An ambiguous pattern such as "^(a+)+$" remains
// expensive.
class JsonSchema {
 public:
  using Mismatch = dispatch::InvalidPayload;

  // Throws std::invalid_argument if the schema has an invalid keyword, an invalid pattern, or a reference to another
  // document.
  explicit JsonSchema(const Json& schema) {
    try {
      ScanSchema(schema, Place::Schema);
      auto parsed = std::make_shared<valijson::Schema>();
      valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(Adapter(schema), *parsed);
      schema_ = std::move(parsed);
    } catch (const std::exception& failure) {
      throw std::invalid_argument(std::string("ws::JsonSchema: ") + failure.what());
    }
  }

  // Returns the place where the data does not match, with a text that names the rule; nothing if the data matches.
  std::optional<Mismatch> FindMismatch(const Json& data) const {
    Extent extent;
    Measure(data, extent);
    if (uses_regex_ && extent.longest_text > max_matched_bytes)
      return Mismatch{"", "has a text of more than 1024 bytes"};
    if (compares_items_ && extent.comparisons > max_comparisons) return Mismatch{"", "has a list that is too long"};
    valijson::Validator validator;
    if (validator.validate(*schema_, Adapter(data), nullptr)) return std::nullopt;
    if (compares_items_ || extent.values > max_searched) return Mismatch{"", "does not fit the schema"};
    valijson::ValidationResults results;
    validator.validate(*schema_, Adapter(data), &results);
    return results.numErrors() == 0 ? Mismatch{"", "does not fit the schema"} : Describe(*results.begin());
  }

 private:
  using Adapter = valijson::adapters::NlohmannJsonAdapter;
  // The meaning of an object's keys in a schema: keywords, names of schemas, or plain data.
  enum class Place { Schema, Names, Data };

  static constexpr std::size_t max_matched_bytes = 1024;
  static constexpr std::size_t max_comparisons = 1'000'000;
  // Larger data is validated, but the place is not searched: valijson would record every mismatch.
  static constexpr std::size_t max_searched = 4096;
  static constexpr std::size_t max_path_bytes = 256;

  // Finds the expensive keywords, and compiles the patterns, which valijson would only compile when data arrives.
  // Keywords count at every depth, because a $ref may point to any place of the schema.
  void ScanSchema(const Json& node, Place place) {
    if (node.is_array()) {
      for (const Json& item : node) ScanSchema(item, place);
    }
    if (!node.is_object()) return;
    for (const auto& [key, value] : node.items()) {
      if (place == Place::Names) {
        ScanSchema(value, Place::Schema);
        continue;
      }
      uses_regex_ = uses_regex_ || key == "pattern" || key == "patternProperties" || key == "format";
      compares_items_ = compares_items_ || key == "uniqueItems";
      if (place == Place::Schema && key == "pattern" && value.is_string()) Compile(value.get<std::string>());
      if (place == Place::Schema && key == "patternProperties" && value.is_object()) {
        for (const auto& [pattern, unused] : value.items()) Compile(pattern);
      }
      ScanSchema(value, place == Place::Data ? Place::Data : ChildPlace(key));
    }
  }

  static Place ChildPlace(std::string_view keyword) {
    constexpr std::string_view names[] = {"properties", "patternProperties", "definitions", "$defs", "dependencies"};
    constexpr std::string_view data[] = {"const", "enum", "default", "examples"};
    if (std::find(std::begin(names), std::end(names), keyword) != std::end(names)) return Place::Names;
    return std::find(std::begin(data), std::end(data), keyword) != std::end(data) ? Place::Data : Place::Schema;
  }

  static void Compile(const std::string& pattern) { static_cast<void>(std::regex(pattern)); }

  struct Extent {
    std::size_t values = 0;
    std::size_t longest_text = 0;  // includes keys
    std::size_t comparisons = 0;   // of values, to find equal items of lists
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

  // error.context is "<root>", then one "[name]" for each level.
  static Mismatch Describe(const valijson::ValidationResults::Error& error) {
    Json::json_pointer place;
    std::size_t bytes = 0;
    for (std::size_t level = 1; level < error.context.size(); ++level) {
      const std::string& name = error.context[level];
      // The keys come from the peer, so the length is limited.
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
  bool uses_regex_ = false;      // contains keywords that use regular expressions
  bool compares_items_ = false;  // contains uniqueItems
};

// Middleware that validates events: `server.Use(ws::JsonSchemas().Add("say", schema));`. If the data of an event does
// not match its schema, the event is not handled, and the peer gets the error `invalid_payload` with the place. Events
// without a schema pass.
class JsonSchemas {
 public:
  // Throws like JsonSchema. Replaces an earlier schema of the event.
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
