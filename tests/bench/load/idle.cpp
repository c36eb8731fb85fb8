#include "load/report.hpp"

namespace load {
namespace {

class Idle final : public Crowd {
 public:
  explicit Idle(const Settings& settings) : Crowd(settings) {}

  // What the server has come to hold, once it has had time to let go of what it needs no more.
  double MeasureKilobytes() {
    loop_.Run(settings_.warm_up);
    return static_cast<double>(MeasureProcess(settings_.pid).memory_bytes) / 1024;
  }

  void EchoOnce() {
    for (const auto& client : clients_) {
      client->Expect(MessageOf(*client));
      client->SendOnce(MessageOf(*client));
    }
    Await("replies are missing", [this] { return came_ == clients_.size(); });
  }

  // Whether all are still there: the end of one throws.
  void Hold() { loop_.Run(settings_.duration); }

 private:
  void OnMessages(Client&, unsigned messages) override { came_ += messages; }

  std::size_t came_ = 0;
};

}  // namespace

Report RunIdle(const Settings& settings) {
  Idle idle(settings);
  const double before = idle.MeasureKilobytes();
  idle.OpenAll();
  const double open = idle.MeasureKilobytes();
  idle.Hold();
  idle.EchoOnce();
  const double used = idle.MeasureKilobytes();
  const double connections = settings.connections;
  return {{"connections", settings.connections},
          {"server_memory_kb", before},
          {"idle_kb", Round((open - before) / connections)},
          {"used_kb", Round((used - before) / connections)}};
}

}  // namespace load
