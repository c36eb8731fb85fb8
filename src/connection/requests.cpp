#include "connection/requests.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "ws/detail/protocol/envelope_writer.hpp"
#include "ws/detail/protocol/json_reader.hpp"
#include "ws/detail/protocol/names.hpp"

namespace ws::connection {

PreparedRequest PrepareRequest(std::string_view event, const Json& data) {
  static std::atomic<std::uint64_t> last = 0;
  PreparedRequest request{++last, {}, {}};
  if (!protocol::IsEmittable(event)) {
    request.error = Errc::InvalidEvent;
    return request;
  }
  std::string text = protocol::Frame::ReserveHeader();
  protocol::AppendEnvelope(text, event, std::to_string(request.id), data);
  request.frame = std::make_shared<const protocol::Frame>(std::move(text), MessageType::Text);
  return request;
}

Reply ReceivedReply::Parse() const {
  Reply reply;
  if (error.empty()) {
    reply.data = protocol::ReadJson(data);
    return reply;
  }
  reply.error = Errc::RemoteError;
  const Json failure = protocol::ReadJson(error);
  const auto text = [&](const char* key) {
    const auto found = failure.find(key);
    return failure.is_object() && found != failure.end() && found->is_string() ? found->get<std::string>()
                                                                               : std::string();
  };
  reply.failure = {text("code"), text("message")};
  return reply;
}

void Requests::Send(PreparedRequest request, Time deadline, ReplyWaiter waiter) {
  const std::weak_ptr<const protocol::Frame> frame = request.frame;
  bool must_watch = false;
  if (!request.error) {
    const std::lock_guard lock(mutex_);
    if (ended_) {
      request.error = Errc::Closed;
    } else if (!table_.HasRoom()) {
      request.error = Errc::TooManyRequests;
    } else {
      table_.Add(request.id, {std::move(waiter), frame}, deadline);
      ++open_;
      must_watch = deadline < watched_until_;
    }
  }
  if (request.error) return host_.RejectRequest(std::move(waiter), request.error);
  // The table owns the waiter now. The function that removes it from the table completes it.
  if (const Error error = host_.QueueRequest(std::move(request.frame))) {
    if (auto rejected = Resolve(request.id)) host_.RejectRequest(std::move(*rejected), error);
    return;
  }
  if (must_watch) host_.WatchDeadline(deadline);
  // The request may have failed before its frame was queued; then the frame must not be sent.
  bool still_waits = false;
  {
    const std::lock_guard lock(mutex_);
    still_waits = table_.Contains(request.id);
  }
  if (const auto queued = frame.lock(); queued && !still_waits) host_.RemoveQueuedRequest(queued);
}

std::optional<ReplyWaiter> Requests::Resolve(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  std::optional<Pending> pending = Counted(table_.Remove(id));
  if (!pending) return std::nullopt;
  return std::move(pending->waiter);
}

void Requests::Cancel(std::uint64_t id) {
  Fail([&] { return table_.Remove(id); }, Errc::Cancelled);
}

auto Requests::Expire(Time now, Time next) -> Time {
  const auto expired = [&] {
    auto pending = table_.RemoveExpired(now);
    if (!pending) watched_until_ = next = std::min(next, table_.NextDeadline());
    return pending;
  };
  while (Fail(expired, Errc::TimedOut)) continue;
  return next;
}

void Requests::FailAll(const std::function<bool(const ReplyWaiter&)>& should_drop) {
  std::vector<Pending> dropped;  // destroyed without the lock
  const auto first = [&] {
    ended_ = true;
    auto pending = table_.RemoveFirst();
    for (; pending && should_drop(pending->waiter); pending = table_.RemoveFirst())
      dropped.push_back(std::move(*Counted(std::move(pending))));
    return pending;
  };
  while (Fail(first, Errc::Closed)) continue;
}

auto Requests::Counted(std::optional<Pending> removed) noexcept -> std::optional<Pending> {
  if (removed) --open_;
  return removed;
}

template <class RemovePending>
bool Requests::Fail(RemovePending remove, Error error) {
  protocol::FramePtr queued;
  {
    const std::lock_guard lock(mutex_);
    std::optional<Pending> pending = Counted(remove());
    if (!pending) return false;
    queued = pending->frame.lock();
    host_.CompleteRequest(std::move(pending->waiter), [error] { return Reply{error, nullptr, {}}; });
  }
  if (queued) host_.RemoveQueuedRequest(queued);
  return true;
}

void RequestTimer::Arm(const boost::asio::any_io_executor& executor, Time deadline,
                       std::function<void(const Timer&)> on_expired) {
  if (deadline == Time::max()) return;
  if (const auto earlier = timer_.lock()) {
    if (earlier->expiry() <= deadline) return;
    earlier->cancel();
  }
  const auto timer = std::make_shared<boost::asio::steady_timer>(executor, deadline);
  timer_ = timer;
  timer->async_wait([timer, on_expired = std::move(on_expired)](Error cancelled) {
    if (!cancelled) on_expired(timer);
  });
}

void RequestTimer::Cancel() {
  if (const auto timer = std::exchange(timer_, {}).lock()) timer->cancel();
}

}  // namespace ws::connection
