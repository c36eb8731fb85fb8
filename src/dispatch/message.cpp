#include "ws/message.hpp"

#include "ws/detail/protocol/json_reader.hpp"

namespace ws {

namespace {

// Destroys the nodes of a tree from its leaves, without allocating. nlohmann's destructor moves all children of a node
// into a list first. For 1 MB of small objects that takes 2 MB more, and if memory runs out there, the process ends.
// Options::max_depth limits the recursion.
void DestroyChildren(Json& json) {
  if (auto* const array = json.get_ptr<Json::array_t*>()) {
    for (; !array->empty(); array->pop_back()) DestroyChildren(array->back());
  } else if (auto* const object = json.get_ptr<Json::object_t*>()) {
    for (auto& member : *object) DestroyChildren(member.second);
    object->clear();
  }
}

}  // namespace

Message::~Message() {
  if (data_) DestroyChildren(*data_);
}

const Json& Message::Data() const {
  if (!data_) data_ = protocol::ReadJson(RawData());
  return *data_;
}

}  // namespace ws
