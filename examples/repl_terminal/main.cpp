// A terminal and a file tree in the browser. Read ReplService for the events, Pty and Workspace for
// what is behind them.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "access.hpp"
#include "command_line.hpp"
#include "repl_service.hpp"
#include "static_files.hpp"
#include "workspace.hpp"
#include "ws/server.hpp"

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

int Fail(const std::string& problem) {
  std::cerr << "repl_terminal: " << problem << "\n";
  return 1;
}

int Run(const repl::CommandLine& line) {
  auto root = repl::WorkspaceRoot::Open(line.workspace);
  if (!root) return Fail(root.Why().sentence);
  const repl::StaticFiles page(line.page.empty() ? fs::canonical("/proc/self/exe").parent_path() / "page"
                                                 : fs::path(line.page));
  if (!page.IsComplete())
    return Fail("the page's files are not there; run `npm ci` in its folder and name it with --page");

  asio::io_context terminals;
  repl::Workspace workspace(std::move(*root));
  repl::Access access(line.auth);
  repl::PtyOptions shell;
  shell.folder = fs::absolute(line.workspace);
  const repl::ReplService service(workspace, terminals.get_executor(), shell);

  ws::Server server({.port = line.port});
  server.OnRequest([&](const ws::HttpRequest& request) {
    auto answer = access.Intercept(request);
    return answer ? std::move(*answer) : page.Answer(request);
  });
  server.Route(repl::ReplService::path, repl::ReplService::Options(access, line.allowed_origins),
               [&](ws::Handler socket) { service.Serve(socket); });
  if (const ws::Error error = server.Start()) {
    return Fail("cannot listen on port " + std::to_string(line.port) + ": " + error.message());
  }
  std::cout << "Open " << access.Url(server.Port()) << std::endl;

  asio::signal_set signals(terminals, SIGINT, SIGTERM);
  signals.async_wait([&](ws::Error, int) {
    signals.clear();  // a second signal ends the process at once
    server.Stop();
  });
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
