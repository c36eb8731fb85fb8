// Finds the place where data does not fit its type. nlohmann's error texts name no place, so the search alters one
// value at a time and looks whether the text changes.
#include <array>
#include <string>
#include <vector>

#include "ws/detail/dispatch/typed.hpp"

namespace ws::dispatch {

namespace {

using Pointer = Json::json_pointer;
using Attempt = std::function<std::optional<std::string>(const Json&)>;

constexpr std::size_t max_nodes = 4096;  // larger trees are not searched, because each trial converts the whole tree
constexpr int max_trials = 64;

struct Node {
  Pointer place;
  Json* value;
};

// All nodes from the root down; empty if there are more than max_nodes.
std::vector<Node> Flatten(Json& root) {
  std::vector<Node> nodes{{Pointer(), &root}};
  for (std::size_t next = 0; next < nodes.size(); ++next) {
    if (nodes.size() > max_nodes) return {};
    const Node node = nodes[next];
    if (node.value->is_object()) {
      for (auto& [key, child] : node.value->items()) nodes.push_back({node.place / key, &child});
    } else if (node.value->is_array()) {
      for (std::size_t index = 0; index < node.value->size(); ++index)
        nodes.push_back({node.place / index, &(*node.value)[index]});
    }
  }
  return nodes;
}

// The part of `text` between `before` and `after`; empty if they do not occur.
std::string Between(const std::string& text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == text.npos) return {};
  const std::size_t end = text.find(after, begin + before.size());
  if (end == text.npos) return {};
  return text.substr(begin + before.size(), end - begin - before.size());
}

// nlohmann's text "type must be W, but is F", or "cannot use at() with F", which does not name W.
struct WrongType {
  std::string head;  // the text without F
  std::string found;
  std::string wanted;
};

std::optional<WrongType> ReadWrongType(const std::string& message) {
  const std::string wanted = Between(message, "type must be ", ", but is ");
  if (wanted.empty() && message.find("cannot use ") == message.npos) return std::nullopt;
  const std::string_view mark = wanted.empty() ? " with " : ", but is ";
  const std::size_t place = message.rfind(mark);
  if (place == message.npos) return std::nullopt;
  return WrongType{message.substr(0, place + mark.size()), message.substr(place + mark.size()), wanted};
}

// The error text of a conversion in which the node has another value.
std::optional<std::string> TryWith(Json replacement, Node& node, const Json& root, const Attempt& attempt) {
  std::swap(*node.value, replacement);
  std::optional<std::string> said = attempt(root);
  std::swap(*node.value, replacement);
  return said;
}

// Finds the node at which another wrong type changes F in the text.
std::optional<InvalidPayload> FindWrongType(std::vector<Node>& nodes, const Json& root, const std::string& message,
                                            const Attempt& attempt) {
  const std::optional<WrongType> wrong = ReadWrongType(message);
  if (!wrong) return std::nullopt;
  Json other;
  for (const Json& candidate : {Json::object(), Json::array(), Json(""), Json(0)}) {
    other = candidate;
    const bool may_be_wanted = wrong->wanted.empty() ? other.is_structured() : other.type_name() == wrong->wanted;
    if (!may_be_wanted && other.type_name() != wrong->found) break;
  }
  int trials = 0;
  for (Node& node : nodes) {
    if (node.value->type_name() != wrong->found) continue;
    if (++trials > max_trials) break;
    if (TryWith(other, node, root, attempt) != wrong->head + other.type_name()) continue;
    std::string wanted = wrong->wanted;
    if (wanted.empty()) {
      const bool refuses_object = TryWith(Json::object(), node, root, attempt) == wrong->head + "object";
      wanted = refuses_object ? "array" : "object";
    }
    return InvalidPayload{node.place.to_string(), "must be of type " + wanted};
  }
  return std::nullopt;
}

// For the text "key 'n' not found": finds the object in which adding the key changes the text.
std::optional<InvalidPayload> FindMissingKey(std::vector<Node>& nodes, const Json& root, const std::string& message,
                                             const Attempt& attempt) {
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
  constexpr std::size_t max_path_bytes = 256;  // the keys come from the peer
  Json copy = data;
  const std::optional<std::string> message = attempt(copy);
  std::vector<Node> nodes = Flatten(copy);
  std::optional<InvalidPayload> found;
  if (message && !nodes.empty()) found = FindWrongType(nodes, copy, *message, attempt);
  if (message && !nodes.empty() && !found) found = FindMissingKey(nodes, copy, *message, attempt);
  return found && found->path.size() <= max_path_bytes ? *found : InvalidPayload{"", "does not fit"};
}

}  // namespace ws::dispatch
