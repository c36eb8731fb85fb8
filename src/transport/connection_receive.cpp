// What a connection receives: messages to their callbacks, replies to their requests, answers to the peer.
#include "transport/connection.hpp"
#include "ws/detail/protocol/envelope.hpp"
#include "ws/detail/protocol/envelope_writer.hpp"
#include "ws/detail/protocol/json_reader.hpp"
#include "ws/detail/protocol/names.hpp"

namespace ws::transport {

using dispatch::Delivery;
using dispatch::Exchange;
using protocol::Envelope;
using protocol::EnvelopeError;
using protocol::Frame;

namespace {

Message::Span SpanOf(std::string_view piece, std::string_view whole) {
  if (piece.empty()) return {};
  return {static_cast<std::size_t>(piece.data() - whole.data()), piece.size()};
}

// The reply that a `$ack` carries.
ws::Reply ReadReply(const std::string& data, const std::string& error) {
  ws::Reply reply;
  if (error.empty()) {
    reply.data = protocol::ReadJson(data);
    return reply;
  }
  reply.error = Errc::RemoteError;
  const Json failure = protocol::ReadJson(error);
  const auto text = [&](const char* key) {
    const auto found = failure.find(key);
    return failure.is_object() && found != failure.end() && found->is_string() ? found->get<std::string>()
                                                                               : std::string();
  };
  reply.failure = {text("code"), text("message")};
  return reply;
}

}  // namespace

Connection::Received Connection::Receive(std::string text, MessageType type) {
  ++arrived_.messages;
  arrived_.bytes += text.size();
  if (FindRaw()) {
    Enqueue(std::make_shared<Exchange>(Delivery::Raw, std::move(text), type, Message::Layout()));
    return Received::Fine;
  }
  const protocol::BinaryParts parts =
      type == MessageType::Binary ? protocol::SplitBinary(text) : protocol::BinaryParts{text, {}, false};
  const protocol::EnvelopeResult result = protocol::ReadEnvelope(parts.json, {options_->max_depth});
  if (result.error != EnvelopeError::None) {
    if (result.envelope.Event() == "$ack") return Received::Fine;  // it answers nothing
    const bool json = result.error == EnvelopeError::BadJson;
    Log(LogLevel::Debug, json ? "bad_json" : "bad_message", "at byte " + std::to_string(result.offset));
    Refuse(result.envelope.id, {},
           json ? Failure{"bad_json", "the message is no valid JSON, or nests too deeply"}
                : Failure{"bad_message", "the message is no {\"event\", \"data\", \"id\"} object"});
    return ++malformed_ >= options_->max_malformed && options_->max_malformed != 0 ? Received::TooManyMalformed
                                                                                   : Received::Fine;
  }
  malformed_ = 0;
  Dispatch(std::move(text), type, result.envelope, parts.bytes);
  return Received::Fine;
}

void Connection::Dispatch(std::string&& text, MessageType type, const Envelope& envelope, std::string_view bytes) {
  const std::string_view event = envelope.Event();
  if (event == "$ack") return Resolve(envelope);
  if (event == "$pong") return;
  if (event == "$ping") {
    PushProtocol(Frame::Written([](std::string& out) { protocol::AppendPong(out); }));
    if (!envelope.id.empty()) Acknowledge(envelope.id, event, Json());
    return;
  }
  if (protocol::IsReservedFromPeer(event)) {
    return Refuse(envelope.id, event, {"reserved_event", "this name belongs to the protocol"});
  }
  const Message::Layout layout{SpanOf(envelope.event, text), SpanOf(envelope.id, text), SpanOf(envelope.data, text),
                               SpanOf(bytes, text)};
  std::string decoded = envelope.decoded_event;
  auto exchange = std::make_shared<Exchange>(Delivery::Event, std::move(text), type, layout);
  exchange->Content().SetDecodedEvent(std::move(decoded));
  Enqueue(std::move(exchange));
}

void Connection::Enqueue(dispatch::Mailbox::ExchangePtr exchange) {
  ++arrived_.waiting_messages;
  arrived_.waiting_bytes += exchange->Size();
  received_.push_back(std::move(exchange));
}

void Connection::Resolve(const Envelope& ack) {
  const auto id = ack.NumericId();
  if (!id) return;
  // Made before the waiter is taken: there may be no memory for it.
  std::function<ws::Reply()> read = [self = shared_from_this(), data = std::string(ack.data),
                                     error = std::string(ack.error)] {
    self->Release(data.size() + error.size());
    try {
      return ReadReply(data, error);
    } catch (const std::bad_alloc&) {
      return ws::Reply{make_error_code(boost::system::errc::not_enough_memory), nullptr, {}};
    }
  };
  std::optional<Asked> request;
  {
    const std::lock_guard lock(mutex_);
    request = replies_.Take(*id);
    if (!request) return;  // it came late
    inbound_.Add(1, ack.data.size() + ack.error.size());
  }
  Answer(std::move(request->waiter), std::move(read));
}

void Connection::CountArrived() {
  const Arrived arrived = std::exchange(arrived_, {});
  counted_.messages_in += arrived.messages;
  counted_.bytes_in += arrived.bytes;
  inbound_.Add(arrived.waiting_messages, arrived.waiting_bytes);
}

bool Connection::Hold() {
  const std::lock_guard lock(mutex_);
  CountArrived();
  if (state_ != State::Open) return false;
  if (inbound_.Full(!replies_.IsEmpty())) {
    held_ = Held::Mailbox;
  } else {
    held_ = queue_.IsCongested() ? Held::Queue : Held::No;
  }
  return held_ != Held::No;
}

void Connection::Release(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  inbound_.Release(1, bytes);
  WakeReaderIfRoom();
}

bool Connection::MayStart() {
  const std::lock_guard lock(mutex_);
  return state_ >= State::Ended || !(queue_.HoldsCallbacks() || queue_.IsCongested());
}

dispatch::Listeners Connection::Find(Delivery delivery, const Message& message) {
  if (delivery == Delivery::Connect || delivery == Delivery::Disconnect) {
    const std::lock_guard lock(mutex_);  // see OnShared
    connect_begun_ = true;
    return FindLifecycle(delivery);
  }
  dispatch::Listeners found;
  if (discards_) return found;  // read after Close, so not among those that the mailbox has dropped
  if (delivery == Delivery::Raw) {
    found.Add(FindRaw());
    return found;
  }
  const dispatch::EventTable* common = options_->hub ? &options_->hub->Table() : nullptr;
  auto own = table_.Find(message.Event());
  if (common != nullptr) found.AddGates(common->Gates());
  found.AddGates(table_.Gates());
  if (!own && common != nullptr) own = common->Find(message.Event());
  found.Add(std::move(own));
  found.Add(table_.Any());
  if (common != nullptr) found.Add(common->Any());
  return found;
}

// Of connect the hub hears first, of disconnect last.
dispatch::Listeners Connection::FindLifecycle(Delivery delivery) const {
  const bool connects = delivery == Delivery::Connect;
  const std::string_view event = connects ? "connect" : "disconnect";
  const dispatch::EventTable* common = options_->hub ? &options_->hub->Table() : nullptr;
  dispatch::Listeners found;
  if (!connected_) return found;
  if (common != nullptr && connects) found.Add(common->Find(event));
  found.Add(table_.Find(event));
  if (common != nullptr && !connects) found.Add(common->Find(event));
  return found;
}

void Connection::Forget(const dispatch::Registration& registration) {
  (registration.common ? options_->hub->Table() : table_).Remove(registration.token);
}

std::shared_ptr<const dispatch::Registrations> Connection::FindRaw() const {
  auto own = table_.Raw();
  return own || !options_->hub ? own : options_->hub->Table().Raw();
}

void Connection::Answered(Delivery delivery, const Message& message, dispatch::Answer answer) {
  if (delivery == Delivery::Disconnect) return Finish();
  if (delivery == Delivery::Event) SendReply(message, answer);
  if (delivery == Delivery::Event || delivery == Delivery::Raw) Release(message.Size());
}

void Connection::SendReply(const Message& message, dispatch::Answer& answer) {
  if (const auto* failure = std::get_if<Failure>(&answer.result)) {
    return Refuse(message.Id(), message.Event(), *failure, answer.path);
  }
  if (message.Id().empty()) return;
  if (!answer.heard) return Refuse(message.Id(), message.Event(), {"unknown_event", "nobody listens to this event"});
  const Json* data = std::get_if<Json>(&answer.result);
  Acknowledge(message.Id(), message.Event(), data != nullptr ? *data : Json());
}

void Connection::Acknowledge(std::string_view id, std::string_view event, const Json& data) {
  PushReply(Frame::Written([&](std::string& out) { protocol::AppendAck(out, id, data); }), id, event);
}

void Connection::Refuse(std::string_view id, std::string_view event, const Failure& failure, std::string_view path) {
  if (id.empty()) return SendError(failure, event, path);
  std::string text = Frame::Begin();
  protocol::AppendAckError(text, id, failure.code, failure.message, path);
  PushReply(std::move(text), id, event);
}

// What does not fit the write queue is told in a few words instead.
void Connection::PushReply(std::string text, std::string_view id, std::string_view event) {
  if (text.size() - Frame::head_room > options_->max_outbound_bytes) {
    Log(LogLevel::Severe, "a reply is larger than the write queue", event);
    text = Frame::Begin();
    protocol::AppendAckError(text, id, "internal", "the reply is too large");
  }
  PushProtocol(std::move(text));
}

// One a second at most: a peer that sends rubbish is not to be answered with as much.
void Connection::SendError(const Failure& failure, std::string_view event, std::string_view path) {
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (last_error_ && now - *last_error_ < std::chrono::seconds(1)) return;
    last_error_ = now;
  }
  std::string text = Frame::Begin();
  protocol::AppendError(text, failure.code, failure.message, event, path);
  if (text.size() - Frame::head_room > options_->max_outbound_bytes) {
    Log(LogLevel::Severe, "an error is larger than the write queue", event);
    text = Frame::Begin();
    protocol::AppendError(text, "internal", "the error is too large");
  }
  PushProtocol(std::move(text));
}

void Connection::Threw(const Message& message, std::string_view what) {
  Log(LogLevel::Severe, "a callback threw", std::string(message.Event()).append(": ").append(what));
}

}  // namespace ws::transport
