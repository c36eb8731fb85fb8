#include "load/report.hpp"

namespace load {
namespace {

// The last client publishes, the others have joined.
class FanOut final : public Crowd {
 public:
  explicit FanOut(const Settings& settings) : Crowd(settings) {}

  void Begin() {
    Client& publisher = *clients_.back();
    const Message news = MessageOf(publisher, "news");
    // A join has no answer, but an echo behind it has.
    for (std::size_t index = 0; index + 1 < clients_.size(); ++index) {
      Client& member = *clients_[index];
      member.Expect(MessageOf(member));
      member.SendOnce(MessageOf(member, "join"));
      member.SendOnce(MessageOf(member));
    }
    Await("members do not join", [this] { return came_ + 1 == clients_.size(); });
    joined_ = true;
    for (std::size_t index = 0; index + 1 < clients_.size(); ++index) clients_[index]->Expect(news);
    publisher.Prepare(MessageOf(publisher, "publish"), 1);
    Publish(Clock::now());
  }

  void Finish() {
    stopping_ = true;
    Await("deliveries are missing", [this] { return came_ + 1 == clients_.size(); });
  }

 private:
  void Publish(Clock::time_point now) {
    came_ = 0;
    published_at_ = now;
    clients_.back()->Send(1);
  }

  void OnMessages(Client&, unsigned messages) override {
    came_ += messages;
    if (!joined_) return;
    const Clock::time_point now = Clock::now();
    Count(messages, published_at_, now);
    if (came_ + 1 == clients_.size() && !stopping_) Publish(now);
  }

  bool joined_ = false, stopping_ = false;
  std::size_t came_ = 0;  // to all members
  Clock::time_point published_at_;
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
