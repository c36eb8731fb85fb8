// A server on a UNIX socket, as behind a proxy.
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

#include "support/catch.hpp"
#include "support/patience.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace fs = std::filesystem;
using ws::Handler;
using ws::Json;
using ws::Server;
using ws::test::DialUnix;
using ws::test::Get;
using ws::test::TestClient;

namespace {

// Where a server may listen, for the time of a scope.
struct Place {
  std::string Path() const { return folder.Path() / "app.sock"; }

  ws::test::TemporaryFolder folder;
};

void Serve(Server& server) {
  server.Route("/ws", [](Handler socket) { socket.On("echo", [](const Json& data) { return data; }); });
  server.OnRequest([](const ws::HttpRequest& request) {
    return ws::HttpResponse{.body = "from '" + request.remote_address + "' " + std::to_string(request.remote_port)};
  });
}

bool Works(const std::string& path) {
  TestClient client(DialUnix(path));
  client.Upgrade();
  client.Send("echo", path, 1);
  const bool works = client.Receive()["data"] == path;
  client.Close();
  return works;
}

}  // namespace

TEST_CASE("a server on a UNIX socket upgrades and answers; Stop removes the file") {
  const Place place;
  Server server({.address = "unix:" + place.Path(), .workers = 1});
  Serve(server);
  REQUIRE_FALSE(server.Start());
  CHECK(server.Port() == 0);
  CHECK(Works(place.Path()));
  TestClient plain(DialUnix(place.Path()));
  const auto answer = plain.Ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.body == "from '' 0");
  plain.Cut();
  server.Stop();
  CHECK_FALSE(fs::exists(fs::symlink_status(place.Path())));
  CHECK_FALSE(server.Start());
  CHECK(Works(place.Path()));
}

TEST_CASE("a UNIX socket that an ended server left behind is replaced, one in use is not") {
  const Place place;
  Server first({.address = "unix:" + place.Path(), .workers = 1});
  Serve(first);
  REQUIRE_FALSE(first.Start());
  Server second({.address = "unix:" + place.Path(), .workers = 1});
  Serve(second);
  CHECK(second.Start() == boost::system::errc::address_in_use);
  CHECK(Works(place.Path()));

  // Left behind: bound, and closed without being removed.
  const std::string left = place.Path() + "2";
  {
    boost::asio::io_context context;
    boost::asio::local::stream_protocol::acceptor acceptor(context, left);
  }
  REQUIRE(fs::is_socket(left));
  Server third({.address = "unix:" + left, .workers = 1});
  Serve(third);
  REQUIRE_FALSE(third.Start());
  CHECK(Works(left));
}

TEST_CASE("Stop leaves alone a UNIX socket that has taken the place of its own") {
  const Place place;
  Server first({.address = "unix:" + place.Path(), .workers = 1});
  Serve(first);
  REQUIRE_FALSE(first.Start());
  fs::remove(place.Path());
  Server second({.address = "unix:" + place.Path(), .workers = 1});
  Serve(second);
  REQUIRE_FALSE(second.Start());
  first.Stop();
  CHECK(Works(place.Path()));
}

TEST_CASE("no file of another kind is replaced by a UNIX socket, and a path that cannot be is an error") {
  const Place place;
  std::ofstream(place.Path()) << "mine";
  CHECK(Server({.address = "unix:" + place.Path()}).Start() == boost::system::errc::address_in_use);
  CHECK(fs::file_size(place.Path()) == 4);
  CHECK(Server({.address = "unix:" + place.Path() + "/x"}).Start() == boost::system::errc::not_a_directory);
  CHECK(Server({.address = "unix:/tmp/" + std::string(200, 'x')}).Start() == boost::system::errc::filename_too_long);
  CHECK(Server({.address = "unix:"}).Start() == boost::system::errc::invalid_argument);
}

TEST_CASE("servers that start at once on a UNIX path do not steal it from each other") {
  const Place place;
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> started = 0;
    std::vector<std::unique_ptr<Server>> servers;
    for (int index = 0; index < 4; ++index) {
      servers.push_back(std::make_unique<Server>(ws::ServerOptions{.address = "unix:" + place.Path(), .workers = 1}));
      Serve(*servers.back());
    }
    std::vector<std::thread> threads;
    for (const auto& server : servers) {
      threads.emplace_back([&] {
        const ws::Error error = server->Start();
        if (!error) ++started;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(started == 1);
    CHECK(Works(place.Path()));
  }
}

TEST_CASE("Stop removes the file, also of a server that served nobody") {
  const Place place;
  for (int round = 0; round < 20; ++round) {
    Server server({.address = "unix:" + place.Path(), .workers = 1});
    Serve(server);
    REQUIRE_FALSE(server.Start());
    if (round % 2 == 1) CHECK(Works(place.Path()));
    server.Stop();
    CHECK_FALSE(fs::exists(fs::symlink_status(place.Path())));
  }
}

TEST_CASE("a lock that another holds on the folder of a UNIX socket holds up neither Start nor Stop") {
  const Place place;
  const int folder = ::open(place.folder.Path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(::flock(folder, LOCK_EX) == 0);
  std::promise<void> done;
  std::thread thread([&] {
    Server server({.address = "unix:" + place.Path(), .workers = 1});
    Serve(server);
    CHECK_FALSE(server.Start());
    server.Stop();
    done.set_value();
  });
  CHECK(done.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  ::close(folder);
  thread.join();
}
