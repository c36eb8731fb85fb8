// Requests and their replies, with a host that the test drives.
#include "connection/requests.hpp"

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using ws::Errc;
using ws::Error;
using ws::Reply;
using ws::connection::MakeReply;
using ws::connection::PreparedRequest;
using ws::connection::PrepareRequest;
using ws::connection::ReplyWaiter;
using ws::connection::RequestHost;
using ws::connection::Requests;

namespace {

using Time = Requests::Time;

// Queues requests in memory, and calls back at once.
struct FakeHost final : RequestHost {
  Error QueueRequest(ws::protocol::FramePtr frame) override {
    if (before_queueing) before_queueing();
    if (!error) queue.push_back(std::move(frame));
    return error;
  }
  void RemoveQueuedRequest(const ws::protocol::FramePtr& frame) override { std::erase(queue, frame); }
  void WatchDeadline(Time deadline) override { watched.push_back(deadline); }
  void CompleteRequest(ReplyWaiter waiter, MakeReply make) override {
    std::get<std::function<void(Reply)>>(waiter)(make());
  }
  void RejectRequest(ReplyWaiter waiter, Error why) override {
    ++rejected;
    CompleteRequest(std::move(waiter), [why] { return Reply{why, nullptr, {}}; });
  }

  Error error;
  std::function<void()> before_queueing;
  std::vector<ws::protocol::FramePtr> queue;
  std::vector<Time> watched;
  int rejected = 0;
};

struct RequestsFixture {
  // Sends a request and returns its id. Its reply is added to `errors`.
  std::uint64_t Send(Time deadline) {
    PreparedRequest request = PrepareRequest("x", nullptr);
    const std::uint64_t id = request.id;
    requests.Send(std::move(request), deadline, [this](const Reply& reply) { errors.push_back(reply.error); });
    return id;
  }

  FakeHost host;
  Requests requests{host, 2};
  std::vector<Error> errors;
  const Time start{};
};

}  // namespace

TEST_CASE("a request is open until its reply, its deadline or its cancellation") {
  RequestsFixture f;
  const auto first = f.Send(f.start + 10s), second = f.Send(f.start + 20s);
  CHECK(f.host.queue.size() == 2);
  CHECK(f.requests.AnyOpen());
  CHECK(f.requests.Resolve(first));
  CHECK_FALSE(f.requests.Resolve(first));
  f.requests.Cancel(second);
  CHECK(f.errors == std::vector<Error>{Errc::Cancelled});
  CHECK_FALSE(f.requests.AnyOpen());
  f.Send(f.start + 30s);
  CHECK(f.requests.Expire(f.start + 29s, Time::max()) == f.start + 30s);
  CHECK(f.requests.Expire(f.start + 30s, Time::max()) == Time::max());
  CHECK(f.errors.back() == Errc::TimedOut);
}

TEST_CASE("a request that fails while it is queued is not sent") {
  RequestsFixture f;
  const auto id = f.Send(f.start + 10s);
  f.requests.Cancel(id);
  CHECK(f.host.queue.empty());
}

TEST_CASE("a request that fails before it is queued is not sent either") {
  RequestsFixture f;
  f.host.before_queueing = [&] { f.requests.Expire(f.start + 10s, Time::max()); };
  f.Send(f.start + 10s);
  CHECK(f.errors == std::vector<Error>{Errc::TimedOut});
  CHECK(f.host.queue.empty());
}

TEST_CASE("a request that cannot be sent is rejected once") {
  RequestsFixture f;
  SECTION("the queue is full") {
    f.host.error = Errc::QueueFull;
    f.Send(Time::max());
    CHECK(f.errors == std::vector<Error>{Errc::QueueFull});
  }
  SECTION("too many requests are open") {
    f.Send(Time::max());
    f.Send(Time::max());
    f.Send(Time::max());
    CHECK(f.errors == std::vector<Error>{Errc::TooManyRequests});
  }
  SECTION("the event's name is reserved") {
    f.requests.Send(PrepareRequest("$x", nullptr), Time::max(),
                    [&](const Reply& reply) { f.errors.push_back(reply.error); });
    CHECK(f.errors == std::vector<Error>{Errc::InvalidEvent});
  }
  SECTION("the connection has ended") {
    f.requests.FailAll([](const ReplyWaiter&) { return false; });
    f.Send(Time::max());
    CHECK(f.errors == std::vector<Error>{Errc::Closed});
  }
  CHECK(f.host.rejected == 1);
}

TEST_CASE("at the end all requests fail, but for those whose waiter is dropped") {
  RequestsFixture f;
  f.Send(Time::max());
  f.Send(Time::max());
  bool drop = true;
  f.requests.FailAll([&](const ReplyWaiter&) { return std::exchange(drop, false); });
  CHECK(f.errors == std::vector<Error>{Errc::Closed});
  CHECK_FALSE(f.requests.AnyOpen());
}

TEST_CASE("the host watches a deadline that is earlier than the one it watches") {
  RequestsFixture f;
  f.Send(f.start + 10s);
  CHECK(f.host.watched == std::vector<Time>{f.start + 10s});
  f.requests.Expire(f.start, Time::max());
  f.Send(f.start + 20s);
  CHECK(f.host.watched.size() == 1);
  f.requests.Expire(f.start + 20s, Time::max());
  f.Send(f.start + 25s);
  CHECK(f.host.watched.size() == 2);
}

TEST_CASE("a timer for requests fires at the earliest deadline, and can be armed again once it is disarmed") {
  boost::asio::io_context context;
  ws::connection::RequestTimer timer;
  const Time now = std::chrono::steady_clock::now();
  std::string fired;
  timer.Arm(context.get_executor(), now + 1h, [&](const auto&) { fired += "late "; });
  timer.Arm(context.get_executor(), Time::max(), [&](const auto&) { fired += "never "; });
  timer.Arm(context.get_executor(), now, [&](const auto& expired) {
    fired += "early ";
    timer.Arm(context.get_executor(), now, [&](const auto&) { fired += "ignored "; });
    timer.Disarm(expired);
    timer.Arm(context.get_executor(), now, [&](const auto&) { fired += "again "; });
  });
  context.run();
  CHECK(fired == "early again ");
}

TEST_CASE("a received reply has data or a failure") {
  CHECK(ws::connection::ReceivedReply{"[1]", ""}.Parse().data == ws::Json{1});
  const Reply failed = ws::connection::ReceivedReply{"", R"({"code":"c","message":"m"})"}.Parse();
  CHECK(failed.error == Errc::RemoteError);
  CHECK(failed.failure.code == "c");
  CHECK(failed.failure.message == "m");
  CHECK(ws::connection::ReceivedReply{"", "7"}.Parse().error == Errc::RemoteError);
}
