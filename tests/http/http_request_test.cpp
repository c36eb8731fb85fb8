// Conversion of Beast's HTTP requests to HttpRequest.
#include <ostream>  // before Beast, whose string_view needs it

#include "http/http_request.hpp"

#include <string>

#include "support/catch.hpp"

namespace http = boost::beast::http;
using ws::HttpRequest;
using ws::http::ToRequest;
using ws::http::FindFramingError;

namespace {

http::request<http::string_body> Parsed(const std::string& target, unsigned version = 11) {
  http::request<http::string_body> request{http::verb::get, target, version};
  request.set(http::field::host, "header.example");
  return request;
}

}  // namespace

TEST_CASE("the host of an absolute target replaces the Host header") {
  const HttpRequest request = ToRequest(Parsed("http://target.example:81/ws?a=b"));
  CHECK(request.target == "/ws?a=b");
  CHECK(request.Count("Host") == 1);
  CHECK(request.Header("Host") == "target.example:81");
  CHECK(ToRequest(Parsed("HTTPS://target.example")).Header("Host") == "target.example");
  CHECK(ToRequest(Parsed("/http://target.example/")).Header("Host") == "header.example");
  http::request<http::string_body> nameless{http::verb::get, "http://target.example/", 11};
  CHECK(ToRequest(nameless).Count("Host") == 0);
  http::request<http::string_body> two = Parsed("http://target.example/");
  two.insert(http::field::host, "another.example");
  CHECK(ToRequest(two).Count("Host") == 2);
}

TEST_CASE("an absolute target may have a query and no path") {
  CHECK(ToRequest(Parsed("http://target.example")).target == "/");
  CHECK(ToRequest(Parsed("http://target.example?a=b")).target == "/?a=b");
  CHECK(ToRequest(Parsed("http://target.example?a=/ws")).Path() == "/");
}

TEST_CASE("a target that is not absolute is unchanged") {
  for (const char* target : {"/", "/a://b", "/?http://a/ws", "*", "host:80", "?a://b/ws", "://b/ws"}) {
    INFO(target);
    CHECK(ToRequest(Parsed(target)).target == target);
  }
}

TEST_CASE("a transfer encoding makes an HTTP/1.0 request ambiguous") {
  http::request<http::string_body> request = Parsed("/");
  request.set(http::field::transfer_encoding, "chunked");
  CHECK(FindFramingError(ToRequest(request)) == nullptr);
  request.version(10);
  CHECK(FindFramingError(ToRequest(request)) != nullptr);
}
