#include "page.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string>

namespace chat {
namespace {

struct File {
  std::string_view path, name, type;
};

constexpr std::string_view html = "text/html; charset=utf-8", css = "text/css; charset=utf-8",
                           script = "text/javascript; charset=utf-8", text = "text/plain; charset=utf-8";

constexpr std::array files = {File{"/", "index.html", html},
                              File{"/chat.css", "chat.css", css},
                              File{"/chat.js", "chat.js", script},
                              File{"/client.js", "client.js", script},  // from the library
                              File{"/icon.svg", "icon.svg", "image/svg+xml"},
                              File{"/message_log.js", "message_log.js", script},
                              File{"/session.js", "session.js", script},
                              File{"/typing_indicator.js", "typing_indicator.js", script}};

// The policy allows only files of this server: no inline script, no other origin, no frame around the page. A script
// that gets into a message does not run.
ws::HttpResponse MakeResponse(unsigned status, std::string_view type, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", std::string(type)},
                      {"Content-Security-Policy",
                       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                       "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-cache"}},
          .body = std::move(body)};
}

}  // namespace

std::string_view Page::MissingFile() const {
  const auto missing = std::find_if(files.begin(), files.end(), [&](const File& file) {
    return !std::filesystem::is_regular_file(folder_ / file.name);
  });
  return missing == files.end() ? std::string_view() : missing->name;
}

ws::HttpResponse Page::Respond(const ws::HttpRequest& request) const {
  if (request.method != "GET") {
    ws::HttpResponse response = MakeResponse(405, text, "Only GET is supported.\n");
    response.headers.emplace_back("Allow", "GET");
    return response;
  }
  const auto file =
      std::find_if(files.begin(), files.end(), [&](const File& candidate) { return candidate.path == request.Path(); });
  if (file == files.end()) return MakeResponse(404, text, "Not found.\n");
  std::ifstream content(folder_ / file->name, std::ios::binary);
  if (!content) return MakeResponse(500, text, "The file cannot be read.\n");
  return MakeResponse(200, file->type, std::string(std::istreambuf_iterator<char>(content), {}));
}

}  // namespace chat
