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
  head_.Clear();
  gathered_.clear();
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
  owed_ += count * frame_size_;
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
  if (const unsigned received = std::exchange(received_, 0)) owner_.OnMessages(*this, received);
}

void Client::ReadUpgrade(std::string_view input) {
  gathered_ += input;
  const std::size_t end = gathered_.find("\r\n\r\n");
  if (end == gathered_.npos) return;
  if (!gathered_.starts_with("HTTP/1.1 101 ")) throw std::runtime_error("refused: " + gathered_);
  const std::string rest = gathered_.substr(end + 4);
  gathered_.clear();
  Become(dialect_.Greets() ? Phase::Greeting : Phase::Open);
  ReadFrames(rest);
}

void Client::ReadFrames(std::string_view input) {
  while (!input.empty()) {
    if (!in_frame_) {
      if (!head_.Take(input)) return;
      in_frame_ = true;
      payload_left_ = head_.Size();
      aside_ = phase_ == Phase::Greeting || head_.Kind() >= Opcode::Close ||
               (dialect_.IsHeartbeat(payload_left_) && matched_ == 0);
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, input.size()));
    ReadPayload(input.substr(0, size));
    input.remove_prefix(size);
    payload_left_ -= size;
    if (payload_left_ == 0) EndFrame();
  }
}

void Client::ReadPayload(std::string_view payload) {
  if (aside_) {
    gathered_ += payload;
    return;
  }
  if (expected_.empty()) {
    first_ += payload;
  } else if (expected_.compare(matched_, payload.size(), payload) != 0) {
    throw std::runtime_error("not the message that was expected: " + std::string(payload.substr(0, 200)));
  }
  matched_ += payload.size();
}

void Client::EndFrame() {
  in_frame_ = false;
  const Opcode kind = head_.Kind();
  const bool last = head_.IsLast();
  head_.Clear();
  if (!aside_) {
    if (last) EndMessage();
    return;
  }
  const std::string text = std::exchange(gathered_, {});
  if (kind == Opcode::Close) {
    if (phase_ != Phase::Closing)
      throw std::runtime_error("closed by the server: " + text.substr(std::min<std::size_t>(2, text.size())));
    phase_ = Phase::Closed;
  } else if (kind == Opcode::Ping) {
    Queue(Opcode::Pong, text);
  } else if (phase_ == Phase::Greeting) {
    const std::string_view answer = dialect_.AnswerGreeting(text);
    answer.empty() ? Become(Phase::Open) : Queue(Opcode::Text, answer);
  } else if (kind == Opcode::Text) {
    Queue(Opcode::Text, "3");
  }
}

void Client::EndMessage() {
  if (expected_.empty()) {
    if (!dialect_.Holds(first_, message_)) throw std::runtime_error("not what was sent: " + first_.substr(0, 200));
    expected_ = std::exchange(first_, {});
  }
  if (std::exchange(matched_, 0) != expected_.size()) throw std::runtime_error("a message of another length");
  ++received_;
}

void Client::Become(Phase phase) {
  phase_ = phase;
  if (phase == Phase::Open) owner_.OnOpen(*this);
}

void Client::End() {
  if (phase_ != Phase::Closed) throw std::runtime_error("the server ended the connection");
  close(std::exchange(socket_, -1));
  owner_.OnEnd(*this);
}

void Client::Queue(Opcode opcode, std::string_view payload) {
  queued_ += MakeFrame(opcode, payload);
  Flush();
}

void Client::Flush() {
  while (!queued_.empty() || owed_ > 0) {
    const bool from_queue = !queued_.empty() && at_ == 0;
    const std::string_view bytes = from_queue ? std::string_view(queued_) : std::string_view(batch_).substr(at_, owed_);
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
      owed_ -= sent;
      at_ = (at_ + sent) % frame_size_;
    }
  }
  if (std::exchange(blocked_, false)) loop_.Change(socket_, *this, false);
}

}  // namespace load
