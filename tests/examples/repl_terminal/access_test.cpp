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

// The "name=value" of the cookie for which the token is traded.
std::string Enter(Access& access) {
  const auto answer = access.Intercept(Get(TokenTarget(access)));
  REQUIRE(answer);
  REQUIRE(answer->status == 200);
  const std::string cookie = Header(*answer, "Set-Cookie");
  return cookie.substr(0, cookie.find(';'));
}

bool IsRefused(Access& access, const ws::HttpRequest& request) {
  const auto answer = access.Intercept(request);
  return answer && answer->status == 403 && !access.Authorize(request).accepted;
}

}  // namespace

TEST_CASE("the token is traded once for a cookie that opens page and socket") {
  Access access({.mode = AuthMode::Token});
  const std::string target = TokenTarget(access);
  const auto answer = access.Intercept(Get(target));
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body.find("url=/\"") != std::string::npos);
  const std::string cookie = Header(*answer, "Set-Cookie");
  CHECK(cookie.find("HttpOnly") != std::string::npos);
  CHECK(cookie.find("SameSite=Strict") != std::string::npos);
  CHECK(cookie.find(target.substr(8)) == std::string::npos);

  const std::string pair = cookie.substr(0, cookie.find(';'));
  CHECK_FALSE(access.Intercept(Get("/", "theme=dark; " + pair)));
  CHECK(access.Authorize(Get("/api", pair)).accepted);
  CHECK(IsRefused(access, Get(target)));
  CHECK(access.Intercept(Get("/?token=used", pair))->status == 200);
}

TEST_CASE("nothing opens without the cookie, or with a wrong one") {
  Access access({.mode = AuthMode::Token});
  const std::string pair = Enter(access);
  CHECK(IsRefused(access, Get("/")));
  CHECK(IsRefused(access, Get("/main.js")));
  CHECK(IsRefused(access, Get("/?token=")));
  CHECK(IsRefused(access, Get("/?token=0123")));
  CHECK(IsRefused(access, Get("/", pair.substr(0, pair.size() - 1))));
  CHECK(IsRefused(access, Get("/", pair.substr(0, pair.size() - 1) + "x")));
  CHECK(IsRefused(access, Get("/", "x" + pair)));
  CHECK(access.Intercept(Get("/"))->body.find("open the URL that the server printed") != std::string::npos);
}

TEST_CASE("a token is taken from a GET of the root only, and two servers have different ones") {
  Access access({.mode = AuthMode::Token}), other({.mode = AuthMode::Token});
  ws::HttpRequest post = Get(TokenTarget(access));
  post.method = "POST";
  CHECK(IsRefused(access, post));
  CHECK(IsRefused(access, Get("/main.js" + TokenTarget(access).substr(1))));
  CHECK(IsRefused(access, Get(TokenTarget(other))));
  CHECK(TokenTarget(access).size() >= std::string("/?token=").size() + 32);
  CHECK_FALSE(Enter(access).empty());
}

TEST_CASE("a host that is no loopback name is refused, cookie or not") {
  for (const AuthMode mode : {AuthMode::Token, AuthMode::None}) {
    Access access({.mode = mode});
    const std::string pair = mode == AuthMode::Token ? Enter(access) : "";
    for (const std::string host :
         {"evil.example", "127.0.0.1.evil.example:8080", "192.168.0.1:8080", "", "localhost.:8080"}) {
      INFO(host);
      CHECK(IsRefused(access, Get("/", pair, host)));
    }
    CHECK_FALSE(access.Intercept(Get("/", pair)));
  }
}

TEST_CASE("every loopback name is served, and each port has a cookie of its own") {
  Access access({.mode = AuthMode::None});
  for (const std::string host : {"127.0.0.1", "localhost:1", "LOCALHOST:8080", "[::1]:8080"}) {
    CHECK_FALSE(access.Intercept(Get("/", "", host)));
    CHECK(access.Authorize(Get("/", "", host)).accepted);
  }
  Access with_token({.mode = AuthMode::Token});
  const std::string pair = Enter(with_token);
  CHECK(IsRefused(with_token, Get("/", pair, "127.0.0.1:9090")));
}

TEST_CASE("without authentication the URL has no token") {
  CHECK(Access({.mode = AuthMode::None}).Url(1234) == "http://127.0.0.1:1234/");
}

TEST_CASE("a server with a name of its own answers to it, and its cookie is for TLS only") {
  Access access({.names = {"term.example"}, .secure = true});
  const std::string url = access.Url(8443);
  CHECK(url.starts_with("https://term.example:8443/?token="));
  const auto answer = access.Intercept(Get(url.substr(url.find("/?")), "", "term.example:8443"));
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(Header(*answer, "Set-Cookie").ends_with("; Secure"));
  CHECK(IsRefused(access, Get("/", "", "evil.example")));
  CHECK(Access({.names = {"term.example:443"}, .secure = true}).Url(8443).starts_with("https://term.example:443/"));
}

TEST_CASE("a new token lets in another browser, and the old one nobody") {
  Access access;
  const std::string old = TokenTarget(access), pair = Enter(access);
  access.RenewToken();
  CHECK(IsRefused(access, Get(old)));
  CHECK(Enter(access) == pair);
  CHECK(access.Authorize(Get("/api", pair)).accepted);
}
