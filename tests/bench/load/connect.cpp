#include "load/report.hpp"

namespace load {
namespace {

class Connect final : public Crowd {
 public:
  explicit Connect(const Settings& settings) : Crowd(settings), began_(settings.connections) {}

  void Begin() {
    for (const auto& client : clients_) Open(*client);
  }
  void Finish() {
    stopping_ = true;
    Await("connections do not end", [this] { return alive_ == 0; });
  }

 private:
  void Open(Client& client) {
    ++alive_;
    began_[client.Index()] = Clock::now();
    client.Open(settings_.port);
  }

  void OnOpen(Client& client) override { client.Close(); }
  void OnMessages(Client&, unsigned) override { throw std::runtime_error("a message that nobody asked for"); }
  // A message here is a connection from its opening to its end.
  void OnEnd(Client& client) override {
    --alive_;
    Count(1, began_[client.Index()], Clock::now());
    if (!stopping_) Open(client);
  }

  std::vector<Clock::time_point> began_;
  std::size_t alive_ = 0;
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
