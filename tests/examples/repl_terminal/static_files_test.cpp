#include "static_files.hpp"

#include <filesystem>
#include <fstream>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;

struct Site {
  Site() {
    Put("secret.js", "secret");
    Put("page/index.html", "the page");
    Put("page/main.js", "a script");
    Put("page/package.json", "{}");
    Put("page/node_modules/@xterm/xterm/lib/xterm.mjs", "xterm");
    Put("page/inner/x.js", "inner");
  }

  void Put(const std::string& name, const std::string& content) const {
    fs::create_directories((top / name).parent_path());
    std::ofstream(top / name) << content;
  }
  ws::HttpResponse Get(const std::string& target) const {
    ws::HttpRequest request;
    request.method = "GET";
    request.target = target;
    return files.Respond(request);
  }

  const ws::test::TemporaryFolder folder;
  const fs::path top = folder.Path();
  const repl::StaticFiles files{top / "page"};
};

std::string HeaderOf(const ws::HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace

TEST_CASE("the page, its scripts and its packages are served with their types") {
  const Site f;
  CHECK(f.Get("/").body == "the page");
  CHECK(f.Get("/?x=1").body == "the page");
  CHECK(HeaderOf(f.Get("/"), "Content-Type") == "text/html; charset=utf-8");
  CHECK(HeaderOf(f.Get("/main.js"), "Content-Type") == "text/javascript; charset=utf-8");
  CHECK(f.Get("/vendor/xterm.mjs").body == "xterm");
}

TEST_CASE("files that are not part of the page are not served") {
  const Site f;
  for (const std::string target :
       {"/../secret.js", "/%2e%2e/secret.js", "//etc/passwd", "/inner/x.js", "/inner%2fx.js", "/package.json", "/.",
        "/..", "/.hidden.js", "/none.js", "/vendor/", "/vendor/../main.js", "/node_modules/@xterm/xterm/lib/xterm.mjs",
        "main.js", "", "*", "http://127.0.0.1/main.js"}) {
    INFO(target);
    CHECK(f.Get(target).status == 404);
  }
  CHECK(f.Get(std::string("/main.js\0.js", 12)).status == 404);
}

TEST_CASE("only GET is answered") {
  const Site f;
  ws::HttpRequest request;
  request.method = "POST";
  request.target = "/";
  CHECK(f.files.Respond(request).status == 405);
  CHECK(HeaderOf(f.files.Respond(request), "Allow") == "GET");
}

TEST_CASE("every response has the security headers, even an error") {
  const Site f;
  for (const std::string target : {"/", "/none.js"}) {
    const auto response = f.Get(target);
    CHECK(HeaderOf(response, "Content-Security-Policy").find("default-src 'self'") == 0);
    CHECK(HeaderOf(response, "X-Content-Type-Options") == "nosniff");
    CHECK(HeaderOf(response, "Referrer-Policy") == "no-referrer");
    CHECK(HeaderOf(response, "Cache-Control") == "no-store");
  }
}

TEST_CASE("a page without its packages is not complete") {
  const Site f;
  CHECK_FALSE(f.files.IsComplete());
  f.Put("page/node_modules/@xterm/xterm/css/xterm.css", "");
  f.Put("page/node_modules/@xterm/addon-fit/lib/addon-fit.mjs", "");
  f.Put("page/node_modules/@xterm/addon-search/lib/addon-search.mjs", "");
  f.Put("page/node_modules/@xterm/addon-web-links/lib/addon-web-links.mjs", "");
  f.Put("page/node_modules/ace-builds/src-min-noconflict/ace.js", "ace");
  f.Put("page/node_modules/@dmsnell/diff-match-patch/index.js", "");
  CHECK_FALSE(f.files.IsComplete());
  f.Put("page/client.js", "");
  CHECK(f.files.IsComplete());
  CHECK(f.Get("/vendor/ace/ace.js").body == "ace");
  CHECK(f.Get("/vendor/ace/../ace.js").status == 404);
  CHECK(f.Get("/vendor/ace/").status == 404);
}
