#include <ostream>  // before Beast, whose string_view needs it

#include "transport/http_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>

#include "transport/as_tuple.hpp"
#include "transport/http_answer.hpp"
#include "transport/http_reading.hpp"
#include "transport/http_request.hpp"
#include "transport/link.hpp"
#include "transport/log.hpp"
#include "transport/see_off.hpp"
#include "ws/detail/transport/stream_adapter.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/stream.hpp>
#endif

namespace ws::transport {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

using PlainStream = beast::basic_stream<asio::generic::stream_protocol>;

constexpr std::size_t max_header_count = 100;

protocol::Time Later(std::chrono::milliseconds limit) {
  return protocol::Later(std::chrono::steady_clock::now(), limit);
}

template <class Stream>
class HttpSession {
 public:
  // What the stream is made of comes last.
  template <class... Parts>
  HttpSession(std::shared_ptr<const Site> site, std::shared_ptr<Sessions::Ticket> ticket, Parts&&... parts)
      : site_(std::move(site)), stream_(std::forward<Parts>(parts)...), ticket_(std::move(ticket)) {}

  static asio::awaitable<void> Serve(std::unique_ptr<HttpSession> self) {
    self->AllowEnding();
#if WS_HAS_TLS
    if constexpr (!std::is_same_v<Stream, PlainStream>) {
      self->LowestStream().expires_at(self->deadline_);
      const auto [error] = co_await self->stream_.async_handshake(asio::ssl::stream_base::server, as_tuple);
      if (error) co_return;
    }
#endif
    for (;;) {
      const bool more = co_await self->ServeOne();
      if (!more || self->draining_) co_return;
      self->begun_ = std::chrono::steady_clock::now();
      self->deadline_ = Later(self->site_->handshake_timeout);
    }
  }

 private:
  // Whether another request may follow.
  asio::awaitable<bool> ServeOne() {
    http::request_parser<http::string_body> parser;
    parser.header_limit(max_header_bytes);
    parser.body_limit(site_->max_body_bytes);
    head_ = false;
    LowestStream().expires_at(deadline_);
    Error error = co_await ReadHeader(stream_, buffer_);
    if (!error) {
      buffer_.consume(parser.put(buffer_.data(), error));
    }
    if (error) co_return co_await Reject(error);
    HttpRequest request = ToRequest(parser.get());
    head_ = request.method == "HEAD";
    Describe(request);
    if (request.headers.size() > max_header_count) co_return co_await Refuse(431, "too many headers");
    if (const char* why = WhyAmbiguous(request)) co_return co_await Refuse(400, why);
    if (protocol::IsUpgrade(request)) co_return co_await Upgrade(std::move(request));
    if (request.version > 10 && IsSameHeader(request.Header("Expect"), "100-continue")) {
      constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      const auto [write_error, written] = co_await asio::async_write(stream_, asio::buffer(go_on), as_tuple);
      if (write_error) co_return false;
    }
    error = co_await ReadBody(stream_, buffer_, parser);
    if (error == http::error::buffer_overflow) co_return co_await Refuse(400, "a chunk's head is too long");
    if (error) co_return co_await Reject(error);
    request.body = std::move(parser.get().body());
    answering_ = true;
    const bool more = co_await Answer(std::move(request), parser.get().keep_alive());
    answering_ = false;
    co_return more;
  }

  // RFC 9112: what cannot be read is answered where that makes sense.
  asio::awaitable<bool> Reject(Error error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      co_return co_await Refuse(431, "the headers are larger than 8 KiB");
    }
    if (error == http::error::body_limit) co_return co_await Refuse(413, "the body is too large");
    const bool malformed = error.category() == make_error_code(http::error::bad_method).category() &&
                           error != http::error::end_of_stream && error != http::error::partial_message;
    if (malformed) co_return co_await Refuse(400, "this is no valid HTTP request");
    co_return false;
  }

  asio::awaitable<bool> Upgrade(HttpRequest request) {
    const SiteRoute* route = site_->Find(request.Path());
    if (route == nullptr) co_return co_await Refuse(404, "there is no WebSocket at this path");
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto connection = std::make_shared<Connection>(route->options);
    connection->Keep(ticket_);
    std::string leftover = beast::buffers_to_string(buffer_.data());
    const auto link = std::make_shared<Link>(connection, AdaptStream(std::move(stream_), executor), executor);
    link->Keep(ticket_);
    link->Attach(request);
    const std::weak_ptr weak(connection);
    const std::weak_ptr seen_off(link);  // when the connection has ended
    ticket_->EndBy({[weak] {
                      if (const auto one = weak.lock())
                        one->Close({EndReason::Shutdown, 1001, "the server goes away", false, {}});
                    },
                    [weak, seen_off, executor] {
                      if (const auto one = weak.lock()) one->Abort();
                      asio::post(executor, [seen_off] {
                        if (const auto one = seen_off.lock()) one->Abort();
                      });
                    },
                    [weak] {
                      const auto one = weak.lock();
                      return one && one->IsCalling();
                    }});
    // From accept on, however long the route allows.
    Opening opening{std::move(request), std::move(leftover), protocol::Later(begun_, route->options->handshake_timeout),
                    [route, connection] { route->opened(connection); }};
    const Error error = co_await Link::Upgrade(link, std::move(opening));
    if (!error) link->Start();
    co_return false;
  }

