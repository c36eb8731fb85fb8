#include "ws/message.hpp"

#include "ws/detail/protocol/json_reader.hpp"

namespace ws {

namespace {

// Empties a tree from its leaves. nlohmann's destructor moves all children of a node into a list first: of a megabyte
// of small objects that takes two more, and where they cannot be had the process ends. The reader bounds the depth.
void Dismantle(Json& json) {
  if (auto* const array = json.get_ptr<Json::array_t*>()) {
    for (; !array->empty(); array->pop_back()) Dismantle(array->back());
  } else if (auto* const object = json.get_ptr<Json::object_t*>()) {
    for (auto& member : *object) Dismantle(member.second);
    object->clear();
  }
}

}  // namespace

Message::~Message() {
  if (data_) Dismantle(*data_);
}

const Json& Message::Data() const {
  if (!data_) data_ = protocol::ReadJson(RawData());
  return *data_;
}

}  // namespace ws
