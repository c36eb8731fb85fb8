#include "page.hpp"

#include "support/catch.hpp"

namespace {

ws::HttpResponse Ask(const std::string& target, const std::string& method = "GET") {
  ws::HttpRequest request;
  request.method = method;
  request.target = target;
  return chat::Page(CHAT_PAGE).Answer(request);
}

std::string Header(const ws::HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace

TEST_CASE("the page's files are served with their types") {
  CHECK(Header(Ask("/"), "Content-Type") == "text/html; charset=utf-8");
  CHECK(Ask("/?x=1").body.find("<!doctype html>") == 0);
  CHECK(Header(Ask("/chat.css"), "Content-Type") == "text/css; charset=utf-8");
  CHECK(Header(Ask("/chat.js"), "Content-Type") == "text/javascript; charset=utf-8");
  CHECK(Header(Ask("/icon.svg"), "Content-Type") == "image/svg+xml");
}

TEST_CASE("nothing else is served") {
  for (const std::string target : {"/index.html", "/../CMakeLists.txt", "/%2e%2e/main.cpp", "//chat.js", "/chat.js/",
                                   "/CHAT.JS", "chat.js", "", "*", "http://127.0.0.1/chat.js"}) {
    INFO(target);
    CHECK(Ask(target).status == 404);
  }
  CHECK(Ask(std::string("/chat.js\0", 9)).status == 404);
}

TEST_CASE("only GET is answered") {
  CHECK(Ask("/", "POST").status == 405);
  CHECK(Header(Ask("/", "POST"), "Allow") == "GET");
}

TEST_CASE("every answer lets the page load and run its own files only, refusals too") {
  for (const std::string target : {"/", "/none"}) {
    const auto answer = Ask(target);
    CHECK(Header(answer, "Content-Security-Policy").find("default-src 'none'; script-src 'self'; style-src 'self'") ==
          0);
    CHECK(Header(answer, "X-Content-Type-Options") == "nosniff");
    CHECK(Header(answer, "Referrer-Policy") == "no-referrer");
  }
}

TEST_CASE("a folder that lacks a file is told") {
  CHECK(chat::Page(CHAT_PAGE "/none").Missing() == "index.html");
  CHECK(chat::Page(CHAT_PAGE).Missing() == "client.js");  // which the build puts beside the others
}
