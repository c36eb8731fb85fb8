// A blocking WebSocket client that can also violate the protocol.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ws/detail/protocol/frame_header.hpp"
#include "ws/json.hpp"

namespace ws::test {

class Pipe;

// A byte stream. Each call throws if it does not complete in time.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual void Write(std::string_view bytes) = 0;
  // Empty at the end of the stream.
  virtual std::string Read() = 0;
  // Closes the stream without a close frame.
  virtual void Close() = 0;
};

std::unique_ptr<Channel> DialTcp(std::uint16_t port, const std::string& address = "127.0.0.1");
std::unique_ptr<Channel> DialUnix(const std::string& path);
std::unique_ptr<Channel> MakePipeChannel(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out);

struct Frame {
  protocol::Opcode opcode = protocol::Opcode::Text;
  std::string payload = {};
};

struct RawResponse {
  unsigned status = 0;
  std::string head = {};
  std::string body = {};
};

struct ReceivedClose {
  std::uint16_t code = 0;
  std::string text = {};
};

// Returns a frame with a mask, as a client sends it. `first` replaces the first octet.
std::string MaskedFrame(protocol::Opcode opcode, std::string_view payload, bool fin = true,
                        std::optional<unsigned> first = {});
std::string ClosePayload(std::uint16_t code, std::string_view text = {});
// Returns an upgrade request. Each line of `headers` must end with CRLF.
std::string UpgradeText(const std::string& target = "/ws", const std::string& headers = {});

class TestClient {
 public:
  explicit TestClient(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}

  // Sends the bytes and reads one HTTP response.
  RawResponse SendRequest(std::string_view request);
  RawResponse ReceiveResponse();
  // Performs the opening handshake. Throws if the status is not 101.
  void Upgrade(const std::string& target = "/ws", const std::string& headers = {});

  void Send(std::string_view event, const Json& data = nullptr, const Json& id = nullptr);
  void SendText(std::string_view text) { SendFrame(protocol::Opcode::Text, text); }
  void SendFrame(protocol::Opcode opcode, std::string_view payload, bool fin = true) {
    SendBytes(MaskedFrame(opcode, payload, fin));
  }
  void SendClose(std::uint16_t code = 1000, std::string_view text = {});
  void SendBytes(std::string_view bytes) { channel_->Write(bytes); }

  // Returns the next frame of any type. Throws at the end of the stream.
  Frame ReceiveFrame();
  // Returns the next data message, and answers the pings before it. Throws at a close frame.
  Frame ReceiveMessage();
  // Returns the next data message, parsed as JSON.
  Json Receive() { return Json::parse(ReceiveMessage().payload); }
  // Returns the next close frame, and skips the frames before it.
  ReceivedClose ReceiveClose();
  // Reads until the end of the stream, and returns the bytes that came before it. Throws if it does not come in time.
  std::string ReceiveUntilEof();
  // Sends a close frame, reads until the server's close frame, and closes the stream.
  ReceivedClose Close(std::uint16_t code = 1000, std::string_view text = {});
  // Closes the stream without a close frame.
  void DropConnection() { channel_->Close(); }

 private:
  void ReadMore();

  std::unique_ptr<Channel> channel_;
  std::string input_;
};

}  // namespace ws::test
