#include "ws/target.hpp"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "connection/log.hpp"
#include "hub/collector.hpp"
#include "hub/fan_out.hpp"
#include "hub/registry.hpp"
#include "ws/detail/protocol/close_frame.hpp"
#include "ws/detail/protocol/message_frames.hpp"
#include "ws/detail/protocol/names.hpp"

namespace ws {

namespace asio = boost::asio;
using connection::Connection;
using hub::Collector;
using hub::ConnectionPtr;

namespace {

using Replies = std::vector<GroupReply>;

Replies Pair(const std::vector<ConnectionPtr>& members, std::vector<Reply> replies) {
  Replies joined;
  for (std::size_t index = 0; index < members.size(); ++index)
    joined.push_back({Handler(members[index]), std::move(replies[index])});
  return joined;
}

// Sends the request to each member. `done` gets the replies.
std::shared_ptr<Collector> SendToAll(const std::vector<ConnectionPtr>& members,
                                     const connection::PreparedRequest& request, std::chrono::milliseconds timeout,
                                     std::function<void(Replies)> done) {
  auto collected = [members, done = std::move(done)](std::vector<Reply> replies) {
    done(Pair(members, std::move(replies)));
  };
  auto collector = std::make_shared<Collector>(members, std::move(collected));
  collector->Send(request, timeout);
  return collector;
}

// Calls back without replies: the target has no members, so no connection can do it.
void CallBackEmpty(const std::function<void(Replies)>& callback) {
  const auto log = [](std::string_view what) {
    const LogField fields[] = {{"detail", std::string(what)}};
    connection::WriteLog({}, {LogLevel::Severe, "a request's callback threw", fields});
  };
  try {
    callback({});
  } catch (const std::exception& failure) {
    log(failure.what());
  } catch (...) {
    log("not a std::exception");
  }
}

asio::awaitable<Replies> CollectAsync(std::vector<ConnectionPtr> members, connection::PreparedRequest request,
                                      std::chrono::milliseconds timeout) {
  if (members.empty()) co_return Replies();
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto send = [&](auto handler) {
    // The last reply may arrive, and the coroutine be destroyed, before this returns.
    const std::vector<ConnectionPtr> kept_members = std::move(members);
    const connection::PreparedRequest kept_request = std::move(request);
    const auto waiter = std::make_shared<connection::Completion<Replies>>(executor, std::move(handler));
    const auto collector = std::make_shared<std::weak_ptr<Collector>>();
    waiter->OnCancel([collector] {
      if (const auto running = collector->lock()) running->Cancel();
    });
    *collector = SendToAll(kept_members, kept_request, timeout, [waiter](Replies replies) {
      const auto shared = std::make_shared<Replies>(std::move(replies));
      std::move(*waiter).Complete([shared] { return std::move(*shared); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Replies)>(send, asio::use_awaitable);
}

}  // namespace

Target Target::To(std::string_view group) const {
  Target wider = *this;
  wider.selection_.groups.emplace_back(group);
  return wider;
}

Target Target::Except(const Handler& socket) const {
  Target narrower = *this;
  narrower.selection_.except.push_back(socket.connection_);
  return narrower;
}

Target Target::Except(std::string_view group) const {
  Target narrower = *this;
  narrower.selection_.except_groups.emplace_back(group);
  return narrower;
}

BroadcastResult Target::Emit(std::string_view event, const Json& data) const {
  if (!protocol::IsEmittable(event)) return {.error = Errc::InvalidEvent};
  return hub::FanOut(registry_->Select(selection_), protocol::EventFrame(event, data), &Connection::Emit);
}

BroadcastResult Target::EmitVolatile(std::string_view event, const Json& data) const {
  if (!protocol::IsEmittable(event)) return {.error = Errc::InvalidEvent};
  return hub::FanOut(registry_->Select(selection_), protocol::EventFrame(event, data), &Connection::EmitVolatile);
}

BroadcastResult Target::EmitBinary(std::string_view event, const Json& data, std::string_view bytes) const {
  if (!protocol::IsEmittable(event)) return {.error = Errc::InvalidEvent};
  return hub::FanOut(registry_->Select(selection_), protocol::BinaryEventFrame(event, data, bytes), &Connection::Emit);
}

void Target::SendRequest(std::string_view event, const Json& data, std::chrono::milliseconds timeout,
                         std::function<void(Replies)> callback) const {
  const std::vector<ConnectionPtr> members = registry_->Select(selection_);
  if (members.empty())
    return asio::post(asio::system_executor(), [callback = std::move(callback)] { CallBackEmpty(callback); });
  SendToAll(members, connection::PrepareRequest(event, data), timeout, std::move(callback));
}

asio::awaitable<Replies> Target::RequestAsync(std::string_view event, const Json& data,
                                              std::chrono::milliseconds timeout) const {
  return CollectAsync(registry_->Select(selection_), connection::PrepareRequest(event, data), timeout);
}

std::size_t Target::Close(std::uint16_t code, std::string_view text) const {
  const std::vector<Handler> members = Members();
  for (Handler member : members) member.Close(code, text);
  return members.size();
}

std::size_t Target::Count() const {
  return registry_->Count(selection_);
}

std::vector<Handler> Target::Members() const {
  std::vector<Handler> members;
  for (ConnectionPtr& member : registry_->Select(selection_)) members.emplace_back(std::move(member));
  std::sort(members.begin(), members.end(), [](const Handler& a, const Handler& b) { return a.Id() < b.Id(); });
  return members;
}

}  // namespace ws
