#include <ostream>  // see connection/asio_compat.hpp

#include "http/http_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>

#include "connection/asio_compat.hpp"
#include "connection/close_reasons.hpp"
#include "connection/log.hpp"
#include "http/http_request.hpp"
#include "http/request_reader.hpp"
#include "transport/http_response.hpp"
#include "transport/lingering_close.hpp"
#include "transport/link.hpp"
#include "ws/detail/transport/stream_adapter.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/stream.hpp>
#endif

namespace ws::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

namespace {

using PlainStream = beast::basic_stream<asio::generic::stream_protocol>;

constexpr std::size_t max_header_count = 100;

protocol::Time DeadlineFromNow(std::chrono::milliseconds limit) {
  return protocol::DeadlineAfter(std::chrono::steady_clock::now(), limit);
}

template <class Stream>
class HttpSession {
 public:
  // `arguments` are those of the stream's constructor.
  template <class... Arguments>
  HttpSession(std::shared_ptr<const ServerContext> server, std::shared_ptr<SessionRegistry::Ticket> ticket,
              Arguments&&... arguments)
      : server_(std::move(server)), stream_(std::forward<Arguments>(arguments)...), ticket_(std::move(ticket)) {}

  static asio::awaitable<void> Serve(std::unique_ptr<HttpSession> self) {
    self->RegisterControl();
#if WS_HAS_TLS
    if constexpr (!std::is_same_v<Stream, PlainStream>) {
      self->LowestStream().expires_at(self->deadline_);
      const auto [error] = co_await self->stream_.async_handshake(asio::ssl::stream_base::server, connection::as_tuple);
      if (error) co_return;
    }
#endif
    for (;;) {
      const bool keep_alive = co_await self->ServeRequest();
      if (!keep_alive || self->draining_) co_return;
      self->start_ = std::chrono::steady_clock::now();
      self->deadline_ = DeadlineFromNow(self->server_->handshake_timeout);
    }
  }

 private:
  // These functions return true if another request may follow.
  asio::awaitable<bool> ServeRequest() {
    bhttp::request_parser<bhttp::string_body> parser;
    parser.header_limit(max_header_bytes);
    parser.body_limit(server_->max_body_bytes);
    is_head_ = false;
    LowestStream().expires_at(deadline_);
    Error error = co_await ReadHeader(stream_, buffer_);
    if (!error) {
      buffer_.consume(parser.put(buffer_.data(), error));
    }
    if (error) co_return co_await RespondToReadError(error);
    HttpRequest request = ToRequest(parser.get());
    is_head_ = request.method == "HEAD";
    SetRemote(request);
    if (request.headers.size() > max_header_count)
      co_return co_await RespondWithError(431, "the request has too many headers");
    if (const char* text = FindFramingError(request)) co_return co_await RespondWithError(400, text);
    if (protocol::IsUpgradeRequest(request)) co_return co_await Upgrade(std::move(request));
    if (request.version > 10 && IsSameHeader(request.Header("Expect"), "100-continue")) {
      constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
      const auto [write_error, written] =
          co_await asio::async_write(stream_, asio::buffer(interim), connection::as_tuple);
      if (write_error) co_return false;
    }
    error = co_await ReadBody(stream_, buffer_, parser);
    if (error == bhttp::error::buffer_overflow)
      co_return co_await RespondWithError(400, "the header of a chunk is too long");
    if (error) co_return co_await RespondToReadError(error);
    request.body = std::move(parser.get().body());
    responding_ = true;
    const bool keep_alive = co_await Respond(std::move(request), parser.get().keep_alive());
    responding_ = false;
    co_return keep_alive;
  }

  // Answers a request that is malformed or too large. Closes without an answer if the connection was lost.
  asio::awaitable<bool> RespondToReadError(Error error) {
    if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) {
      co_return co_await RespondWithError(431, "the headers are larger than 8 KiB");
    }
    if (error == bhttp::error::body_limit) co_return co_await RespondWithError(413, "the body is too large");
    const bool malformed = error.category() == make_error_code(bhttp::error::bad_method).category() &&
                           error != bhttp::error::end_of_stream && error != bhttp::error::partial_message;
    if (malformed) co_return co_await RespondWithError(400, "the HTTP request is malformed");
    co_return false;
  }

