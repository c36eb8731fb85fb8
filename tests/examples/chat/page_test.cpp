#include "page.hpp"

#include "support/catch.hpp"

namespace {

ws::HttpResponse Respond(const std::string& target, const std::string& method = "GET") {
  ws::HttpRequest request;
  request.method = method;
  request.target = target;
  return chat::Page(CHAT_PAGE).Respond(request);
}

std::string Header(const ws::HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace

TEST_CASE("each of the page's files is served with its content type") {
  CHECK(Header(Respond("/"), "Content-Type") == "text/html; charset=utf-8");
  CHECK(Respond("/?x=1").body.find("<!doctype html>") == 0);
  CHECK(Header(Respond("/chat.css"), "Content-Type") == "text/css; charset=utf-8");
  CHECK(Header(Respond("/chat.js"), "Content-Type") == "text/javascript; charset=utf-8");
  CHECK(Header(Respond("/icon.svg"), "Content-Type") == "image/svg+xml");
}

TEST_CASE("a path that is not on the list gives 404") {
  for (const std::string target : {"/index.html", "/../CMakeLists.txt", "/%2e%2e/main.cpp", "//chat.js", "/chat.js/",
                                   "/CHAT.JS", "chat.js", "", "*", "http://127.0.0.1/chat.js"}) {
    INFO(target);
    CHECK(Respond(target).status == 404);
  }
  CHECK(Respond(std::string("/chat.js\0", 9)).status == 404);
}

TEST_CASE("a method other than GET gives 405") {
  CHECK(Respond("/", "POST").status == 405);
  CHECK(Header(Respond("/", "POST"), "Allow") == "GET");
}

TEST_CASE("every response, also an error, restricts the page to files of the same origin") {
  for (const std::string target : {"/", "/none"}) {
    const auto response = Respond(target);
    CHECK(Header(response, "Content-Security-Policy").find("default-src 'none'; script-src 'self'; style-src 'self'") ==
          0);
    CHECK(Header(response, "X-Content-Type-Options") == "nosniff");
    CHECK(Header(response, "Referrer-Policy") == "no-referrer");
  }
}

TEST_CASE("MissingFile names a file that the folder lacks") {
  CHECK(chat::Page(CHAT_PAGE "/none").MissingFile() == "index.html");
  CHECK(chat::Page(CHAT_PAGE).MissingFile() == "client.js");  // the build copies it beside the other files
}