  asio::awaitable<bool> Answer(HttpRequest request, bool client_keeps_alive) {
    if (const char* why = protocol::WhyNoHost(request)) co_return co_await Refuse(400, why);
    HttpResponse response;
    if (site_->answer) {
      asio::awaitable<HttpResponse> answer = AnswerOnPool(site_, std::move(request));
      response = co_await asio::co_spawn(site_->pool, std::move(answer), asio::use_awaitable);
    } else if (site_->routes.contains(request.Path())) {
      response = ToResponse({426, "this path speaks WebSocket"});
    } else {
      response = ToResponse({404, "there is nothing at this path"});
    }
    if (!site_->keep_alive || !client_keeps_alive || draining_) co_return co_await SayGoodbye(response);
    const std::string text = Serialize(response, true, head_);
    LowestStream().expires_at(Later(site_->answer_timeout));
    const auto [error, written] = co_await asio::async_write(stream_, asio::buffer(text), as_tuple);
    co_return !error;
  }

  static asio::awaitable<HttpResponse> AnswerOnPool(std::shared_ptr<const Site> site, HttpRequest request) {
    try {
      co_return site->answer(request);
    } catch (const std::exception& failure) {
      const LogField fields[] = {{"detail", failure.what()}};
      WriteLog(site->log, {LogLevel::Severe, "the HTTP callback threw", fields});
    } catch (...) {
      WriteLog(site->log, {LogLevel::Severe, "the HTTP callback threw", {}});
    }
    co_return ToResponse({500, "the server failed"});
  }

  asio::awaitable<bool> Refuse(unsigned status, const char* text) {
    return SayGoodbye(ToResponse({status, text}));
  }

  // Answers, and closes so that the answer can be read.
  asio::awaitable<bool> SayGoodbye(const HttpResponse& response) {
    return Send(Serialize(response, false, head_));
  }

  asio::awaitable<bool> Send(std::string text) {
    LowestStream().expires_at(Later(site_->answer_timeout));
    const auto [error, written] = co_await asio::async_write(stream_, asio::buffer(text), as_tuple);
    if (error) co_return false;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const std::shared_ptr<ByteStream> stream = AdaptStream(std::move(stream_), executor);
    const auto cut_off = [executor, weak = std::weak_ptr(stream)] {
      asio::post(executor, [weak] {
        if (const auto one = weak.lock()) one->Close();
      });
    };
    ticket_->EndBy({.abort = cut_off});
    co_await SeeOff(stream, std::chrono::seconds(5));
    co_return false;
  }

  // A server that drains answers the request it has, and does not wait for the next.
  void AllowEnding() {
    const auto end_by = [executor = stream_.get_executor(), weak = std::weak_ptr(alive_), this](bool at_once) {
      return [=, this] {
        asio::post(executor, [=, this] {
          if (!weak.lock()) return;
          draining_ = true;
          if (at_once || !answering_) LowestStream().close();
        });
      };
    };
    ticket_->EndBy({end_by(false), end_by(true)});
  }

  void Describe(HttpRequest& request) {
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

  const std::shared_ptr<const Site> site_;
  Stream stream_;
  const std::shared_ptr<Sessions::Ticket> ticket_;
  protocol::Time begun_ = std::chrono::steady_clock::now();
  protocol::Time deadline_ = Later(site_->handshake_timeout);
  bool head_ = false;       // the request is HEAD: its answer has no body
  bool answering_ = false;  // a request was read, its answer has not left
  bool draining_ = false;
  beast::flat_buffer buffer_{max_header_bytes + 4096};
  const std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace

asio::awaitable<void> ServePlain(std::shared_ptr<const Site> site, StreamSocket socket,
                                 std::shared_ptr<Sessions::Ticket> ticket) {
  auto session = std::make_unique<HttpSession<PlainStream>>(std::move(site), std::move(ticket), std::move(socket));
  return HttpSession<PlainStream>::Serve(std::move(session));
}

asio::awaitable<void> TurnAway(StreamSocket socket, std::shared_ptr<Sessions::Ticket>) {
  const std::string text = Serialize(ToResponse({503, "too many connections"}), false);
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const std::shared_ptr<ByteStream> stream = AdaptStream(std::move(socket), executor);
  Error error;
  const asio::const_buffer buffer = asio::buffer(text);
  stream->WriteNow({&buffer, 1}, error);  // a fresh socket takes so little at once
  co_await SeeOff(stream, std::chrono::seconds(1));
}

#if WS_HAS_TLS
asio::awaitable<void> ServeTls(std::shared_ptr<const Site> site, StreamSocket socket, asio::ssl::context& context,
                               std::shared_ptr<Sessions::Ticket> ticket) {
  using Stream = asio::ssl::stream<PlainStream>;
  auto session = std::make_unique<HttpSession<Stream>>(std::move(site), std::move(ticket),
                                                       PlainStream(std::move(socket)), context);
  return HttpSession<Stream>::Serve(std::move(session));
}
#endif

}  // namespace ws::transport
