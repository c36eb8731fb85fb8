#include "support/test_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <stdexcept>

#include "support/memory_pair.hpp"
#include "support/synchronization.hpp"

namespace ws::test {

using protocol::Opcode;

namespace {

class SocketChannel final : public Channel {
 public:
  template <class Address>
  SocketChannel(int family, const Address& to, const std::string& name)
      : socket_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{wait_timeout.count(), 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return;
    SocketChannel::Close();
    throw std::runtime_error("cannot connect to " + name);
  }
  ~SocketChannel() override { SocketChannel::Close(); }

  void Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) throw std::runtime_error("the socket did not accept the bytes in time");
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  std::string Read() override {
    std::string bytes(65536, '\0');
    const ssize_t size = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (size < 0 && errno != ECONNRESET) throw std::runtime_error("nothing arrived in time");
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }
  void Close() override {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

 private:
  int socket_ = -1;
};

class PipeChannel final : public Channel {
 public:
  PipeChannel(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out) : in_(std::move(in)), out_(std::move(out)) {}
  ~PipeChannel() override { PipeChannel::Close(); }

  void Write(std::string_view bytes) override { out_->Append(bytes); }
  std::string Read() override {
    auto bytes = in_->ReadAll(wait_timeout);
    if (!bytes) throw std::runtime_error("nothing arrived in time");
    return std::move(*bytes);
  }
  void Close() override {
    out_->CloseWriter();
    in_->CloseReader();
  }

 private:
  std::shared_ptr<Pipe> in_, out_;
};

}  // namespace

std::unique_ptr<Channel> DialTcp(std::uint16_t port, const std::string& address) {
  const std::string name = address + ":" + std::to_string(port);
  if (address.find(':') != address.npos) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(port);
    ::inet_pton(AF_INET6, address.c_str(), &to.sin6_addr);
    return std::make_unique<SocketChannel>(AF_INET6, to, name);
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  return std::make_unique<SocketChannel>(AF_INET, to, name);
}

std::unique_ptr<Channel> DialUnix(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof to.sun_path - 1);
  return std::make_unique<SocketChannel>(AF_UNIX, to, path);
}

std::unique_ptr<Channel> MakePipeChannel(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out) {
  return std::make_unique<PipeChannel>(std::move(in), std::move(out));
}

std::string MaskedFrame(Opcode opcode, std::string_view payload, bool fin, std::optional<unsigned> first) {
  constexpr std::string_view key = "\x11\x22\x33\x44";
  std::string frame;
  protocol::AppendFrameHeader(frame, opcode, payload.size());
  if (!fin) frame[0] = static_cast<char>(static_cast<unsigned char>(frame[0]) & 0x7FU);
  if (first) frame[0] = static_cast<char>(*first);
  frame[1] = static_cast<char>(static_cast<unsigned char>(frame[1]) | 0x80U);
  frame += key;
  for (std::size_t index = 0; index < payload.size(); ++index)
    frame += static_cast<char>(payload[index] ^ key[index % 4]);
  return frame;
}

std::string ClosePayload(std::uint16_t code, std::string_view text) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return payload.append(text);
}

std::string UpgradeText(const std::string& target, const std::string& headers) {
  return "GET " + target +
         " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         headers + "\r\n";
}

RawResponse TestClient::SendRequest(std::string_view request) {
  SendBytes(request);
  return ReceiveResponse();
}

RawResponse TestClient::ReceiveResponse() {
  while (input_.find("\r\n\r\n") == input_.npos) ReadMore();
  RawResponse answer;
  const std::size_t end = input_.find("\r\n\r\n") + 4;
  answer.head = input_.substr(0, end);
  input_.erase(0, end);
  answer.status = static_cast<unsigned>(std::stoul(answer.head.substr(9, 3)));
  if (const std::size_t at = answer.head.find("Content-Length: "); at != answer.head.npos) {
    const std::size_t size = std::stoul(answer.head.substr(at + 16));
    while (input_.size() < size) ReadMore();
    answer.body = input_.substr(0, size);
    input_.erase(0, size);
  }
  return answer;
}

void TestClient::Upgrade(const std::string& target, const std::string& headers) {
  const RawResponse answer = SendRequest(UpgradeText(target, headers));
  if (answer.status != 101) throw std::runtime_error("refused: " + answer.head + answer.body);
}

void TestClient::Send(std::string_view event, const Json& data, const Json& id) {
  Json envelope = {{"event", event}};
  if (!data.is_null()) envelope["data"] = data;
  if (!id.is_null()) envelope["id"] = id;
  SendText(envelope.dump());
}

void TestClient::SendClose(std::uint16_t code, std::string_view text) {
  SendFrame(Opcode::Close, ClosePayload(code, text));
}

Frame TestClient::ReceiveFrame() {
  protocol::FrameHeader header;
  for (;;) {
    const auto verdict = protocol::ParseFrameHeader(input_, header);
    if (verdict == protocol::HeaderStatus::Invalid) throw std::runtime_error("the server sent an invalid frame");
    if (verdict == protocol::HeaderStatus::Valid && input_.size() >= header.size + header.payload) break;
    ReadMore();
  }
  Frame frame{header.opcode, input_.substr(header.size, static_cast<std::size_t>(header.payload))};
  input_.erase(0, header.size + frame.payload.size());
  return frame;
}

Frame TestClient::ReceiveMessage() {
  for (;;) {
    Frame frame = ReceiveFrame();
    if (frame.opcode == Opcode::Close) throw std::runtime_error("the server closed");
    if (frame.opcode == Opcode::Ping) SendFrame(Opcode::Pong, frame.payload);
    if (!protocol::IsControl(frame.opcode)) return frame;
  }
}

ReceivedClose TestClient::ReceiveClose() {
  for (;;) {
    const Frame frame = ReceiveFrame();
    if (frame.opcode != Opcode::Close) continue;
    if (frame.payload.empty()) return {1005, {}};
    const auto byte = [&](std::size_t index) {
      return static_cast<unsigned>(static_cast<unsigned char>(frame.payload[index]));
    };
    return {static_cast<std::uint16_t>(byte(0) << 8 | byte(1)), frame.payload.substr(2)};
  }
}

std::string TestClient::ReceiveUntilEof() {
  std::string rest = std::exchange(input_, {});
  for (;;) {
    const std::string more = channel_->Read();
    if (more.empty()) return rest;
    rest += more;
  }
}

ReceivedClose TestClient::Close(std::uint16_t code, std::string_view text) {
  SendClose(code, text);
  ReceivedClose closed = ReceiveClose();
  DropConnection();
  return closed;
}

void TestClient::ReadMore() {
  const std::string more = channel_->Read();
  if (more.empty()) throw std::runtime_error("the stream ended");
  input_ += more;
}

}  // namespace ws::test
