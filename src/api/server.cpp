#include "ws/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <thread>

#include "api/server_runtime.hpp"

namespace ws {

namespace asio = boost::asio;

Server::Server(ServerOptions options) : runtime_(std::make_unique<Runtime>(std::move(options))) {}

Server::~Server() {
  Stop();
}

void Server::Route(std::string path, std::function<void(Handler)> opened) {
  Route(std::move(path), runtime_->Defaults(), std::move(opened));
}

void Server::Route(std::string path, Options options, std::function<void(Handler)> opened) {
  runtime_->Add(std::move(path), std::move(options), std::move(opened));
}

void Server::OnRequest(std::function<HttpResponse(const HttpRequest&)> answer) {
  runtime_->OnRequest(std::move(answer));
}

ws::Hub Server::Hub() const {
  return runtime_->Hub();
}

CallbackId Server::Register(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once) {
  return Hub().Register(event, std::move(callback), order, once);
}

dispatch::EventTable& Server::Table() noexcept {
  return Hub().Table();
}

Error Server::Start() {
  return runtime_->Start();
}

void Server::Stop() {
  runtime_->BeginStop();
  if (!runtime_->RunningInThisThread()) runtime_->FinishStop();
}

Error Server::Run() {
  // A context and a thread of their own, so that a busy server receives the signal too.
  asio::io_context signals(1);
  asio::signal_set wanted(signals, SIGINT, SIGTERM);
  if (!runtime_->IsRunning()) {
    if (const Error error = Start()) return error;
  }
  // Clearing the set restores the default action: the next signal ends the process.
  wanted.async_wait([this, &wanted](Error error, int) {
    if (error) return;
    wanted.clear();
    runtime_->BeginStop();
  });
  std::thread listening([&signals] { signals.run(); });
  runtime_->Wait();
  signals.stop();
  listening.join();
  wanted.clear();
  Stop();
  return {};
}

Error Server::ReloadTls() {
  return runtime_->ReloadTls();
}

std::uint16_t Server::Port() const noexcept {
  return runtime_->Port();
}

std::size_t Server::Connections() const noexcept {
  return runtime_->Connections();
}

}  // namespace ws
