#include "ws/message.hpp"

#include "ws/protocol/json_reader.hpp"

namespace ws {

const Json& Message::Data() const {
  if (!data_) data_ = protocol::ReadJson(DataText());
  return *data_;
}

}  // namespace ws
