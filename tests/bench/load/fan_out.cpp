#include <algorithm>

#include "load/report.hpp"

namespace load {
namespace {

// The last client publishes, the others have joined.
class FanOut final : public Crowd {
 public:
  explicit FanOut(const Settings& settings)
      : Crowd(settings), members_(settings.connections - 1), got_(members_), news_(settings.in_flight) {}

  void Begin() {
    Client& publisher = *clients_.back();
    // A join has no answer, but an echo behind it has.
    for (std::size_t index = 0; index < members_; ++index) {
      Client& member = *clients_[index];
      member.Expect(MessageOf(member));
      member.SendOnce(MessageOf(member, "join"));
      member.SendOnce(MessageOf(member));
    }
    Await("members do not join", [this] { return joined_ == members_; });
    for (std::size_t index = 0; index < members_; ++index) clients_[index]->Expect(MessageOf(publisher, "news"));
    publisher.Prepare(MessageOf(publisher, "publish"), settings_.in_flight);
    Publish(settings_.in_flight, Clock::now());
  }

  void Finish() {
    stopping_ = true;
    Await("deliveries are missing", [this] {
      return std::all_of(got_.begin(), got_.end(), [this](std::size_t got) { return got == published_; });
    });
  }

 private:
  // One that is in flight, in a ring; each member gets them in order.
  struct News {
    Clock::time_point sent;
    std::size_t deliveries = 0;
  };

  void Publish(unsigned count, Clock::time_point now) {
    for (unsigned left = count; left > 0; --left) news_[published_++ % news_.size()] = {now, 0};
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
      if (got_[client.Index()] == published_) throw std::runtime_error("more news than were published");
      News& one = news_[got_[client.Index()]++ % news_.size()];
      Count(1, one.sent, now);
      if (++one.deliveries == members_) ++complete;
    }
    if (complete > 0 && !stopping_) Publish(complete, now);
  }

  const std::size_t members_;
  std::size_t joined_ = 0;
  std::size_t published_ = 0;
  std::vector<std::size_t> got_;  // of each member
  std::vector<News> news_;
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
