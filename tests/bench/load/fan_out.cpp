#include <algorithm>

#include "load/report.hpp"

namespace load {
namespace {

// The last client publishes; the others are members of the group.
class FanOut final : public Workload {
 public:
  explicit FanOut(const Settings& settings)
      : Workload(settings), members_(settings.connections - 1), received_(members_), in_flight_(settings.in_flight) {}

  void Begin() {
    Client& publisher = *clients_.back();
    // A join has no reply, so each member also sends an echo and waits for its reply.
    for (std::size_t index = 0; index < members_; ++index) {
      Client& member = *clients_[index];
      member.Expect(MakeMessage(member));
      member.SendOnce(MakeMessage(member, "join"));
      member.SendOnce(MakeMessage(member));
    }
    WaitUntil("members do not join", [this] { return joined_ == members_; });
    for (std::size_t index = 0; index < members_; ++index) clients_[index]->Expect(MakeMessage(publisher, "news"));
    publisher.Prepare(MakeMessage(publisher, "publish"), settings_.in_flight);
    Publish(settings_.in_flight, Clock::now());
  }

  void Finish() {
    stopping_ = true;
    WaitUntil("deliveries are missing", [this] {
      return std::all_of(received_.begin(), received_.end(), [this](std::size_t count) { return count == published_; });
    });
  }

 private:
  // A published message in flight, in a ring buffer. Each member receives the messages in order.
  struct Publication {
    Clock::time_point sent;
    std::size_t deliveries = 0;
  };

  void Publish(unsigned count, Clock::time_point now) {
    for (unsigned left = count; left > 0; --left) in_flight_[published_++ % in_flight_.size()] = {now, 0};
    clients_.back()->Send(count);
  }

  void OnMessages(Client& client, unsigned messages) override {
    if (joined_ < members_) {
      joined_ += messages;
      return;
    }
    const Clock::time_point now = Clock::now();
    unsigned complete = 0;
    for (unsigned message = 0; message < messages; ++message) {
      if (received_[client.Index()] == published_) throw std::runtime_error("more deliveries than publications");
      Publication& publication = in_flight_[received_[client.Index()]++ % in_flight_.size()];
      Count(1, publication.sent, now);
      if (++publication.deliveries == members_) ++complete;
    }
    if (complete > 0 && !stopping_) Publish(complete, now);
  }

  const std::size_t members_;
  std::size_t joined_ = 0;
  std::size_t published_ = 0;
  std::vector<std::size_t> received_;  // messages that each member has received
  std::vector<Publication> in_flight_;
  bool stopping_ = false;
};

}  // namespace

Report RunFanOut(const Settings& settings) {
  Settings with_publisher = settings;
  ++with_publisher.connections;
  FanOut fan_out(with_publisher);
  fan_out.OpenAll();
  fan_out.Begin();
  const Result result = fan_out.Measure();
  Report report = MakeReport(result, fan_out.Latencies());
  fan_out.Finish();
  return report;
}

}  // namespace load
