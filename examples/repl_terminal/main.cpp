// A terminal and a file tree in the browser. Start with ReplService for the events, and with Pty and Workspace for the
// implementation.

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
#include "idle_timer.hpp"
#include "page_response.hpp"
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

// Writes a file that only its owner can read.
bool WriteSecret(const std::string& path, const std::string& text) {
  const repl::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  return file && ::fchmod(file.Get(), 0600) == 0 &&
         ::write(file.Get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Prints the URL, or writes it to the file of --url-file.
bool PublishUrl(const repl::CommandLine& line, const std::string& url) {
  if (!line.url_file.empty()) return WriteSecret(line.url_file, url + "\n");
  std::cout << "Open " << url << std::endl;
  return true;
}

int Run(const repl::CommandLine& line) {
  auto root = repl::WorkspaceRoot::Open(line.workspace);
  if (!root) return Fail(root.Error().message);
  const repl::StaticFiles page(line.page.empty() ? fs::canonical("/proc/self/exe").parent_path() / "page"
                                                 : fs::path(line.page));
  if (!page.IsComplete())
    return Fail("files of the page are missing; run `npm ci` in the page's folder, and pass the folder with --page");

  const bool has_certificate = !line.certificate.empty();
  for (const std::string& file : {line.certificate, line.key}) {
    if (has_certificate && ::access(file.c_str(), R_OK) != 0) return Fail("cannot read " + file);
  }
  if (!line.shell.empty() && ::access(line.shell.c_str(), X_OK) != 0) return Fail("cannot run " + line.shell);
  asio::io_context terminals;
  repl::Workspace workspace(std::move(*root));
  repl::Access access({.mode = line.auth, .hosts = line.hosts, .secure = has_certificate || line.behind_tls});
  repl::PtyOptions shell;
  shell.shell = line.shell;
  shell.folder = fs::absolute(line.workspace);
  repl::TerminalLimits limits;
  limits.detached_grace = line.detached_grace;
  const auto sessions = std::make_shared<repl::TerminalSessions>(terminals.get_executor(), shell, limits);
  asio::thread_pool disk(2);  // a separate pool, so that a blocked disk does not block the shells
  const repl::ReplService service(workspace, disk.get_executor(), sessions, line.mode);

  ws::ServerOptions options{.address = line.address, .port = line.port};
  if (has_certificate) options.tls = ws::TlsFiles{line.certificate, line.key};
  ws::Server server(std::move(options));
  server.OnRequest([&](const ws::HttpRequest& request) {
    if (request.Path() == "/healthz") return repl::TextResponse(200, "OK");
    auto response = access.Intercept(request);
    return response ? std::move(*response) : page.Respond(request);
  });
  server.Route(repl::ReplService::path, repl::ReplService::Options(access, line.allowed_origins),
               [&](ws::Handler socket) { service.Serve(socket); });

  asio::signal_set signals(terminals, SIGINT, SIGTERM), renew_signal(terminals, SIGUSR1);
  const auto shut_down = [&] {
    signals.cancel();
    signals.clear();  // a second signal ends the process at once
    renew_signal.cancel();
    server.Stop();
    sessions->Close();
  };
  const auto idle = std::make_shared<repl::IdleTimer>(terminals.get_executor(), line.idle_shutdown, shut_down);
  signals.async_wait([&](ws::Error cancelled, int) {
    if (cancelled) return;
    idle->Stop();
    shut_down();
  });
  server.Hub().On("connect", [idle] { idle->AddConnection(); });
  server.Hub().On("disconnect", [idle] { idle->RemoveConnection(); });

  if (const ws::Error error = server.Start()) {
    const bool has_port = !line.address.starts_with("unix:");
    const std::string port = has_port ? " port " + std::to_string(line.port) : "";
    return Fail("cannot listen on " + line.address + port + ": " + error.message());
  }
  idle->Start();
  if (line.is_remote && !has_certificate && !line.behind_tls) {
    std::cerr << "repl_terminal: warning: without TLS the traffic can be read and changed on its way (see "
                 "--certificate and --behind-tls)\n";
  }
  if (!PublishUrl(line, access.Url(server.Port()))) return Fail("cannot write " + line.url_file);
  const std::function<void(ws::Error, int)> renew = [&](ws::Error cancelled, int) {
    if (cancelled) return;
    access.RenewToken();
    PublishUrl(line, access.Url(server.Port()));
    renew_signal.async_wait(renew);
  };
  renew_signal.async_wait(renew);
  terminals.run();  // returns when a signal has arrived and the last shell has ended
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const auto line = repl::ParseCommandLine({arguments + 1, arguments + count});
  if (!line) return Fail(line.Error().message + " (see --help)");
  if (!line->help) return Run(*line);
  std::cout << repl::HelpText();
}
