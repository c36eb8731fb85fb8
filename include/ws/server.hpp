// A listener that upgrades.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ws/error.hpp"
#include "ws/handler.hpp"
#include "ws/http.hpp"
#include "ws/hub.hpp"
#include "ws/log.hpp"
#include "ws/options.hpp"

namespace ws {

// PEM files of a TLS server (1.2 and newer).
struct TlsFiles {
  std::string certificate_chain = {};
  std::string private_key = {};
};

struct ServerOptions {
  // "127.0.0.1", "0.0.0.0", "::1"; "::" listens on IPv6 and IPv4. Loopback by default: who wants the world says so.
  // An address and no name: nothing is looked up.
  // "unix:/run/app.sock" is a UNIX socket, for a proxy on the same machine; who may connect is told by the umask, or
  // by a chmod after Start. A file that an ended server left there is replaced; Stop removes ours.
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  // 0 picks a free one: Server::Port; means nothing to a UNIX socket
  std::optional<TlsFiles> tls = {};

  unsigned io_threads = 1;
  unsigned workers = 0;  // threads of the pool that runs callbacks; 0 is one a core

  std::size_t max_connections = 65536;  // past it: 503

  // Plain HTTP. Zero turns a clock off here too.
  std::size_t max_body_bytes = std::size_t{64} << 10;                   // past it: 413
  bool keep_alive = false;                                              // more than one request a connection
  std::chrono::milliseconds answer_timeout = std::chrono::seconds(30);  // for our answer to be taken

  std::chrono::milliseconds drain_timeout = std::chrono::seconds(10);  // Stop as a whole

  Options connection = {};  // of routes that have none of their own
  LogSink log = {};         // also of connections whose options have none
};

// Accepts, checks, upgrades, and answers plain HTTP through a callback; it is no web framework. Configure it before
// Start or Run; Stop, ReloadTls, Port and Connections may be called from any thread. One pool runs the callbacks of all
// its connections.
class Server {
 public:
  explicit Server(ServerOptions options = {});
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // `opened` gets each connection of that path before its 101 is sent: what it registers misses nothing. It runs on the
  // I/O thread and must not block; none is needed where all callbacks are the hub's. A Close in it reaches the peer
  // behind the 101; a throw is a 500. The path is compared without the query; "*" takes all that no route takes.
  void Route(std::string path, std::function<void(Handler)> opened = {});
  // Throws std::logic_error where an option makes no sense, or the path, and after Start.
  void Route(std::string path, Options options, std::function<void(Handler)> opened = {});

  // Answers requests that ask for no WebSocket, on the pool. Without it: 404.
  void OnRequest(std::function<HttpResponse(const HttpRequest&)> answer);

  // Of all its connections, but those of routes whose options name another. What its callbacks capture is let go of
  // when the server is destroyed.
  ws::Hub Hub() const;

  // Listens and returns; the error says why it cannot. Throws std::logic_error where it runs already.
  [[nodiscard]] Error Start();
  // Begins no new connections, closes the open ones with 1001, flushes, and waits; cuts off who takes longer than
  // drain_timeout. Returns when no callback runs, so executors of Options must run until then. In a callback it only
  // begins all that. It ends what runs: before Start and Run there is nothing to stop.
  void Stop();
  // Start if it has not been, then Stop at SIGINT or SIGTERM or when Stop was called. A second signal ends the process.
  [[nodiscard]] Error Run();

  // Reads the files of ServerOptions::tls anew, for a certificate that was renewed: whoever connects from now on gets
  // it, open connections keep theirs. On an error the old one stays. Closed while the server does not run; throws
  // std::logic_error where the options name no files. May be called from any thread; reads from the disk.
  Error ReloadTls();

  // The port it listens on; 0 when it does not, or on a UNIX socket.
  std::uint16_t Port() const noexcept;
  std::size_t Connections() const noexcept;

 private:
  class Runtime;

  const std::unique_ptr<Runtime> runtime_;
};

}  // namespace ws
