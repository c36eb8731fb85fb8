// A terminal and a file tree in the browser. Read ReplService for the events, Pty and Workspace for
// what is behind them.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iostream>

#include "access.hpp"
#include "command_line.hpp"
#include "idle_clock.hpp"
#include "page_answer.hpp"
#include "repl_service.hpp"
#include "static_files.hpp"
#include "unique_fd.hpp"
#include "workspace.hpp"
#include "ws/server.hpp"

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

int Fail(const std::string& problem) {
  std::cerr << "repl_terminal: " << problem << "\n";
  return 1;
}

// For nobody's eyes but the user's.
bool WriteSecret(const std::string& path, const std::string& text) {
  const repl::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  return file && ::fchmod(file.Get(), 0600) == 0 &&
         ::write(file.Get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Prints it, or writes it to where --url-file says.
bool TellUrl(const repl::CommandLine& line, const std::string& url) {
  if (!line.url_file.empty()) return WriteSecret(line.url_file, url + "\n");
  std::cout << "Open " << url << std::endl;
  return true;
}

int Run(const repl::CommandLine& line) {
  auto root = repl::WorkspaceRoot::Open(line.workspace);
  if (!root) return Fail(root.Why().sentence);
  const repl::StaticFiles page(line.page.empty() ? fs::canonical("/proc/self/exe").parent_path() / "page"
                                                 : fs::path(line.page));
  if (!page.IsComplete())
    return Fail("the page's files are not there; run `npm ci` in its folder and name it with --page");

  const bool has_certificate = !line.certificate.empty();
  for (const std::string& file : {line.certificate, line.key}) {
    if (has_certificate && ::access(file.c_str(), R_OK) != 0) return Fail("cannot read " + file);
  }
  if (!line.shell.empty() && ::access(line.shell.c_str(), X_OK) != 0) return Fail("cannot run " + line.shell);
  asio::io_context terminals;
  repl::Workspace workspace(std::move(*root));
  repl::Access access({.mode = line.auth, .names = line.hosts, .secure = has_certificate || line.behind_tls});
  repl::PtyOptions shell;
  shell.shell = line.shell;
  shell.folder = fs::absolute(line.workspace);
  repl::TerminalLimits limits;
  limits.detached_grace = line.detached_grace;
  const auto sessions = std::make_shared<repl::TerminalSessions>(terminals.get_executor(), shell, limits);
  asio::thread_pool disk(2);  // of its own: a disk that does not answer holds up no shell
  const repl::ReplService service(workspace, disk.get_executor(), sessions, line.mode);

  ws::ServerOptions options{.address = line.address, .port = line.port};
  if (has_certificate) options.tls = ws::TlsFiles{line.certificate, line.key};
  ws::Server server(std::move(options));
  server.OnRequest([&](const ws::HttpRequest& request) {
    if (request.Path() == "/healthz") return repl::TextAnswer(200, "Well.");
    auto answer = access.Intercept(request);
    return answer ? std::move(*answer) : page.Answer(request);
  });
  server.Route(repl::ReplService::path, repl::ReplService::Options(access, line.allowed_origins),
               [&](ws::Handler socket) { service.Serve(socket); });

  asio::signal_set signals(terminals, SIGINT, SIGTERM), another(terminals, SIGUSR1);
  const auto end = [&] {
    signals.cancel();
    signals.clear();  // a second signal ends the process at once
    another.cancel();
    server.Stop();
    sessions->Close();
  };
  const auto idle = std::make_shared<repl::IdleClock>(terminals.get_executor(), line.idle_shutdown, end);
  signals.async_wait([&](ws::Error cancelled, int) {
    if (cancelled) return;
    idle->Stop();
    end();
  });
  server.Hub().On("connect", [idle] { idle->Come(); });
  server.Hub().On("disconnect", [idle] { idle->Leave(); });

  if (const ws::Error error = server.Start()) {
    const bool has_port = !line.address.starts_with("unix:");
    const std::string port = has_port ? " port " + std::to_string(line.port) : "";
    return Fail("cannot listen on " + line.address + port + ": " + error.message());
  }
  idle->Start();
  if (line.is_remote && !has_certificate && !line.behind_tls) {
    std::cerr
        << "repl_terminal: without TLS whoever is on the way can read and type along (--certificate, --behind-tls)\n";
  }
  if (!TellUrl(line, access.Url(server.Port()))) return Fail("cannot write " + line.url_file);
  const std::function<void(ws::Error, int)> renew = [&](ws::Error cancelled, int) {
    if (cancelled) return;
    access.RenewToken();
    TellUrl(line, access.Url(server.Port()));
    another.async_wait(renew);
  };
  another.async_wait(renew);
  terminals.run();  // to the signal, and on until the last shell has ended
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const auto line = repl::ParseCommandLine({arguments + 1, arguments + count});
  if (!line) return Fail(line.Why().sentence + " (--help tells what there is)");
  if (!line->help) return Run(*line);
  std::cout << repl::HelpText();
}
