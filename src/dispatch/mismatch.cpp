// Where data does not fit its type: nlohmann's errors name no place, so it is found by altering one.
#include <array>
#include <string>
#include <vector>

#include "ws/dispatch/typed.hpp"

namespace ws::dispatch {

namespace {

using Pointer = Json::json_pointer;
using Attempt = std::function<std::optional<std::string>(const Json&)>;

constexpr std::size_t max_nodes = 4096;  // a larger tree is not searched: each trial reads it once
constexpr int max_trials = 64;

struct Node {
  Pointer place;
  Json* value;
};

// All nodes from the root down, or nothing where there are too many.
std::vector<Node> Flatten(Json& root) {
  std::vector<Node> nodes{{Pointer(), &root}};
  for (std::size_t next = 0; next < nodes.size(); ++next) {
    if (nodes.size() > max_nodes) return {};
    const Node node = nodes[next];
    if (node.value->is_object()) {
      for (auto& [key, child] : node.value->items()) nodes.push_back({node.place / key, &child});
    } else if (node.value->is_array()) {
      for (std::size_t index = 0; index < node.value->size(); ++index) nodes.push_back({node.place / index, &(*node.value)[index]});
    }
  }
  return nodes;
}

// What stands between two texts; empty where they do not.
std::string Between(const std::string& text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == text.npos) return {};
  const std::size_t end = text.find(after, begin + before.size());
  if (end == text.npos) return {};
  return text.substr(begin + before.size(), end - begin - before.size());
}

// "type must be X, but is Y": the place is where another wrong type Z changes the text to "but is Z".
std::optional<InvalidPayload> FindWrongType(std::vector<Node>& nodes, const Json& root, const std::string& message, const Attempt& attempt) {
  constexpr std::string_view mark = ", but is ";
  const std::string wanted = Between(message, "type must be ", mark);
  if (wanted.empty()) return std::nullopt;
  const std::string head = message.substr(0, message.find(mark) + mark.size());
  const std::string found = message.substr(head.size());
  Json other;
  for (const Json& candidate : {Json::object(), Json::array(), Json("")}) {
    other = candidate;
    if (other.type_name() != wanted && other.type_name() != found) break;
  }
  int trials = 0;
  for (Node& node : nodes) {
    if (node.value->type_name() != found) continue;
    if (++trials > max_trials) break;
    std::swap(*node.value, other);
    const std::optional<std::string> now = attempt(root);
    std::swap(*node.value, other);
    if (now && *now == head + other.type_name()) return InvalidPayload{node.place.to_string(), "must be of type " + wanted};
  }
  return std::nullopt;
}

// "key 'n' not found": the place is the object where adding it changes the text.
std::optional<InvalidPayload> FindMissingKey(std::vector<Node>& nodes, const Json& root, const std::string& message, const Attempt& attempt) {
  const std::string key = Between(message, "key '", "' not found");
  if (key.empty()) return std::nullopt;
  int trials = 0;
  for (Node& node : nodes) {
    if (!node.value->is_object() || node.value->contains(key)) continue;
    if (++trials > max_trials) break;
    (*node.value)[key] = nullptr;
    const std::optional<std::string> now = attempt(root);
    node.value->erase(key);
    if (now != message) return InvalidPayload{(node.place / key).to_string(), "is required"};
  }
  return std::nullopt;
}

}  // namespace

InvalidPayload LocateMismatch(const Json& data, const Attempt& attempt) {
  const InvalidPayload somewhere{"", "does not fit"};
  Json copy = data;
  const std::optional<std::string> message = attempt(copy);
  std::vector<Node> nodes = Flatten(copy);
  if (!message || nodes.empty()) return somewhere;
  if (auto found = FindWrongType(nodes, copy, *message, attempt)) return *found;
  if (auto found = FindMissingKey(nodes, copy, *message, attempt)) return *found;
  return somewhere;
}

}  // namespace ws::dispatch
