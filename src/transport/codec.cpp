#include "transport/codec.hpp"

#include <algorithm>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <random>
#include <utility>

#include "transport/accept_key.hpp"
#include "transport/inflater.hpp"
#include "transport/memory_stream.hpp"
#include "ws/detail/protocol/close_frame.hpp"
#include "ws/detail/protocol/utf8.hpp"

namespace ws::transport {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using protocol::FrameHeader;
using protocol::HeaderStatus;
using protocol::Mask;
using protocol::Opcode;

namespace {

// True if an offer of permessage-deflate asks the server for a window of 8 bits. RFC 6455 section 9.1 allows quotes,
// spaces and capitals in the offer.
bool RequestsSmallestWindow(std::string_view offers) {
  std::string plain;
  for (const char c : offers) {
    if (c == ' ' || c == '\t' || c == '"' || c == '\\') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return plain.find("server_max_window_bits=8") != plain.npos;
}

}  // namespace

struct Codec::Beast {
  explicit Beast(boost::asio::any_io_executor executor) : stream(std::move(executor)) {}

  websocket::stream<MemoryStream, true> stream;
  Inflater inflater;
};

Codec::Codec(boost::asio::any_io_executor executor, const CodecOptions& options) : options_(options) {
  if (!options.deflate) return;
  beast_ = std::make_unique<Beast>(std::move(executor));
  beast_->stream.auto_fragment(false);
  websocket::permessage_deflate deflate;
  deflate.server_enable = true;
  // Gorilla's default too. Beast's default of 8 can take seconds for 1 MiB of text that compresses badly, and all other
  // connections of the thread wait meanwhile.
  deflate.compLevel = 1;
  beast_->stream.set_option(deflate);
}

Codec::~Codec() = default;

Error Codec::Accept(const HttpRequest& request, std::string_view subprotocol, std::string& out) {
  if (beast_ && request.Count("Sec-WebSocket-Extensions") != 0) {
    if (const Error error = Negotiate(request, subprotocol, out)) return error;
  } else {
    out += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
    out += AcceptKey(request.Header("Sec-WebSocket-Key"));
    if (!subprotocol.empty()) out.append("\r\nSec-WebSocket-Protocol: ").append(subprotocol);
    out += "\r\n\r\n";
  }
  if (!deflating_) beast_.reset();
  return {};
}

Error Codec::Negotiate(const HttpRequest& request, std::string_view subprotocol, std::string& out) {
  beast::http::request<beast::http::empty_body> upgrade{beast::http::verb::get, request.target, 11};
  // CheckUpgradeRequest has checked these headers. They are set in the form that Beast expects: it reads only the first
  // Connection header.
  upgrade.set(beast::http::field::host, request.Header("Host"));
  upgrade.set(beast::http::field::connection, "Upgrade");
  upgrade.set(beast::http::field::upgrade, "websocket");
  for (const auto& [name, value] : request.headers) {
    if (IsSameHeader(name.substr(0, 14), "Sec-WebSocket-")) upgrade.insert(name, value);
  }
  auto& stream = beast_->stream;
  bool offers_deflate = false;
  stream.set_option(websocket::stream_base::decorator([&](websocket::response_type& response) {
    response.erase(beast::http::field::server);
    if (!subprotocol.empty()) response.set(beast::http::field::sec_websocket_protocol, subprotocol);
    offers_deflate = response.count(beast::http::field::sec_websocket_extensions) != 0;
  }));
  // RFC 7692 section 7.1.2.1: the answer to a window of 8 bits must not be a larger window. Beast answers with a larger
  // one, so the offer is declined.
  for (const auto& [name, value] : request.headers) {
    if (IsSameHeader(name, "Sec-WebSocket-Extensions") && RequestsSmallestWindow(value)) {
      upgrade.erase(beast::http::field::sec_websocket_extensions);
    }
  }
  Error error;
  stream.accept(upgrade, error);
  deflating_ = offers_deflate;
  out += std::exchange(stream.next_layer().Output(), {});
  return error;
}

void Codec::Feed(std::string_view input) {
  if (!buffer_.empty()) input = buffer_.append(input);
  input_ = input;
}

void Codec::BufferRemainder() {
  if (buffer_.empty()) {
    buffer_ = input_;
  } else if (input_.empty()) {
    std::string().swap(buffer_);
  } else {
    buffer_.erase(0, buffer_.size() - input_.size());
  }
  input_ = buffer_;
}

Codec::Event Codec::Next() {
  for (;;) {
    const std::optional<Event> event = in_frame_ ? ReadPayload() : ReadHeader();
    if (!event) continue;
    if (*event == Event::NeedMore) BufferRemainder();
    return *event;
  }
}

std::optional<Codec::Event> Codec::ReadHeader() {
  switch (protocol::ParseFrameHeader(input_, header_)) {
    case HeaderStatus::Incomplete:
      return Event::NeedMore;
    case HeaderStatus::Invalid:
      return Fail(EndReason::ProtocolError, protocol::close_code::protocol_error);
    case HeaderStatus::Valid:
      break;
  }
  const bool begins = header_.opcode != Opcode::Continuation;
  if (header_.masked != (options_.role == Role::Server) || !order_.Accept(header_) ||
      (header_.compressed && !deflating_)) {
    return Fail(EndReason::ProtocolError, protocol::close_code::protocol_error);
  }
  if (protocol::IsControl(header_.opcode)) return ReadControl();
  if (begins) {
    compressed_ = header_.compressed;
    type_ = header_.opcode == Opcode::Text ? MessageType::Text : MessageType::Binary;
    declared_bytes_ = 0;
    valid_bytes_ = 0;
  }
  // A compressed payload can be slightly larger than the message, most of all with a small window.
  const std::size_t slack = compressed_ ? options_.max_message_bytes / 32 + 64 : 0;
  if (header_.payload > options_.max_message_bytes + slack - declared_bytes_) {
    return Fail(EndReason::TooLarge, protocol::close_code::message_too_big);
  }
  declared_bytes_ += static_cast<std::size_t>(header_.payload);
  mask_ = header_.masked ? Mask(input_.substr(0, header_.size)) : Mask();
  input_.remove_prefix(header_.size);
  payload_left_ = header_.payload;
  in_frame_ = header_.payload != 0 || header_.fin;
  return std::nullopt;
}

std::optional<Codec::Event> Codec::ReadControl() {
  if (input_.size() < header_.size + header_.payload) {
    return Event::NeedMore;
  }
  Mask mask = header_.masked ? Mask(input_.substr(0, header_.size)) : Mask();
  control_ = mask.Apply(input_.substr(header_.size, static_cast<std::size_t>(header_.payload)));
  input_.remove_prefix(header_.size + control_.size());
  if (header_.opcode == Opcode::Ping) return Event::Ping;
  if (header_.opcode == Opcode::Pong) return Event::Pong;
  const auto close = protocol::ParseClosePayload(control_);
  if (!close) return Fail(EndReason::ProtocolError, protocol::close_code::protocol_error);
  close_code_ = close->code;
  control_ = std::string(close->text);
  return Event::Close;
}

std::optional<Codec::Event> Codec::ReadPayload() {
  const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, input_.size()));
  if (size == 0 && payload_left_ != 0) return Event::NeedMore;
  const std::string_view payload = input_.substr(0, size);
  input_.remove_prefix(size);
  payload_left_ -= size;
  in_frame_ = payload_left_ != 0;
  if (!compressed_) {
    // Reserves the declared size, because doubling up to a large message takes twice its memory. Waits until a
    // sixteenth has arrived, so that a peer cannot make us allocate memory by a frame header alone.
    const std::size_t end = message_.size() + size;
    if (end > message_.capacity() && end > declared_bytes_ / 16) message_.reserve(declared_bytes_);
    mask_.Append(payload, message_);
  } else if (const std::optional<Event> failed = Inflate(payload)) {
    return failed;
  }
  const bool last = !in_frame_ && header_.fin;
  if (type_ == MessageType::Text && !IsValidText(last))
    return Fail(EndReason::ProtocolError, protocol::close_code::invalid_payload_data);
  return last ? std::optional(Event::Message) : std::nullopt;
}

