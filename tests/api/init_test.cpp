// Init in an application's own server, with various streams and executors.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "support/test_client.hpp"
#include "ws/ws.hpp"

namespace beast = boost::beast;
using asio::ip::tcp;

namespace {

// Reads the request itself, like an application's own server.
template <class Stream>
asio::awaitable<Error> Mount(tcp::acceptor& acceptor, Handler socket) {
  Stream stream(co_await acceptor.async_accept(asio::use_awaitable));
  beast::flat_buffer leftover;
  beast::http::request<beast::http::empty_body> request;
  co_await beast::http::async_read(stream, leftover, request, asio::use_awaitable);
  co_return co_await socket.Init(std::move(stream), request, leftover);
}

// A user-defined stream that counts the written bytes. It has a release_socket function, which Init must not use.
class CountedStream {
 public:
  using executor_type = tcp::socket::executor_type;

  CountedStream(tcp::socket socket, std::size_t& written) : socket_(std::move(socket)), written_(&written) {}
  executor_type get_executor() { return socket_.get_executor(); }
  tcp::socket release_socket() { return std::move(socket_); }
  void close(Error& error) { socket_.close(error); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return socket_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    *written_ += asio::buffer_size(buffers);
    return socket_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  tcp::socket socket_;
  std::size_t* written_;
};

}  // namespace

TEST_CASE("Init writes through a user-defined stream, also if the stream could release its socket") {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  tcp::socket peer(context);
  peer.connect(acceptor.local_endpoint());
  std::size_t written = 0;
  CountedStream stream(acceptor.accept(), written);
  Handler socket;
  auto result = asio::co_spawn(context, socket.Init(std::move(stream), ws::test::UpgradeRequest()), asio::use_future);
  std::thread thread([&context] { context.run(); });
  CHECK_FALSE(Get(std::move(result)));
  peer.close();
  thread.join();
  CHECK(written != 0);
}

TEMPLATE_TEST_CASE("a TCP stream of either type is upgraded, together with the bytes that followed its request", "",
                   tcp::socket, beast::tcp_stream) {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  Handler socket;
  auto close_reason = CloseReasonOf(socket);
  socket.On("x", [](const Json& data) { return data; });
  auto result = asio::co_spawn(context, Mount<TestType>(acceptor, socket), asio::use_future);
  std::thread thread([&context] { context.run(); });
  TestClient client(ws::test::DialTcp(acceptor.local_endpoint().port()));
  client.SendBytes(ws::test::UpgradeText() +
                   ws::test::MaskedFrame(ws::protocol::Opcode::Text, R"({"event":"x","id":1,"data":7})"));
  CHECK(client.ReceiveResponse().status == 101);
  CHECK(client.Receive()["data"] == 7);
  CHECK_FALSE(Get(std::move(result)));
  CHECK(socket.Handshake().remote_address == "127.0.0.1");
  CHECK_FALSE(socket.Handshake().secure);
  const std::string large(500'000, 'x');
  client.Send("x", large, 2);
  CHECK(client.Receive()["data"] == large);
  CHECK(client.Close(4000).code == 4000);
  CHECK(Get(std::move(close_reason)).code == 4000);
  thread.join();
}

TEST_CASE("on a single-threaded context, callbacks registered in the same turn after Init miss no event") {
  for (int round = 0; round < 20; ++round) {
    Recorder recorder;
    MemorySession session;
    auto open = [](MemorySession& memory, Recorder& events) -> asio::awaitable<Error> {
      const std::string first = ws::test::MaskedFrame(ws::protocol::Opcode::Text, R"({"event":"first"})");
      const Error error =
          co_await memory.socket.Init(std::move(memory.Pair().first), ws::test::UpgradeRequest(), first);
      memory.socket.On("connect", [&events] { events.Add("connect"); });
      memory.socket.On("first", [&events] { events.Add("first"); });
      co_return error;
    };
    auto result = session.Spawn(open(session, recorder));
    CHECK_FALSE(Get(std::move(result)));
    CHECK(recorder.WaitFor(2) == std::vector<std::string>{"connect", "first"});
  }
}

TEST_CASE("several connections work at the same time on a context of many threads") {
  asio::io_context context(4);
  const auto work = asio::make_work_guard(context);
  std::vector<std::thread> threads;
  for (int count = 0; count < 4; ++count) threads.emplace_back([&context] { context.run(); });
  {
    std::vector<Handler> sockets(8);
    std::vector<TestClient> clients;
    std::vector<std::future<Error>> results;
    std::vector<ws::test::MemoryPair> pairs;
    for (Handler& socket : sockets) {
      socket.On("x", [](const Json& data) { return data; });
      auto& pair = pairs.emplace_back(context.get_executor());
      clients.emplace_back(ws::test::MakePipeChannel(pair.to_second, pair.to_first));
      results.push_back(
          asio::co_spawn(context, socket.Init(std::move(pair.first), ws::test::UpgradeRequest()), asio::use_future));
    }
    for (std::size_t index = 0; index < clients.size(); ++index) {
      CHECK(clients[index].ReceiveResponse().status == 101);
      CHECK_FALSE(Get(std::move(results[index])));
    }
    for (int round = 0; round < 50; ++round) {
      for (auto& client : clients) client.Send("x", round, round);
    }
    for (int round = 0; round < 50; ++round) {
      for (auto& client : clients) CHECK(client.Receive()["data"] == round);
    }
    for (Handler& socket : sockets) socket.Close();
    for (auto& client : clients) CHECK(client.Close().code == 1000);
    for (Handler& socket : sockets) Get(asio::co_spawn(context, socket.ClosedAsync(), asio::use_future));
  }
  context.stop();
  for (auto& thread : threads) thread.join();
}
