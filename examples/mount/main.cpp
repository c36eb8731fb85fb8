// mount [--port PORT]: an existing Boost.Beast HTTP server with a WebSocket added at /ws.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <ws/ws.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

// Answers every HTTP request with the same text. The server had this function before.
http::response<http::string_body> Answer(const http::request<http::string_body>& request) {
  http::response<http::string_body> response{http::status::ok, request.version()};
  response.set(http::field::content_type, "text/plain");
  response.body() = "Hello from the existing HTTP server.\n";
  response.keep_alive(request.keep_alive());
  response.prepare_payload();
  return response;
}

// Upgrades the connection to WebSocket. This function is the addition to the server. `buffer` holds the bytes that were
// read after the request; they may contain the client's first frame.
asio::awaitable<void> Upgrade(beast::tcp_stream stream, http::request<http::string_body> request,
                              beast::flat_buffer buffer) {
  ws::Handler socket;
  socket.On("shout", [](ws::Handler& socket, const ws::Json& data) { socket.Emit("echo", data); });
  const ws::Error error = co_await socket.Init(std::move(stream), request, buffer);
  if (error) std::cerr << "WebSocket upgrade failed: " << error.message() << "\n";
}

asio::awaitable<void> Serve(beast::tcp_stream stream) {
  beast::flat_buffer buffer(65536);
  for (;;) {
    http::request<http::string_body> request;
    stream.expires_after(std::chrono::seconds(10));
    co_await http::async_read(stream, buffer, request, asio::use_awaitable);
    if (request.target() == "/ws" && beast::websocket::is_upgrade(request)) {
      co_await Upgrade(std::move(stream), std::move(request), std::move(buffer));
      co_return;
    }
    const http::response<http::string_body> response = Answer(request);
    co_await http::async_write(stream, response, asio::use_awaitable);
    if (!response.keep_alive()) co_return;
  }
}

asio::awaitable<void> Listen(tcp::acceptor acceptor) {
  asio::steady_timer retry_timer(acceptor.get_executor());
  for (;;) {
    auto [error, connection] = co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
    if (!error) {
      asio::co_spawn(acceptor.get_executor(), Serve(beast::tcp_stream(std::move(connection))), asio::detached);
      continue;
    }
    // For example, the process has no free file descriptors. Tries again soon, when other connections may have closed.
    std::cerr << "accept: " << error.message() << "\n";
    retry_timer.expires_after(std::chrono::milliseconds(100));
    co_await retry_timer.async_wait(asio::use_awaitable);
  }
}

int main(int argc, char** argv) try {
  int port = 9003;
  if (argc == 3 && std::string_view(argv[1]) == "--port") {
    port = std::atoi(argv[2]);
  } else if (argc != 1) {
    std::cerr << "usage: mount [--port PORT]\n";
    return 2;
  }
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port)});
  const std::uint16_t bound_port = acceptor.local_endpoint().port();
  std::cout << "pages: http://127.0.0.1:" << bound_port << "/, WebSocket: ws://127.0.0.1:" << bound_port << "/ws"
            << std::endl;
  asio::co_spawn(context, Listen(std::move(acceptor)), asio::detached);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](ws::Error, int) { context.stop(); });
  context.run();
} catch (const std::exception& error) {
  std::cerr << "mount: " << error.what() << "\n";
  return 1;
}