std::optional<Codec::Event> Codec::Inflate(std::string_view payload) {
  auto status = beast_->inflater.Add(mask_.Apply(payload), message_, options_.max_message_bytes);
  if (status == Inflater::Status::Ok && !in_frame_ && header_.fin)
    status = beast_->inflater.Finish(message_, options_.max_message_bytes);
  if (status == Inflater::Status::TooLarge) return Fail(EndReason::TooLarge, protocol::close_code::message_too_big);
  if (status == Inflater::Status::Corrupt) return Fail(EndReason::ProtocolError, protocol::close_code::protocol_error);
  return std::nullopt;
}

bool Codec::IsValidText(bool complete) {
  const char* const end = message_.data() + message_.size();
  const char* const invalid = protocol::SkipValidUtf8(message_.data() + valid_bytes_, end);
  valid_bytes_ = static_cast<std::size_t>(invalid - message_.data());
  return invalid == end || (!complete && protocol::MayBecomeUtf8(invalid, end));
}

std::string Codec::PopMessage() {
  return std::exchange(message_, {});
}

bool Codec::IsInMessage() const noexcept {
  FrameHeader next;
  return in_frame_ || order_.IsInMessage() ||
         (!input_.empty() && protocol::ParseFrameHeader(input_.substr(0, 1), next) == HeaderStatus::Incomplete &&
          !protocol::IsControl(next.opcode));
}

Codec::Event Codec::Fail(EndReason reason, std::uint16_t code) {
  failure_ = reason;
  close_code_ = code;
  return Event::Failed;
}

void Codec::WriteMessage(MessageType type, std::string_view payload, std::string& out) {
  const Opcode opcode = type == MessageType::Text ? Opcode::Text : Opcode::Binary;
  if (options_.role == Role::Client || !deflating_) return WriteFrame(opcode, payload, out);
  auto& stream = beast_->stream;
  stream.text(type == MessageType::Text);
  Error ignored;  // a write to memory cannot fail
  stream.write(boost::asio::buffer(payload), ignored);
  out += std::exchange(stream.next_layer().Output(), std::string());
}

void Codec::WriteFrame(Opcode opcode, std::string_view payload, std::string& out) {
  if (options_.role == Role::Client) {
    std::random_device random;  // RFC 6455 section 5.3: the masking key must be unpredictable
    protocol::AppendMaskedFrame(out, opcode, payload, random());
  } else {
    protocol::AppendFrameHeader(out, opcode, payload.size());
    out += payload;
  }
}

}  // namespace ws::transport
