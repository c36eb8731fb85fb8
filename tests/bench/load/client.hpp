// One WebSocket connection to the server that is measured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "load/dialect.hpp"
#include "load/frame.hpp"
#include "load/loop.hpp"

namespace load {

// Throws std::runtime_error for whatever is not as it should be: a message that is not the expected one, to the octet,
// or an end that was not asked for.
class Client final : public Pollable {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnOpen(Client& client) = 0;
    // So many messages came with one read.
    virtual void OnMessages(Client& client, unsigned messages) = 0;
    // After Close, the server's close frame, and the end of the TCP connection.
    virtual void OnEnd(Client& client) = 0;
  };

  Client(Loop& loop, const Dialect& dialect, Owner& owner, unsigned index)
      : loop_(loop), dialect_(dialect), owner_(owner), index_(index) {}
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Also again, after its end.
  void Open(std::uint16_t port);
  void Close();

  // What comes from now on. The members may have another order than ours; the first message settles how it looks.
  void Expect(const Message& message);
  void SendOnce(const Message& message);
  // Makes the frames of Send, which sends at most `batch` of them at once.
  void Prepare(const Message& message, unsigned batch);
  void Send(unsigned count);

  std::size_t Index() const { return index_; }

 private:
  enum class Phase { Idle, Connecting, Upgrading, Greeting, Open, Closing, Closed };

  void OnReady(std::uint32_t events) override;
  void Read();
  void ReadUpgrade(std::string_view input);
  void ReadFrames(std::string_view input);
  void ReadPayload(std::string_view payload);
  void EndFrame();
  void EndMessage();
  void Become(Phase phase);
  void End();
  void Queue(Opcode opcode, std::string_view payload);
  void Flush();

  Loop& loop_;
  const Dialect& dialect_;
  Owner& owner_;
  const unsigned index_;
  int socket_ = -1;
  Phase phase_ = Phase::Idle;

  FrameHead head_;
  bool in_frame_ = false;
  std::uint64_t payload_left_ = 0;
  bool aside_ = false;    // the frame is no message: a control frame, a greeting, a heartbeat
  std::string gathered_;  // of it, or of the upgrade's answer
  Message message_;
  std::string expected_;  // empty until the first message
  std::string first_;     // what there is of that
  std::size_t matched_ = 0;
  unsigned received_ = 0;

  std::string queued_;  // goes between two frames of the batch
  std::string batch_;   // one frame more than is sent at once
  std::size_t frame_size_ = 0;
  std::size_t owed_ = 0, at_ = 0;
  bool blocked_ = false;
};

}  // namespace load
