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

#include "ws/dispatch/typed.hpp"
#include "ws/json.hpp"
#include "ws/message.hpp"

namespace ws {

class Handler;

// One schema of Draft 7. Immutable, so any thread may use it.
class JsonSchema {
 public:
  using Mismatch = dispatch::InvalidPayload;

  // Throws std::invalid_argument where it is none: a wrong keyword, a wrong pattern, a reference to another document.
  explicit JsonSchema(const Json& schema) {
    try {
      CheckPatterns(schema);
      auto parsed = std::make_shared<valijson::Schema>();
      valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(Adapter(schema), *parsed);
      schema_ = std::move(parsed);
    } catch (const std::exception& failure) {
      throw std::invalid_argument(std::string("ws::JsonSchema: ") + failure.what());
    }
  }

  // Where data does not fit: the place and what is expected there, in words that quote nothing of it.
  std::optional<Mismatch> FindMismatch(const Json& data) const {
    Extent extent;
    Measure(data, extent);
    if (matches_ && extent.longest_text > max_matched_bytes) return Mismatch{"", "has a text of more than 1024 bytes"};
    valijson::Validator validator;
    if (validator.validate(*schema_, Adapter(data), nullptr)) return std::nullopt;
    if (extent.values > max_searched) return Mismatch{"", "does not fit the schema"};
    valijson::ValidationResults results;
    validator.validate(*schema_, Adapter(data), &results);
    return results.numErrors() == 0 ? Mismatch{"", "does not fit the schema"} : Describe(*results.begin());
  }

 private:
  using Adapter = valijson::adapters::NlohmannJsonAdapter;

  // std::regex recurses once a character: GCC's overflows the stack at some 10,000. So where a schema matches texts
  // (`pattern`, `patternProperties`, `format`), data may hold none that is longer.
  static constexpr std::size_t max_matched_bytes = 1024;
  // Larger data is judged, but the place is not searched: every mismatch would be noted.
  static constexpr std::size_t max_searched = 4096;

  // Judges the patterns, which valijson would only compile when data arrives.
  void CheckPatterns(const Json& node) {
    for (const auto& [key, value] : node.items()) {
      const bool is_data = key == "const" || key == "enum" || key == "default" || key == "examples";
      if (is_data) continue;
      if (key == "pattern" && value.is_string()) static_cast<void>(std::regex(value.get<std::string>()));
      if (key == "patternProperties" && value.is_object()) {
        for (const auto& [pattern, unused] : value.items()) static_cast<void>(std::regex(pattern));
      }
      matches_ = matches_ || key == "pattern" || key == "patternProperties" || key == "format";
      if (value.is_structured()) CheckPatterns(value);
    }
  }

  struct Extent {
    std::size_t values = 0;
    std::size_t longest_text = 0;  // keys too
  };
  static void Measure(const Json& node, Extent& extent) {
    ++extent.values;
    if (node.is_string()) {
      extent.longest_text = std::max(extent.longest_text, node.get_ref<const std::string&>().size());
    } else if (node.is_object()) {
      for (const auto& [key, child] : node.items()) {
        extent.longest_text = std::max(extent.longest_text, key.size());
        Measure(child, extent);
      }
    } else if (node.is_array()) {
      for (const Json& child : node) Measure(child, extent);
    }
  }

  // The context is "<root>", then "[name]" a level. Keys that are missing are the schema's own.
  static Mismatch Describe(const valijson::ValidationResults::Error& error) {
    Json::json_pointer place;
    for (std::size_t level = 1; level < error.context.size(); ++level) {
      const std::string& name = error.context[level];
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
  bool matches_ = false;
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
