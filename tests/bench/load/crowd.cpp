#include "load/crowd.hpp"

#include <algorithm>

#include <unistd.h>

namespace load {

Crowd::Crowd(const Settings& settings) : settings_(settings), dialect_(settings.socket_io) {
  for (unsigned index = 0; index < settings.connections; ++index)
    clients_.push_back(std::make_unique<Client>(loop_, dialect_, *this, index));
}

void Crowd::OpenAll() {
  while (begun_ < std::min<std::size_t>(64, clients_.size())) OpenNext();
  Await("connections do not open", [this] { return open_ == clients_.size(); });
}

Result Crowd::Measure() {
  loop_.Run(settings_.warm_up);
  Result result;
  latencies_.Clear();
  messages_ = 0;
  result.before = MeasureProcess(settings_.pid);
  result.our_before = MeasureProcess(getpid());
  const Clock::time_point begin = Clock::now();
  loop_.Run(settings_.duration);
  Await("nothing comes", [this] { return messages_ > 0; });  // a busy machine may take longer
  result.after = MeasureProcess(settings_.pid);
  result.our_after = MeasureProcess(getpid());
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  result.messages = messages_;
  return result;
}

void Crowd::OnOpen(Client&) {
  ++open_;
  if (begun_ < clients_.size()) OpenNext();
}

void Crowd::Count(unsigned messages, Clock::time_point sent, Clock::time_point now) {
  messages_ += messages;
  const auto nanoseconds = static_cast<std::uint64_t>(std::chrono::nanoseconds(now - sent).count());
  for (unsigned count = 0; count < messages; ++count) latencies_.Add(nanoseconds);
}

Message Crowd::MessageOf(const Client& client, const char* event) const {
  return {event, static_cast<unsigned>(1000 + client.Index() % 9000), settings_.text};
}

void Crowd::OpenNext() {
  clients_[begun_++]->Open(settings_.port);
}

}  // namespace load
