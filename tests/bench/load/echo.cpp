#include "load/report.hpp"

namespace load {
namespace {

class Echo final : public Workload {
 public:
  explicit Echo(const Settings& settings) : Workload(settings), sent_(settings.connections) {}

  void Begin() {
    for (const auto& client : clients_) {
      client->Expect(MakeMessage(*client));
      client->Prepare(MakeMessage(*client), settings_.in_flight);
      Send(*client, settings_.in_flight, Clock::now());
    }
  }

  // Waits for the outstanding replies, so that lost messages are detected.
  void Finish() {
    stopping_ = true;
    WaitUntil("replies are missing", [this] { return open_messages_ == 0; });
  }

 private:
  // A ring buffer with the send times of the messages in flight.
  struct Sent {
    std::vector<Clock::time_point> times;
    std::size_t first = 0, next = 0;
  };

  void Send(Client& client, unsigned count, Clock::time_point now) {
    Sent& sent = sent_[client.Index()];
    sent.times.resize(settings_.in_flight);
    for (unsigned message = 0; message < count; ++message) sent.times[sent.next++ % settings_.in_flight] = now;
    open_messages_ += count;
    client.Send(count);
  }

  void OnMessages(Client& client, unsigned messages) override {
    const Clock::time_point now = Clock::now();
    Sent& sent = sent_[client.Index()];
    for (unsigned message = 0; message < messages; ++message) {
      if (sent.first == sent.next) throw std::runtime_error("more replies than messages");
      Count(1, sent.times[sent.first++ % settings_.in_flight], now);
    }
    open_messages_ -= messages;
    if (!stopping_) Send(client, messages, now);
  }

  std::vector<Sent> sent_;
  std::size_t open_messages_ = 0;
  bool stopping_ = false;
};

}  // namespace

Report RunEcho(const Settings& settings) {
  Echo echo(settings);
  echo.OpenAll();
  echo.Begin();
  const Result result = echo.Measure();
  Report report = MakeReport(result, echo.Latencies());
  echo.Finish();
  return report;
}

}  // namespace load
