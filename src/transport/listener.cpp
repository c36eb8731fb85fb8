#include "transport/listener.hpp"

#include <fcntl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <string_view>
#include <thread>
#include <utility>

#include "transport/log.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using asio::ip::tcp;

Listener::Listener(asio::any_io_executor executor, std::vector<asio::any_io_executor> targets, LogSink log)
    : acceptor_(executor), pause_(executor), targets_(std::move(targets)), log_(std::move(log)) {}

Error Listener::Open(const std::string& address, std::uint16_t port) {
  constexpr std::string_view unix_scheme = "unix:";
  Error error = address.starts_with(unix_scheme) ? file_.emplace(address.substr(unix_scheme.size())).Listen(acceptor_)
                                                 : ListenTcp(address, port);
  if (!error) ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
  if (error) Close();
  return error;
}

Error Listener::ListenTcp(const std::string& address, std::uint16_t port) {
  Error error;
  const asio::ip::address host = asio::ip::make_address(address, error);
  if (error) {
    Report("the server's address is no IP address, nor unix:PATH", address.c_str());
    return error;
  }
  const tcp::endpoint endpoint(host, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(StreamAcceptor::reuse_address(true), error);
  if (!error && host.is_v6()) acceptor_.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(StreamAcceptor::max_listen_connections, error);
  if (!error) port_ = ToTcp(acceptor_.local_endpoint(error)).port();
  return error;
}

void Listener::Accept(Accepted accepted) {
  accepted_ = std::move(accepted);
  AcceptNext();
}

void Listener::AcceptNext() {
  while (acceptor_.is_open() && !TryAccept() && !TryPause()) std::this_thread::yield();
}

// Where Asio finds no memory for the socket that it accepted, it destroys the handler, and throws.
struct Listener::Accepting {
  std::shared_ptr<Listener> self;

  explicit Accepting(std::shared_ptr<Listener> listener) : self(std::move(listener)) {}
  Accepting(Accepting&&) = default;
  ~Accepting() {
    if (!self || !self->accepting_ || !self->RunsHere()) return;
    self->accepting_ = false;
    self->Complain(asio::error::no_memory);
    self->AcceptNext();
  }
  void operator()(Error error, StreamSocket socket) {
    const auto listener = std::move(self);
    listener->accepting_ = false;
    listener->OnAccept(error, std::move(socket));
  }
};

bool Listener::RunsHere() {
  const auto executor = pause_.get_executor();
  const auto* context = executor.target<asio::io_context::executor_type>();
  return context != nullptr && context->running_in_this_thread();
}

bool Listener::TryAccept() {
  try {
    acceptor_.async_accept(targets_[next_], Accepting(shared_from_this()));
    accepting_ = true;
    return true;
  } catch (const std::bad_alloc&) {
    Complain(asio::error::no_memory);
    return false;
  }
}

void Listener::OnAccept(Error error, StreamSocket socket) {
  if (!error) {
    starving_ = false;
    next_ = (next_ + 1) % targets_.size();
    HandOver(std::move(socket));
  } else if (error != asio::error::connection_aborted && acceptor_.is_open()) {
    // Out of descriptors or memory: the backlog stays ready, so a loop would only burn time.
    Complain(error);
    if (TryPause()) return;
  }
  AcceptNext();
}

bool Listener::TryPause() {
  try {
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([self = shared_from_this()](Error) { self->AcceptNext(); });
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void Listener::HandOver(StreamSocket socket) {
  Error ignored;
  socket.set_option(tcp::no_delay(true), ignored);       // means nothing to a UNIX socket
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);  // a child of the application's does not keep it open
  try {
    accepted_(std::move(socket));
  } catch (const std::exception& failure) {
    Report("a connection could not be served", failure.what());
  }
}

void Listener::Complain(Error error) {
  if (std::exchange(starving_, true)) return;
  char text[128];
  Report("accept failed; trying again", error.message(text, sizeof(text)));
}

void Listener::Report(const char* text, const char* detail) const noexcept {
  try {
    const LogField fields[] = {{"detail", detail}};
    WriteLog(log_, {LogLevel::Severe, text, fields});
  } catch (const std::bad_alloc&) {
    // Nor is there memory to say so.
  }
}

void Listener::Close() {
  Error ignored;
  acceptor_.close(ignored);
  file_.reset();
  pause_.cancel();
}

}  // namespace ws::transport
