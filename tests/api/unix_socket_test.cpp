// A server on a UNIX domain socket.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/prelude.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace fs = std::filesystem;
using ws::Server;
using ws::test::DialUnix;

namespace {

// A socket path in a temporary folder.
struct SocketPath {
  std::string Path() const { return folder.Path() / "app.sock"; }

  ws::test::TemporaryFolder folder;
};

void AddRoutes(Server& server) {
  server.Route("/ws", [](Handler socket) { socket.On("echo", [](const Json& data) { return data; }); });
  server.OnRequest([](const HttpRequest& request) {
    return ws::HttpResponse{.body = "from '" + request.remote_address + "' " + std::to_string(request.remote_port)};
  });
}

// Returns true if a client can connect to the path and gets a reply.
bool CanConnect(const std::string& path) {
  TestClient client(DialUnix(path));
  client.Upgrade();
  client.Send("echo", path, 1);
  const bool works = client.Receive()["data"] == path;
  client.Close();
  return works;
}

}  // namespace

TEST_CASE("a server on a UNIX socket upgrades and answers; Stop removes the file") {
  const SocketPath socket_path;
  Server server({.address = "unix:" + socket_path.Path(), .workers = 1});
  AddRoutes(server);
  REQUIRE_FALSE(server.Start());
  CHECK(server.Port() == 0);
  CHECK(CanConnect(socket_path.Path()));
  TestClient plain(DialUnix(socket_path.Path()));
  const auto answer = plain.SendRequest("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.body == "from '' 0");
  plain.DropConnection();
  server.Stop();
  CHECK_FALSE(fs::exists(fs::symlink_status(socket_path.Path())));
  CHECK_FALSE(server.Start());
  CHECK(CanConnect(socket_path.Path()));
}

TEST_CASE("a stale UNIX socket is replaced, and one that is in use is not") {
  const SocketPath socket_path;
  Server first({.address = "unix:" + socket_path.Path(), .workers = 1});
  AddRoutes(first);
  REQUIRE_FALSE(first.Start());
  Server second({.address = "unix:" + socket_path.Path(), .workers = 1});
  AddRoutes(second);
  CHECK(second.Start() == boost::system::errc::address_in_use);
  CHECK(CanConnect(socket_path.Path()));

  // A stale socket: its acceptor was closed without removing the file.
  const std::string stale = socket_path.Path() + "2";
  {
    asio::io_context context;
    asio::local::stream_protocol::acceptor acceptor(context, stale);
  }
  REQUIRE(fs::is_socket(stale));
  Server third({.address = "unix:" + stale, .workers = 1});
  AddRoutes(third);
  REQUIRE_FALSE(third.Start());
  CHECK(CanConnect(stale));
}

TEST_CASE("Stop does not remove a UNIX socket that has replaced its own") {
  const SocketPath socket_path;
  Server first({.address = "unix:" + socket_path.Path(), .workers = 1});
  AddRoutes(first);
  REQUIRE_FALSE(first.Start());
  fs::remove(socket_path.Path());
  Server second({.address = "unix:" + socket_path.Path(), .workers = 1});
  AddRoutes(second);
  REQUIRE_FALSE(second.Start());
  first.Stop();
  CHECK(CanConnect(socket_path.Path()));
}

TEST_CASE("a file that is not a socket is never replaced, and an invalid path is an error") {
  const SocketPath socket_path;
  std::ofstream(socket_path.Path()) << "mine";
  CHECK(Server({.address = "unix:" + socket_path.Path()}).Start() == boost::system::errc::address_in_use);
  CHECK(fs::file_size(socket_path.Path()) == 4);
  CHECK(Server({.address = "unix:" + socket_path.Path() + "/x"}).Start() == boost::system::errc::not_a_directory);
  CHECK(Server({.address = "unix:/tmp/" + std::string(200, 'x')}).Start() == boost::system::errc::filename_too_long);
  CHECK(Server({.address = "unix:"}).Start() == boost::system::errc::invalid_argument);
}

TEST_CASE("only one of several servers that start at the same time on a UNIX path succeeds") {
  const SocketPath socket_path;
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> started = 0;
    std::vector<std::unique_ptr<Server>> servers;
    for (int index = 0; index < 4; ++index) {
      servers.push_back(
          std::make_unique<Server>(ws::ServerOptions{.address = "unix:" + socket_path.Path(), .workers = 1}));
      AddRoutes(*servers.back());
    }
    std::vector<std::thread> threads;
    for (const auto& server : servers) {
      threads.emplace_back([&] {
        const Error error = server->Start();
        if (!error) ++started;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(started == 1);
    CHECK(CanConnect(socket_path.Path()));
  }
}

TEST_CASE("Stop removes the socket file, also if no client has connected") {
  const SocketPath socket_path;
  for (int round = 0; round < 20; ++round) {
    Server server({.address = "unix:" + socket_path.Path(), .workers = 1});
    AddRoutes(server);
    REQUIRE_FALSE(server.Start());
    if (round % 2 == 1) CHECK(CanConnect(socket_path.Path()));
    server.Stop();
    CHECK_FALSE(fs::exists(fs::symlink_status(socket_path.Path())));
  }
}

TEST_CASE("a lock that is held on the folder of a UNIX socket blocks neither Start nor Stop") {
  const SocketPath socket_path;
  const int folder = ::open(socket_path.folder.Path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(::flock(folder, LOCK_EX) == 0);
  std::promise<void> done;
  std::thread thread([&] {
    Server server({.address = "unix:" + socket_path.Path(), .workers = 1});
    AddRoutes(server);
    CHECK_FALSE(server.Start());
    server.Stop();
    done.set_value();
  });
  CHECK(done.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  ::close(folder);
  thread.join();
}
