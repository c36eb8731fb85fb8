// The client's opening handshake.
#include <ostream>  // before Beast, whose string_view needs it

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <random>

#include "transport/accept_key.hpp"
#include "transport/as_tuple.hpp"
#include "transport/link.hpp"

namespace ws::transport {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t max_answer_bytes = 8192;

std::string RandomKey() {
  std::random_device random;
  std::array<unsigned char, 16> bytes;
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<unsigned char>(random()); });
  return protocol::MakeKey(bytes);
}

}  // namespace

asio::awaitable<Error> Link::Greet(std::shared_ptr<Link> self, protocol::UpgradeOffer offer, protocol::Time deadline) {
  self->ArmHandshake(deadline);
  Error error = co_await self->TryGreet(offer);
  self->timer_.cancel();
  if (error) {
    if (self->timed_out_) error = Errc::HandshakeTimeout;
    self->phase_ = Phase::Ended;
    self->stream_->Close();
  }
  co_return error;
}

asio::awaitable<Error> Link::TryGreet(const protocol::UpgradeOffer& offer) {
  const std::string key = RandomKey();
  output_ = protocol::Serialize(protocol::MakeUpgradeRequest(offer, key));
  FillBuffers();
  Error error = co_await WriteAll();
  HttpResponse answer;
  if (!error) error = co_await ReadAnswer(answer);
  if (!error && phase_ == Phase::Ended) error = Errc::Closed;
  if (!error) error = Judge(answer, offer, key);
  co_return error;
}

asio::awaitable<Error> Link::ReadAnswer(HttpResponse& answer) {
  auto read = [this](auto handler) { stream_->AsyncRead(std::move(handler)); };
  // RFC 9110 15.2: others may come before the answer itself.
  const auto is_interim = [&answer] { return answer.status / 100 == 1 && answer.status != 101; };
  do {
    std::size_t end = leftover_.npos;
    while ((end = leftover_.find("\r\n\r\n")) == leftover_.npos) {
      if (leftover_.size() > max_answer_bytes) co_return http::error::header_limit;
      const auto [error, data] =
          co_await asio::async_initiate<decltype(as_tuple), void(Error, std::string_view)>(read, as_tuple);
      if (error) co_return error;
      leftover_ += data;
    }
    end += 4;
    http::response_parser<http::empty_body> parser;
    parser.header_limit(max_answer_bytes);
    parser.body_limit(boost::none);  // it is not read
    Error error;
    parser.put(asio::buffer(leftover_.data(), end), error);
    if (error && error != http::error::unexpected_body) co_return error;
    answer = {parser.get().result_int(), {}, {}};
    for (const auto& field : parser.get()) answer.headers.emplace_back(field.name_string(), field.value());
    leftover_.erase(0, end);
  } while (is_interim());
  co_return Error();
}

Error Link::Judge(const HttpResponse& answer, const protocol::UpgradeOffer& offer, const std::string& key) {
  protocol::UpgradeOffer agreed{.url = offer.url};
  const auto verdict = protocol::JudgeAnswer(answer, offer, AcceptKey(key));
  if (const auto* why = std::get_if<std::string>(&verdict)) {
    if (answer.status != 101) refused_with_ = static_cast<std::uint16_t>(answer.status);
    connection_->Log(LogLevel::Warning, "the server refused", *why);
    return Errc::Refused;
  }
  const auto& grant = std::get<protocol::UpgradeGrant>(verdict);
  granted_ = grant.subprotocol;
  agreed.deflate = grant.deflate;
  std::string ignored;
  return codec_.Accept(protocol::MakeUpgradeRequest(agreed, key), {}, ignored);
}

}  // namespace ws::transport
