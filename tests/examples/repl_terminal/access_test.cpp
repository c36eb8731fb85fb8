#include "access.hpp"

#include "support/catch.hpp"

namespace {

using repl::Access;
using repl::AuthMode;

ws::HttpRequest Get(const std::string& target, const std::string& cookie = "",
                    const std::string& host = "127.0.0.1:8080") {
  ws::HttpRequest request;
  request.method = "GET";
  request.target = target;
  request.headers = {{"Host", host}};
  if (!cookie.empty()) request.headers.emplace_back("Cookie", cookie);
  return request;
}

std::string TokenTarget(const Access& access) {
  const std::string url = access.Url(8080);
  return url.substr(url.find("/?"));
}

std::string Header(const ws::HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

// Redeems the token. Returns the "name=value" of the cookie.
std::string RedeemToken(Access& access) {
  const auto response = access.Intercept(Get(TokenTarget(access)));
  REQUIRE(response);
  REQUIRE(response->status == 200);
  const std::string cookie = Header(*response, "Set-Cookie");
  return cookie.substr(0, cookie.find(';'));
}

bool IsRefused(Access& access, const ws::HttpRequest& request) {
  const auto response = access.Intercept(request);
  return response && response->status == 403 && !access.Authorize(request).accepted;
}

}  // namespace

TEST_CASE("the token works once and gives a cookie that allows the page and the WebSocket") {
  Access access({.mode = AuthMode::Token});
  const std::string target = TokenTarget(access);
  const auto response = access.Intercept(Get(target));
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body.find("url=/\"") != std::string::npos);
  const std::string cookie = Header(*response, "Set-Cookie");
  CHECK(cookie.find("HttpOnly") != std::string::npos);
  CHECK(cookie.find("SameSite=Strict") != std::string::npos);
  CHECK(cookie.find(target.substr(8)) == std::string::npos);

  const std::string pair = cookie.substr(0, cookie.find(';'));
  CHECK_FALSE(access.Intercept(Get("/", "theme=dark; " + pair)));
  CHECK(access.Authorize(Get("/api", pair)).accepted);
  CHECK(IsRefused(access, Get(target)));
  CHECK(access.Intercept(Get("/?token=used", pair))->status == 200);
}

TEST_CASE("requests without the cookie, or with a wrong one, are refused") {
  Access access({.mode = AuthMode::Token});
  const std::string pair = RedeemToken(access);
  CHECK(IsRefused(access, Get("/")));
  CHECK(IsRefused(access, Get("/main.js")));
  CHECK(IsRefused(access, Get("/?token=")));
  CHECK(IsRefused(access, Get("/?token=0123")));
  CHECK(IsRefused(access, Get("/", pair.substr(0, pair.size() - 1))));
  CHECK(IsRefused(access, Get("/", pair.substr(0, pair.size() - 1) + "x")));
  CHECK(IsRefused(access, Get("/", "x" + pair)));
  CHECK(access.Intercept(Get("/"))->body.find("open the URL that the server printed") != std::string::npos);
}

TEST_CASE("a token is accepted in a GET of the root only, and two servers have different tokens") {
  Access access({.mode = AuthMode::Token}), other({.mode = AuthMode::Token});
  ws::HttpRequest post = Get(TokenTarget(access));
  post.method = "POST";
  CHECK(IsRefused(access, post));
  CHECK(IsRefused(access, Get("/main.js" + TokenTarget(access).substr(1))));
  CHECK(IsRefused(access, Get(TokenTarget(other))));
  CHECK(TokenTarget(access).size() >= std::string("/?token=").size() + 32);
  CHECK_FALSE(RedeemToken(access).empty());
}

TEST_CASE("a host that is not a loopback name is refused, with or without a cookie") {
  for (const AuthMode mode : {AuthMode::Token, AuthMode::None}) {
    Access access({.mode = mode});
    const std::string pair = mode == AuthMode::Token ? RedeemToken(access) : "";
    for (const std::string host :
         {"evil.example", "127.0.0.1.evil.example:8080", "192.168.0.1:8080", "", "localhost.:8080"}) {
      INFO(host);
      CHECK(IsRefused(access, Get("/", pair, host)));
    }
    CHECK_FALSE(access.Intercept(Get("/", pair)));
  }
}

TEST_CASE("every loopback name is served, and each port has its own cookie") {
  Access access({.mode = AuthMode::None});
  for (const std::string host : {"127.0.0.1", "localhost:1", "LOCALHOST:8080", "[::1]:8080"}) {
    CHECK_FALSE(access.Intercept(Get("/", "", host)));
    CHECK(access.Authorize(Get("/", "", host)).accepted);
  }
  Access with_token({.mode = AuthMode::Token});
  const std::string pair = RedeemToken(with_token);
  CHECK(IsRefused(with_token, Get("/", pair, "127.0.0.1:9090")));
}

TEST_CASE("without authentication the URL has no token") {
  CHECK(Access({.mode = AuthMode::None}).Url(1234) == "http://127.0.0.1:1234/");
}

TEST_CASE("a configured host name is accepted, and the cookie of a TLS server is Secure") {
  Access access({.hosts = {"term.example"}, .secure = true});
  const std::string url = access.Url(8443);
  CHECK(url.starts_with("https://term.example:8443/?token="));
  const auto response = access.Intercept(Get(url.substr(url.find("/?")), "", "term.example:8443"));
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(Header(*response, "Set-Cookie").ends_with("; Secure"));
  CHECK(IsRefused(access, Get("/", "", "evil.example")));
  CHECK(Access({.hosts = {"term.example:443"}, .secure = true}).Url(8443).starts_with("https://term.example:443/"));
}

TEST_CASE("a new token admits another browser, and the old token is refused") {
  Access access;
  const std::string old = TokenTarget(access), pair = RedeemToken(access);
  access.RenewToken();
  CHECK(IsRefused(access, Get(old)));
  CHECK(RedeemToken(access) == pair);
  CHECK(access.Authorize(Get("/api", pair)).accepted);
}
