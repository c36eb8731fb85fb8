#include "load/client.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace load {
namespace {

[[noreturn]] void Fail(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

Client::~Client() {
  if (socket_ >= 0) close(socket_);
}

void Client::Open(std::uint16_t port) {
  header_.Clear();
  buffer_.clear();
  in_frame_ = blocked_ = false;
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) Fail("socket");
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS)
    Fail("connect");
  phase_ = Phase::Connecting;
  loop_.Add(socket_, *this, true);
}

void Client::Close() {
  phase_ = Phase::Closing;
  Queue(Opcode::Close, "\x03\xe8");  // 1000
}

void Client::Expect(const Message& message) {
  message_ = message;
  expected_.clear();
  first_.clear();
}

void Client::SendOnce(const Message& message) {
  Queue(Opcode::Text, dialect_.Write(message));
}

void Client::Prepare(const Message& message, unsigned batch) {
  const std::string frame = MakeFrame(Opcode::Text, dialect_.Write(message));
  frame_size_ = frame.size();
  batch_.reserve(frame_size_ * (batch + 1));
  for (unsigned count = 0; count <= batch; ++count) batch_ += frame;
}

void Client::Send(unsigned count) {
  unsent_ += count * frame_size_;
  Flush();
}

void Client::OnReady(std::uint32_t events) {
  if (phase_ == Phase::Connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) throw std::system_error(error, std::system_category(), "connect");
    phase_ = Phase::Upgrading;
    blocked_ = true;
    queued_ = dialect_.Upgrade();
  }
  if ((events & EPOLLOUT) != 0) Flush();
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) Read();
}

void Client::Read() {
  auto& scratch = loop_.Scratch();
  const ssize_t size = recv(socket_, scratch.data(), scratch.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size < 0) Fail("recv");
  if (size == 0) return End();
  const std::string_view input(scratch.data(), static_cast<std::size_t>(size));
  phase_ == Phase::Upgrading ? ReadUpgrade(input) : ReadFrames(input);
  if (const unsigned received = std::exchange(received_, 0)) observer_.OnMessages(*this, received);
}

void Client::ReadUpgrade(std::string_view input) {
  buffer_ += input;
  const std::size_t end = buffer_.find("\r\n\r\n");
  if (end == buffer_.npos) return;
  if (!buffer_.starts_with("HTTP/1.1 101 ")) throw std::runtime_error("refused: " + buffer_);
  const std::string rest = buffer_.substr(end + 4);
  buffer_.clear();
  SetPhase(dialect_.HasGreeting() ? Phase::Greeting : Phase::Open);
  ReadFrames(rest);
}

void Client::ReadFrames(std::string_view input) {
  while (!input.empty()) {
    if (!in_frame_) {
      if (!header_.Parse(input)) return;
      in_frame_ = true;
      payload_left_ = header_.Size();
      is_protocol_frame_ = phase_ == Phase::Greeting || header_.Kind() >= Opcode::Close ||
                           (dialect_.IsHeartbeat(payload_left_) && matched_ == 0);
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, input.size()));
    ReadPayload(input.substr(0, size));
    input.remove_prefix(size);
    payload_left_ -= size;
    if (payload_left_ == 0) FinishFrame();
  }
}

void Client::ReadPayload(std::string_view payload) {
  if (is_protocol_frame_) {
    buffer_ += payload;
    return;
  }
  if (expected_.empty()) {
    first_ += payload;
  } else if (expected_.compare(matched_, payload.size(), payload) != 0) {
    throw std::runtime_error("unexpected message: " + std::string(payload.substr(0, 200)));
  }
  matched_ += payload.size();
}

void Client::FinishFrame() {
  in_frame_ = false;
  const Opcode kind = header_.Kind();
  const bool last = header_.IsLast();
  header_.Clear();
  if (!is_protocol_frame_) {
    if (last) FinishMessage();
    return;
  }
  const std::string text = std::exchange(buffer_, {});
  if (kind == Opcode::Close) {
    if (phase_ != Phase::Closing)
      throw std::runtime_error("closed by the server: " + text.substr(std::min<std::size_t>(2, text.size())));
    phase_ = Phase::Closed;
  } else if (kind == Opcode::Ping) {
    Queue(Opcode::Pong, text);
  } else if (phase_ == Phase::Greeting) {
    const std::string_view answer = dialect_.AnswerGreeting(text);
    answer.empty() ? SetPhase(Phase::Open) : Queue(Opcode::Text, answer);
  } else if (kind == Opcode::Text) {
    Queue(Opcode::Text, "3");
  }
}

void Client::FinishMessage() {
  if (expected_.empty()) {
    if (!dialect_.Matches(first_, message_))
      throw std::runtime_error("the first message differs from the sent one: " + first_.substr(0, 200));
    expected_ = std::exchange(first_, {});
  }
  if (std::exchange(matched_, 0) != expected_.size()) throw std::runtime_error("a message has the wrong length");
  ++received_;
}

void Client::SetPhase(Phase phase) {
  phase_ = phase;
  if (phase == Phase::Open) observer_.OnOpen(*this);
}

void Client::End() {
  if (phase_ != Phase::Closed) throw std::runtime_error("the server ended the connection");
  close(std::exchange(socket_, -1));
  observer_.OnEnd(*this);
}

void Client::Queue(Opcode opcode, std::string_view payload) {
  queued_ += MakeFrame(opcode, payload);
  Flush();
}

void Client::Flush() {
  while (!queued_.empty() || unsent_ > 0) {
    const bool from_queue = !queued_.empty() && batch_offset_ == 0;
    const std::string_view bytes =
        from_queue ? std::string_view(queued_) : std::string_view(batch_).substr(batch_offset_, unsent_);
    const ssize_t size = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EAGAIN) {
      if (!std::exchange(blocked_, true)) loop_.Change(socket_, *this, true);
      return;
    }
    if (size < 0) Fail("send");
    const auto sent = static_cast<std::size_t>(size);
    if (from_queue) {
      queued_.erase(0, sent);
    } else {
      unsent_ -= sent;
      batch_offset_ = (batch_offset_ + sent) % frame_size_;
    }
  }
  if (std::exchange(blocked_, false)) loop_.Change(socket_, *this, false);
}

}  // namespace load
