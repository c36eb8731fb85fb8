// One WebSocket connection to the measured server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "load/dialect.hpp"
#include "load/frame.hpp"
#include "load/loop.hpp"

namespace load {

// Compares received messages with the expected message octet by octet. Throws std::runtime_error if they differ, or if
// the connection ends without Close.
class Client final : public Pollable {
 public:
  class Observer {
   public:
    virtual ~Observer() = default;
    virtual void OnOpen(Client& client) = 0;
    // One read completed this many messages.
    virtual void OnMessages(Client& client, unsigned messages) = 0;
    // The closing handshake is done and the TCP connection has ended.
    virtual void OnEnd(Client& client) = 0;
  };

  Client(Loop& loop, const Dialect& dialect, Observer& observer, unsigned index)
      : loop_(loop), dialect_(dialect), observer_(observer), index_(index) {}
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Connects. May be called again after OnEnd.
  void Open(std::uint16_t port);
  void Close();

  // Sets the message that is expected from now on. The server may order its members differently; all later messages
  // must equal the first one.
  void Expect(const Message& message);
  void SendOnce(const Message& message);
  // Builds the frames that Send sends. A call of Send may send at most `batch` of them.
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
  void FinishFrame();
  void FinishMessage();
  void SetPhase(Phase phase);
  void End();
  void Queue(Opcode opcode, std::string_view payload);
  void Flush();

  Loop& loop_;
  const Dialect& dialect_;
  Observer& observer_;
  const unsigned index_;
  int socket_ = -1;
  Phase phase_ = Phase::Idle;

  FrameHeader header_;
  bool in_frame_ = false;
  std::uint64_t payload_left_ = 0;
  bool is_protocol_frame_ = false;  // a control frame, a greeting or a heartbeat; not a message of the test
  std::string buffer_;              // payload of a protocol frame, or the response to the upgrade
  Message message_;
  std::string expected_;  // empty until the first message is complete
  std::string first_;     // the part of the first message that was received
  std::size_t matched_ = 0;
  unsigned received_ = 0;

  std::string queued_;  // frames that are not in the batch; sent between two frames of it
  std::string batch_;   // the prepared frames, and one more so that a partially sent frame can be completed
  std::size_t frame_size_ = 0;
  std::size_t unsent_ = 0;        // octets of the batch that are still to send
  std::size_t batch_offset_ = 0;  // of the next octet to send
  bool blocked_ = false;
};

}  // namespace load
