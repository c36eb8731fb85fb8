// A client that does what the test says, also what no client may: blocking calls over any channel.
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

// Bytes to and fro. Calls throw where they cannot be done in time.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual void Write(std::string_view bytes) = 0;
  // Empty at the end of the stream.
  virtual std::string Read() = 0;
  // Ends the connection without a word.
  virtual void Close() = 0;
};

std::unique_ptr<Channel> DialTcp(std::uint16_t port, const std::string& address = "127.0.0.1");
std::unique_ptr<Channel> DialUnix(const std::string& path);
std::unique_ptr<Channel> OverPipes(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out);

struct Frame {
  protocol::Opcode opcode = protocol::Opcode::Text;
  std::string payload = {};
};

struct HttpAnswer {
  unsigned status = 0;
  std::string head = {};
  std::string body = {};
};

struct ClosedWith {
  std::uint16_t code = 0;
  std::string text = {};
};

// A frame as a client sends it. `first` replaces the first octet.
std::string MaskedFrame(protocol::Opcode opcode, std::string_view payload, bool fin = true,
                        std::optional<unsigned> first = {});
std::string ClosePayload(std::uint16_t code, std::string_view text = {});
// A request for a WebSocket; `headers` end with CRLF each.
std::string UpgradeText(const std::string& target = "/ws", const std::string& headers = {});

class TestClient {
 public:
  explicit TestClient(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}

  // Sends what is given and reads one HTTP answer.
  HttpAnswer Ask(std::string_view request);
  HttpAnswer ReadAnswer();
  // Opens; throws where the answer is no 101.
  void Upgrade(const std::string& target = "/ws", const std::string& headers = {});

  void Send(std::string_view event, const Json& data = nullptr, const Json& id = nullptr);
  void SendText(std::string_view text) { SendFrame(protocol::Opcode::Text, text); }
  void SendFrame(protocol::Opcode opcode, std::string_view payload, bool fin = true) {
    SendBytes(MaskedFrame(opcode, payload, fin));
  }
  void SendClose(std::uint16_t code = 1000, std::string_view text = {});
  void SendBytes(std::string_view bytes) { channel_->Write(bytes); }

  // The next frame of any kind; throws at the end of the stream.
  Frame ReceiveFrame();
  // The next data message; answers pings, and throws at a close frame.
  Frame ReceiveMessage();
  // The same as JSON.
  Json Receive() { return Json::parse(ReceiveMessage().payload); }
  // The close frame, whatever data comes before it.
  ClosedWith ReceiveClose();
  // Throws unless the stream ends here; data that comes before it is returned.
  std::string ReceiveEnd();
  // Sends a close frame, and reads until the server's and the end.
  ClosedWith Close(std::uint16_t code = 1000, std::string_view text = {});
  void Cut() { channel_->Close(); }

 private:
  void ReadMore();

  std::unique_ptr<Channel> channel_;
  std::string input_;
};

}  // namespace ws::test
