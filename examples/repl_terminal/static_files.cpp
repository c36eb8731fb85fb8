#include "static_files.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "page_response.hpp"

namespace repl {
namespace {

namespace fs = std::filesystem;
using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array types = {Pair{".html", "text/html; charset=utf-8"}, Pair{".css", "text/css; charset=utf-8"},
                              Pair{".js", "text/javascript; charset=utf-8"},
                              Pair{".mjs", "text/javascript; charset=utf-8"}};

constexpr std::array vendor = {
    Pair{"/vendor/xterm.mjs", "node_modules/@xterm/xterm/lib/xterm.mjs"},
    Pair{"/vendor/xterm.css", "node_modules/@xterm/xterm/css/xterm.css"},
    Pair{"/vendor/addon-fit.mjs", "node_modules/@xterm/addon-fit/lib/addon-fit.mjs"},
    Pair{"/vendor/addon-search.mjs", "node_modules/@xterm/addon-search/lib/addon-search.mjs"},
    Pair{"/vendor/addon-web-links.mjs", "node_modules/@xterm/addon-web-links/lib/addon-web-links.mjs"},
    Pair{"/vendor/diff-match-patch.js", "node_modules/@dmsnell/diff-match-patch/index.js"}};

// Ace loads its language modes on demand from the folder of its script.
constexpr Pair ace = {"/vendor/ace/", "node_modules/ace-builds/src-min-noconflict"};

std::string_view ContentType(const fs::path& file) {
  const std::string extension = file.extension().string();
  const auto found =
      std::find_if(types.begin(), types.end(), [&](const Pair& type) { return type.first == extension; });
  return found == types.end() ? std::string_view() : found->second;
}

bool IsPlainName(std::string_view name) {
  return !name.starts_with('.') && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

}  // namespace

bool StaticFiles::IsComplete() const {
  return fs::exists(folder_ / "index.html") && fs::exists(folder_ / "client.js") &&
         fs::exists(folder_ / ace.second / "ace.js") &&
         std::all_of(vendor.begin(), vendor.end(), [&](const Pair& file) { return fs::exists(folder_ / file.second); });
}

fs::path StaticFiles::Locate(std::string_view url_path) const {
  for (const Pair& file : vendor) {
    if (url_path == file.first) return folder_ / file.second;
  }
  if (url_path.starts_with(ace.first)) {
    const std::string_view name = url_path.substr(ace.first.size());
    return IsPlainName(name) ? folder_ / ace.second / name : fs::path();
  }
  if (!url_path.starts_with('/')) return {};
  const std::string_view name = url_path == "/" ? "index.html" : url_path.substr(1);
  return IsPlainName(name) ? folder_ / name : fs::path();
}

ws::HttpResponse StaticFiles::Respond(const ws::HttpRequest& request) const {
  if (request.method != "GET") {
    ws::HttpResponse response = TextResponse(405, "Only GET is allowed.");
    response.headers.emplace_back("Allow", "GET");
    return response;
  }
  const fs::path path = Locate(request.Path());
  const std::string_view type = ContentType(path);
  std::ifstream file(type.empty() ? fs::path() : path, std::ios::binary);
  if (!file) return TextResponse(404, "Not found.");
  std::string content(std::istreambuf_iterator<char>(file), {});
  return PageResponse(200, std::string(type), std::move(content));
}

}  // namespace repl