  asio::awaitable<bool> Upgrade(HttpRequest request) {
    const Route* route = server_->FindRoute(request.Path());
    if (route == nullptr) co_return co_await RespondWithError(404, "there is no WebSocket at this path");
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto connection = std::make_shared<connection::Connection>(route->options);
    connection->RetainUntilFinished(ticket_);
    std::string leftover = beast::buffers_to_string(buffer_.data());
    const auto link =
        std::make_shared<transport::Link>(connection, AdaptStream(std::move(stream_), executor), executor);
    link->RetainUntilClosed(ticket_);
    link->Attach(request);
    ticket_->SetControl(MakeControl(connection, link));
    // The deadline counts from the time at which the socket was accepted.
    transport::UpgradeRequest upgrade{std::move(request), std::move(leftover),
                                      protocol::DeadlineAfter(start_, route->options->handshake_timeout),
                                      [route, connection] { route->on_connection(connection); }};
    const Error error = co_await transport::Link::AcceptAsync(link, std::move(upgrade));
    if (!error) link->Start();
    co_return false;
  }

  static SessionControl MakeControl(const std::shared_ptr<connection::Connection>& connection,
                                    const std::shared_ptr<transport::Link>& link) {
    const std::weak_ptr weak_connection(connection);
    const std::weak_ptr weak_link(link);  // may outlive the connection while the stream closes
    return {[weak_connection] {
              if (const auto open = weak_connection.lock())
                open->Close(connection::MakeCloseReason(EndReason::Shutdown));
            },
            [weak_connection, weak_link] {
              if (const auto open = weak_connection.lock()) open->Abort();
              if (const auto open = weak_link.lock()) open->Abort();
            },
            [weak_connection] {
              const auto open = weak_connection.lock();
              return open && open->RunningInThisThread();
            }};
  }

  asio::awaitable<bool> Respond(HttpRequest request, bool client_keeps_alive) {
    if (const char* text = protocol::FindHostError(request)) co_return co_await RespondWithError(400, text);
    HttpResponse response;
    if (server_->on_request) {
      asio::awaitable<HttpResponse> on_pool = RespondOnPool(server_, std::move(request));
      response = co_await asio::co_spawn(server_->pool, std::move(on_pool), asio::use_awaitable);
    } else if (server_->routes.contains(request.Path())) {
      response = transport::ToResponse({426, "this path needs a WebSocket upgrade request"});
    } else {
      response = transport::ToResponse({404, "there is nothing at this path"});
    }
    if (!server_->keep_alive || !client_keeps_alive || draining_) co_return co_await RespondAndClose(response);
    const std::string text = transport::Serialize(response, true, is_head_);
    LowestStream().expires_at(DeadlineFromNow(server_->answer_timeout));
    const auto [error, written] = co_await asio::async_write(stream_, asio::buffer(text), connection::as_tuple);
    co_return !error;
  }

  static asio::awaitable<HttpResponse> RespondOnPool(std::shared_ptr<const ServerContext> server, HttpRequest request) {
    try {
      co_return server->on_request(request);
    } catch (const std::exception& failure) {
      const LogField fields[] = {{"detail", failure.what()}};
      connection::WriteLog(server->log, {LogLevel::Severe, "the OnRequest callback threw", fields});
    } catch (...) {
      connection::WriteLog(server->log, {LogLevel::Severe, "the OnRequest callback threw", {}});
    }
    co_return transport::ToResponse({500, "internal server error"});
  }

  asio::awaitable<bool> RespondWithError(unsigned status, const char* text) {
    return RespondAndClose(transport::ToResponse({status, text}));
  }

  // Writes the response, then closes the stream by a lingering close, so that the peer can read the response.
  asio::awaitable<bool> RespondAndClose(const HttpResponse& response) {
    return WriteAndClose(transport::Serialize(response, false, is_head_));
  }

