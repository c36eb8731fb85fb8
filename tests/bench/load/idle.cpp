#include "load/report.hpp"

namespace load {
namespace {

class Idle final : public Workload {
 public:
  explicit Idle(const Settings& settings) : Workload(settings) {}

  // Returns the server's resident memory, after a pause in which it can free what it no longer needs.
  double MeasureKilobytes() {
    loop_.Run(settings_.warm_up);
    return static_cast<double>(MeasureProcess(settings_.pid).memory_bytes) / 1024;
  }

  void EchoOnce() {
    for (const auto& client : clients_) {
      client->Expect(MakeMessage(*client));
      client->SendOnce(MakeMessage(*client));
    }
    WaitUntil("replies are missing", [this] { return received_ == clients_.size(); });
  }

  // Runs for the duration. Throws if a connection ends.
  void StayIdle() { loop_.Run(settings_.duration); }

 private:
  void OnMessages(Client&, unsigned messages) override { received_ += messages; }

  std::size_t received_ = 0;
};

}  // namespace

Report RunIdle(const Settings& settings) {
  Idle idle(settings);
  const double before = idle.MeasureKilobytes();
  idle.OpenAll();
  const double open = idle.MeasureKilobytes();
  idle.StayIdle();
  idle.EchoOnce();
  const double used = idle.MeasureKilobytes();
  const double connections = settings.connections;
  return {{"connections", settings.connections},
          {"server_memory_kb", before},
          {"idle_kb", Round((open - before) / connections)},
          {"used_kb", Round((used - before) / connections)}};
}

}  // namespace load
