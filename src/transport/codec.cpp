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
using protocol::HeaderVerdict;
using protocol::Mask;
using protocol::Opcode;

namespace {

// Whether an offer asks us for a window of 8 bits, however it spells that: RFC 6455 9.1 has quotes, spaces, capitals.
bool WantsSmallestWindow(std::string_view offers) {
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
  // As gorilla's default. Beast's 8 takes up to seconds for a MiB of an unlucky text, while all connections of the
  // thread wait.
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
  // Checked before, and spelled as Beast reads it: of Connection it sees the first line only.
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
  // RFC 7692 7.1.2.1: a window of 8 bits must not be answered with a larger one, as Beast does.
  for (const auto& [name, value] : request.headers) {
    if (IsSameHeader(name, "Sec-WebSocket-Extensions") && WantsSmallestWindow(value)) {
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
  if (!rest_.empty()) input = rest_.append(input);
  input_ = input;
}

void Codec::Keep() {
  if (rest_.empty()) {
    rest_ = input_;
  } else if (input_.empty()) {
    std::string().swap(rest_);
  } else {
    rest_.erase(0, rest_.size() - input_.size());
  }
  input_ = rest_;
}

Codec::Event Codec::Next() {
  for (;;) {
    const std::optional<Event> event = in_frame_ ? ReadPayload() : ReadHeader();
    if (!event) continue;
    if (*event == Event::NeedMore) Keep();
    return *event;
  }
}

std::optional<Codec::Event> Codec::ReadHeader() {
  switch (protocol::ReadFrameHeader(input_, header_)) {
    case HeaderVerdict::Incomplete:
      return Event::NeedMore;
    case HeaderVerdict::Invalid:
      return Fail(EndReason::ProtocolError, websocket::close_code::protocol_error);
    case HeaderVerdict::Valid:
      break;
  }
  const bool begins = header_.opcode != Opcode::Continuation;
  if (header_.masked != (options_.role == Role::Server) || !order_.Accept(header_) ||
      (header_.compressed && !deflating_)) {
    return Fail(EndReason::ProtocolError, websocket::close_code::protocol_error);
  }
  if (protocol::IsControl(header_.opcode)) return ReadControl();
  if (begins) {
    compressed_ = header_.compressed;
    type_ = header_.opcode == Opcode::Text ? MessageType::Text : MessageType::Binary;
    received_ = 0;
    text_ = 0;
  }
  // Compressed payload may be a little larger than what it stands for, most so with a small window.
  const std::size_t slack = compressed_ ? options_.max_message_bytes / 32 + 64 : 0;
  if (header_.payload > options_.max_message_bytes + slack - received_) {
    return Fail(EndReason::TooLarge, websocket::close_code::too_big);
  }
  received_ += static_cast<std::size_t>(header_.payload);
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
  const auto close = protocol::ReadCloseFrame(control_);
  if (!close) return Fail(EndReason::ProtocolError, websocket::close_code::protocol_error);
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
    // Doubling up to a large message takes twice its memory; but a peer's declaration alone takes none.
    const std::size_t end = message_.size() + size;
    if (end > message_.capacity() && end > received_ / 16) message_.reserve(received_);
    mask_.Append(payload, message_);
  } else if (const std::optional<Event> failed = Inflate(payload)) {
    return failed;
  }
  const bool last = !in_frame_ && header_.fin;
  if (type_ == MessageType::Text && !IsText(last))
    return Fail(EndReason::ProtocolError, websocket::close_code::bad_payload);
  return last ? std::optional(Event::Message) : std::nullopt;
}

std::optional<Codec::Event> Codec::Inflate(std::string_view payload) {
  auto verdict = beast_->inflater.Add(mask_.Apply(payload), message_, options_.max_message_bytes);
  if (verdict == Inflater::Verdict::Fine && !in_frame_ && header_.fin)
    verdict = beast_->inflater.Finish(message_, options_.max_message_bytes);
  if (verdict == Inflater::Verdict::TooLarge) return Fail(EndReason::TooLarge, websocket::close_code::too_big);
  if (verdict == Inflater::Verdict::Corrupt)
    return Fail(EndReason::ProtocolError, websocket::close_code::protocol_error);
  return std::nullopt;
}

bool Codec::IsText(bool whole) {
  const char* const end = message_.data() + message_.size();
  const char* const invalid = protocol::SkipValidUtf8(message_.data() + text_, end);
  text_ = static_cast<std::size_t>(invalid - message_.data());
  return invalid == end || (!whole && protocol::MayBecomeUtf8(invalid, end));
}

std::string Codec::TakeMessage() {
  return std::exchange(message_, {});
}

bool Codec::InMessage() const noexcept {
  FrameHeader next;
  return in_frame_ || order_.InMessage() ||
         (!input_.empty() && protocol::ReadFrameHeader(input_.substr(0, 1), next) == HeaderVerdict::Incomplete &&
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
  Error ignored;  // memory takes everything
  stream.write(boost::asio::buffer(payload), ignored);
  out += std::exchange(stream.next_layer().Output(), std::string());
}

void Codec::WriteFrame(Opcode opcode, std::string_view payload, std::string& out) {
  if (options_.role == Role::Client) {
    std::random_device random;  // RFC 6455 5.3: a key that cannot be foreseen
    protocol::AppendMaskedFrame(out, opcode, payload, random());
  } else {
    protocol::AppendFrameHeader(out, opcode, payload.size());
    out += payload;
  }
}

}  // namespace ws::transport
