#include "load/report.hpp"

namespace load {
namespace {

class Connect final : public Workload {
 public:
  explicit Connect(const Settings& settings) : Workload(settings), began_(settings.connections) {}

  void Begin() {
    for (const auto& client : clients_) Open(*client);
  }
  void Finish() {
    stopping_ = true;
    WaitUntil("connections do not end", [this] { return open_connections_ == 0; });
  }

 private:
  void Open(Client& client) {
    ++open_connections_;
    began_[client.Index()] = Clock::now();
    client.Open(settings_.port);
  }

  void OnOpen(Client& client) override { client.Close(); }
  void OnMessages(Client&, unsigned) override { throw std::runtime_error("unexpected message"); }
  // In this mode, Count counts connections, and the latency is the time from opening to end.
  void OnEnd(Client& client) override {
    --open_connections_;
    Count(1, began_[client.Index()], Clock::now());
    if (!stopping_) Open(client);
  }

  std::vector<Clock::time_point> began_;
  std::size_t open_connections_ = 0;
  bool stopping_ = false;
};

}  // namespace

Report RunConnect(const Settings& settings) {
  Connect connect(settings);
  connect.Begin();
  const Result result = connect.Measure();
  Report report = MakeReport(result, connect.Latencies());
  connect.Finish();
  return report;
}

}  // namespace load
