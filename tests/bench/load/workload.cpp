#include "load/workload.hpp"

#include <algorithm>

#include <unistd.h>

namespace load {

Workload::Workload(const Settings& settings) : settings_(settings), dialect_(settings.socket_io) {
  for (unsigned index = 0; index < settings.connections; ++index)
    clients_.push_back(std::make_unique<Client>(loop_, dialect_, *this, index));
}

void Workload::OpenAll() {
  while (begun_ < std::min<std::size_t>(64, clients_.size())) OpenNext();
  WaitUntil("connections do not open", [this] { return open_ == clients_.size(); });
}

Result Workload::Measure() {
  loop_.Run(settings_.warm_up);
  Result result;
  latencies_.Clear();
  messages_ = 0;
  result.before = MeasureProcess(settings_.pid);
  result.generator_before = MeasureProcess(getpid());
  const Clock::time_point begin = Clock::now();
  loop_.Run(settings_.duration);
  WaitUntil("no messages received",
            [this] { return messages_ > 0; });  // on a busy machine the duration may be too short
  result.after = MeasureProcess(settings_.pid);
  result.generator_after = MeasureProcess(getpid());
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  result.messages = messages_;
  return result;
}

void Workload::OnOpen(Client&) {
  ++open_;
  if (begun_ < clients_.size()) OpenNext();
}

void Workload::Count(unsigned messages, Clock::time_point sent, Clock::time_point now) {
  messages_ += messages;
  const auto nanoseconds = static_cast<std::uint64_t>(std::chrono::nanoseconds(now - sent).count());
  for (unsigned count = 0; count < messages; ++count) latencies_.Add(nanoseconds);
}

Message Workload::MakeMessage(const Client& client, const char* event) const {
  return {event, static_cast<unsigned>(1000 + client.Index() % 9000), settings_.text};
}

void Workload::OpenNext() {
  clients_[begun_++]->Open(settings_.port);
}

}  // namespace load