  asio::awaitable<bool> WriteAndClose(std::string text) {
    LowestStream().expires_at(DeadlineFromNow(server_->answer_timeout));
    const auto [error, written] = co_await asio::async_write(stream_, asio::buffer(text), connection::as_tuple);
    if (error) co_return false;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const std::shared_ptr<ByteStream> stream = AdaptStream(std::move(stream_), executor);
    const auto abort = [executor, weak = std::weak_ptr(stream)] {
      asio::post(executor, [weak] {
        if (const auto open = weak.lock()) open->Close();
      });
    };
    ticket_->SetControl({.abort = abort});
    co_await transport::LingeringCloseAsync(stream, DeadlineFromNow(std::chrono::seconds(5)));
    co_return false;
  }

  // Sets the functions that end the session. A draining session sends the response of its present request, and reads no
  // further request.
  void RegisterControl() {
    const auto make_end = [executor = stream_.get_executor(), weak = std::weak_ptr(alive_), this](bool is_abort) {
      return [=, this] {
        asio::post(executor, [=, this] {
          if (!weak.lock()) return;
          draining_ = true;
          if (is_abort || !responding_) LowestStream().close();
        });
      };
    };
    ticket_->SetControl({make_end(false), make_end(true)});
  }

  void SetRemote(HttpRequest& request) {
    Error error;
    const auto remote = LowestStream().socket().remote_endpoint(error);
    if (!error && remote.protocol().family() != AF_UNIX) {
      request.remote_address = ToTcp(remote).address().to_string();
      request.remote_port = ToTcp(remote).port();
    }
    request.secure = !std::is_same_v<Stream, PlainStream>;
  }

  PlainStream& LowestStream() noexcept {
    return beast::get_lowest_layer(stream_);
  }

  const std::shared_ptr<const ServerContext> server_;
  Stream stream_;
  const std::shared_ptr<SessionRegistry::Ticket> ticket_;
  protocol::Time start_ = std::chrono::steady_clock::now();
  protocol::Time deadline_ = DeadlineFromNow(server_->handshake_timeout);
  bool is_head_ = false;     // the request's method is HEAD, so the response has no body
  bool responding_ = false;  // a request was read, and its response is not written
  bool draining_ = false;
  beast::flat_buffer buffer_{max_header_bytes + 4096};
  const std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace

asio::awaitable<void> ServePlain(std::shared_ptr<const ServerContext> server, StreamSocket socket,
                                 std::shared_ptr<SessionRegistry::Ticket> ticket) {
  auto session = std::make_unique<HttpSession<PlainStream>>(std::move(server), std::move(ticket), std::move(socket));
  return HttpSession<PlainStream>::Serve(std::move(session));
}

asio::awaitable<void> RejectOverCapacity(StreamSocket socket, std::shared_ptr<SessionRegistry::Ticket>) {
  const std::string text =
      transport::Serialize(transport::ToResponse({503, "the server has too many connections"}), false);
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const std::shared_ptr<ByteStream> stream = AdaptStream(std::move(socket), executor);
  Error error;
  const asio::const_buffer buffer = asio::buffer(text);
  stream->WriteNow({&buffer, 1}, error);  // fits into the empty send buffer of a new socket
  co_await transport::LingeringCloseAsync(stream, DeadlineFromNow(std::chrono::seconds(1)));
}

#if WS_HAS_TLS
asio::awaitable<void> ServeTls(std::shared_ptr<const ServerContext> server, StreamSocket socket,
                               asio::ssl::context& context, std::shared_ptr<SessionRegistry::Ticket> ticket) {
  using Stream = asio::ssl::stream<PlainStream>;
  auto session = std::make_unique<HttpSession<Stream>>(std::move(server), std::move(ticket),
                                                       PlainStream(std::move(socket)), context);
  return HttpSession<Stream>::Serve(std::move(session));
}
#endif

}  // namespace ws::http
