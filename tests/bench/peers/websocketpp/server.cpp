// The events of the benchmark on websocketpp, with nlohmann/json.
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

namespace {

using Json = nlohmann::json;
using Server = websocketpp::server<websocketpp::config::asio>;
using Connection = websocketpp::connection_hdl;

class Events {
 public:
  explicit Events(Server& server) : server_(server) {
    handlers_["echo"] = [this](const Connection& from, const Json& data) { Send(from, Write("echo", data)); };
    handlers_["join"] = [this](const Connection& from, const Json&) { readers_.insert(from); };
    handlers_["publish"] = [this](const Connection&, const Json& data) {
      const std::string text = Write("news", data);
      for (const Connection& reader : readers_) Send(reader, text);
    };
  }

  void Handle(const Connection& from, const std::string& text) {
    const Json message = Json::parse(text, nullptr, false);
    if (message.is_discarded()) return;
    const auto handler = handlers_.find(message.value("event", ""));
    if (handler != handlers_.end()) handler->second(from, message.contains("data") ? message["data"] : Json());
  }
  void Forget(const Connection& connection) { readers_.erase(connection); }

 private:
  static std::string Write(const char* event, const Json& data) {
    return Json{{"event", event}, {"data", data}}.dump();
  }
  void Send(const Connection& to, const std::string& text) {
    websocketpp::lib::error_code error;  // ignored: the connection may have ended
    server_.send(to, text, websocketpp::frame::opcode::text, error);
  }

  Server& server_;
  std::map<std::string, std::function<void(const Connection&, const Json&)>> handlers_;
  std::set<Connection, std::owner_less<Connection>> readers_;
};

}  // namespace

int main() {
  Server server;
  server.clear_access_channels(websocketpp::log::alevel::all);
  server.clear_error_channels(websocketpp::log::elevel::all);
  server.init_asio();
  server.set_reuse_addr(true);
  Events events(server);
  server.set_message_handler([&events](const Connection& from, const Server::message_ptr& message) {
    events.Handle(from, message->get_payload());
  });
  server.set_close_handler([&events](const Connection& connection) { events.Forget(connection); });
  server.set_tcp_post_init_handler([&server](const Connection& connection) {
    websocketpp::lib::asio::error_code error;
    server.get_con_from_hdl(connection)
        ->get_raw_socket()
        .set_option(websocketpp::lib::asio::ip::tcp::no_delay(true), error);
  });
  server.listen(websocketpp::lib::asio::ip::tcp::endpoint(websocketpp::lib::asio::ip::address_v4::loopback(), 0));
  server.start_accept();
  websocketpp::lib::asio::error_code error;
  std::cout << "listening " << server.get_local_endpoint(error).port() << std::endl;
  server.run();
}
