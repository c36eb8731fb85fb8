#include "transport/connection.hpp"

#include <boost/asio/system_executor.hpp>

#include "transport/log.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using dispatch::Delivery;
using dispatch::Exchange;

namespace {

std::uint64_t NextId() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

}  // namespace

Connection::Connection(std::shared_ptr<const Options> options)
    : options_(std::move(options)),
      id_(NextId()),
      queue_({options_->max_outbound_messages, options_->max_outbound_bytes, options_->overflow}),
      replies_(options_->max_open_requests),
      inbound_(options_->max_inbound_messages, options_->max_inbound_bytes) {}

Connection::~Connection() {
  DropFrom(rosters_, *this);
}

CallbackId Connection::On(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once) {
  const auto registration = table_.Add(event, std::move(callback), order, once);
  if (!registration) return CallbackId::None;
  if (event != "connect") return registration->token;
  // `connect` is sticky: who comes late still gets it. Exchange sees to it that nobody gets it twice.
  const std::lock_guard lock(mutex_);
  if (connected_) TellOfConnect(registration);
  return registration->token;
}

CallbackId Connection::OnShared(dispatch::EventTable& table, std::string_view event, dispatch::CallbackPtr callback,
                                Order order, bool once) {
  const dispatch::CallbackPtr kept = callback;  // where nobody takes it, it is destroyed under no lock
  const std::lock_guard lock(mutex_);
  const auto registration = table.Add(event, std::move(callback), order, once);
  if (!registration) return CallbackId::None;
  if (event == "connect" && connect_begun_) TellOfConnect(registration);
  return registration->token;
}

void Connection::TellOfConnect(const std::shared_ptr<dispatch::Registration>& registration) {
  if (!mailbox_ || state_ >= State::Ended) return;
  auto late = std::make_shared<Exchange>(Delivery::Connect, "connect", Json());
  late->Only(registration);
  std::vector<dispatch::Mailbox::ExchangePtr> batch{std::move(late)};
  mailbox_->Put(batch);
}

void Connection::OnDrain(dispatch::CallbackPtr callback) {
  const std::lock_guard lock(mutex_);
  if (state_ < State::Ended) on_drain_.swap(callback);
}

const HttpRequest& Connection::Handshake() const noexcept {
  static const HttpRequest none;
  return state_ == State::New ? none : handshake_;
}

const Json& Connection::Identity() const noexcept {
  static const Json none;
  return admitted_ ? identity_ : none;
}

const std::string& Connection::Subprotocol() const noexcept {
  static const std::string none;
  return admitted_ ? subprotocol_ : none;
}

void Connection::Admit(Json identity, std::string subprotocol) {
  identity_ = std::move(identity);
  subprotocol_ = std::move(subprotocol);
  admitted_ = true;
}

asio::any_io_executor Connection::Pool() const {
  const std::lock_guard lock(mutex_);
  return LockedPool();
}

asio::any_io_executor Connection::LockedPool() const {
  if (options_->callback_thread == CallbackThread::Io) {
    if (strand_) return strand_;
    if (mailbox_) return mailbox_->Pool();
  }
  return options_->executor ? options_->executor : asio::any_io_executor(asio::system_executor());
}

// Unless the connection is open it is made when it is needed, and on the strand there cannot be one.
const std::shared_ptr<dispatch::Mailbox>& Connection::LockedMailbox() {
  if (!mailbox_ && state_ != State::Over && options_->callback_thread == CallbackThread::Pool)
    mailbox_ = std::make_shared<dispatch::Mailbox>(LockedPool(), weak_from_this());
  return mailbox_;
}

bool Connection::Enlist(std::weak_ptr<Roster> roster) {
  const std::lock_guard lock(mutex_);
  if (state_ >= State::Ended) return false;
  rosters_.push_back(std::move(roster));
  return true;
}

void Connection::Delist(const std::weak_ptr<Roster>& roster) {
  const std::lock_guard lock(mutex_);
  std::erase_if(rosters_, [&](const auto& one) { return !one.owner_before(roster) && !roster.owner_before(one); });
}

void Connection::DropFrom(const std::vector<std::weak_ptr<Roster>>& rosters, const Connection& self) noexcept {
  for (const auto& roster : rosters) {
    if (const auto alive = roster.lock()) alive->Drop(self);
  }
}

ConnectionStats Connection::Stats() const {
  const std::lock_guard lock(mutex_);
  ConnectionStats stats = counted_;
  stats.queued_messages = queue_.Messages();
  stats.queued_bytes = queue_.Bytes();
  stats.dropped = queue_.Dropped();
  if (const std::int64_t time = round_trip_; time >= 0) stats.round_trip = std::chrono::microseconds(time);
  return stats;
}

std::any& Connection::DataSlot(std::any (*make)()) {
  {
    const std::lock_guard lock(mutex_);
    if (data_.has_value()) return data_;
  }
  std::any made = make();  // destroyed under no lock
  const std::lock_guard lock(mutex_);
  if (!data_.has_value()) data_.swap(made);
  return data_;
}

void Connection::Log(LogLevel level, std::string_view text, std::string_view detail) const {
  const LogField fields[] = {{"connection", std::to_string(id_)}, {"detail", Printable(detail)}};
  WriteLog(options_->log, {level, text, std::span(fields, detail.empty() ? 1 : 2)});
}

}  // namespace ws::transport
