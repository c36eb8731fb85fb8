// A WebSocket server.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ws/callback.hpp"
#include "ws/error.hpp"
#include "ws/event_callbacks.hpp"
#include "ws/handler.hpp"
#include "ws/http.hpp"
#include "ws/hub.hpp"
#include "ws/json.hpp"
#include "ws/log.hpp"
#include "ws/options.hpp"
#include "ws/stats.hpp"
#include "ws/target.hpp"

namespace ws {

// The PEM files of a TLS server. TLS 1.2 and newer are accepted.
struct TlsFiles {
  std::string certificate_chain = {};
  std::string private_key = {};
};

// The options of a Server. Zero turns a duration's limit off; a negative duration is a std::logic_error.
struct ServerOptions {
  // The IP address to listen on; host names are not resolved. The default accepts connections of this machine only;
  // "0.0.0.0" accepts all on IPv4, "::" all on IPv6 and IPv4. "unix:/run/app.sock" is a UNIX socket, whose permissions
  // follow from the umask. A socket file that an ended server left behind is replaced, and Stop removes the file.
  std::string address = "127.0.0.1";
  // The TCP port to listen on. 0 picks a free one, which Server::Port returns.
  std::uint16_t port = 8080;
  // If set, the server accepts TLS (wss:// and https://) only.
  std::optional<TlsFiles> tls = {};

  // The number of I/O threads.
  unsigned io_threads = 1;
  // The number of threads in the pool that runs callbacks. 0 is one per processor core.
  unsigned workers = 0;

  // The maximum number of connections. Further ones get HTTP 503.
  std::size_t max_connections = 65536;

  // The maximum size of a plain HTTP request's body. Larger ones get HTTP 413.
  std::size_t max_body_bytes = std::size_t{64} << 10;
  // If true, a connection may send several plain HTTP requests.
  bool keep_alive = false;
  // The time in which a client must accept our HTTP response.
  std::chrono::milliseconds answer_timeout = std::chrono::seconds(30);

  // The time that Stop may take as a whole. Connections that have not ended by then are cut off.
  std::chrono::milliseconds drain_timeout = std::chrono::seconds(10);

  // The options of routes that have no options of their own.
  Options connection = {};
  // The log of the server, and of connections whose options have none.
  LogSink log = {};
};

// A server that accepts WebSocket connections, and answers plain HTTP requests by a callback:
//
//   ws::Server server({.port = 8080});
//   server.On("greet", [](ws::Handler& socket, const ws::Json& name) { socket.Emit("greeting", name); });
//   server.Route("/ws");
//   ws::Error error = server.Run();
//
// The verbs that register callbacks (On, OnTyped, Once, OnAny, OnMessage, Use, Off) are in ws/event_callbacks.hpp. They
// register on the server's hub, so they serve all connections. These verbs, To, Except, Everybody and Broadcast are
// those of Hub and may be called from any thread at any time, as may Stop, ReloadTls, Port and Connections. Call the
// others before Start or Run. One thread pool runs the callbacks of all connections.
class Server : public EventCallbacks<Server> {
 public:
  // Throws std::logic_error if an option is invalid.
  explicit Server(ServerOptions options = {});
  // Calls Stop.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Accepts WebSocket connections on this path. The path is compared without the query; "*" is every path without a
  // route of its own. `opened` is called with each new connection before the client gets the 101, so callbacks that it
  // registers miss no message. It runs on the I/O thread and must not block. If it throws, the client gets HTTP 500.
  // The server's own callbacks need no `opened`.
  void Route(std::string path, std::function<void(Handler)> opened = {});
  // Like the other Route, with options for the connections of this path. Throws std::logic_error if an option or the
  // path is invalid, or if the server is running.
  void Route(std::string path, Options options, std::function<void(Handler)> opened = {});

  // Answers plain HTTP requests. `answer` runs on the pool. Without it they get HTTP 404.
  void OnRequest(std::function<HttpResponse(const HttpRequest&)> answer);

  // The hub of all connections, except those of routes whose options name another hub. Its callbacks are destroyed with
  // the server.
  ws::Hub Hub() const;
  // All connections of the server's hub; one of its groups; all without one connection or group. See ws/target.hpp.
  Target Everybody() const { return Hub().Everybody(); }
  Target To(std::string_view group) const { return Hub().To(group); }
  Target Except(const Handler& socket) const { return Hub().Except(socket); }
  Target Except(std::string_view group) const { return Hub().Except(group); }
  Target Except(const char* group) const { return Hub().Except(group); }
  // Emits to all connections of the server's hub. See Target::Emit.
  BroadcastResult Broadcast(std::string_view event, const Json& data = nullptr) const {
    return Everybody().Emit(event, data);
  }
  BroadcastResult Broadcast(std::string_view event, JsonObject data) const { return Everybody().Emit(event, data); }

  // Starts to listen, and returns. The error says why the server cannot listen. Throws std::logic_error if the server
  // is running.
  [[nodiscard]] Error Start();
  // Stops the server: accepts no more connections, closes the open ones with 1001, flushes their write queues, and cuts
  // off the connections that take longer than drain_timeout. Returns when no callback is running; executors of Options
  // must run until then. Inside a callback it only begins to stop. Does nothing if the server is not running.
  void Stop();
  // Calls Start if the server is not running, waits for SIGINT, SIGTERM or a call of Stop, and calls Stop. A second
  // signal ends the process.
  [[nodiscard]] Error Run();

  // Reads the files of ServerOptions::tls again, for example after the certificate was renewed. New connections get the
  // new certificate; open ones keep theirs. On an error the old certificate stays in use. Returns Closed if the server
  // is not running. Throws std::logic_error if the options name no files.
  Error ReloadTls();

  // The TCP port that the server listens on. 0 if the server is not running, or listens on a UNIX socket.
  std::uint16_t Port() const noexcept;
  // The number of open connections, plain HTTP included.
  std::size_t Connections() const noexcept;

 private:
  class Runtime;

  CallbackId Register(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once);
  dispatch::EventTable& Table() noexcept;

  friend class EventCallbacks<Server>;

  const std::unique_ptr<Runtime> runtime_;
};

}  // namespace ws
