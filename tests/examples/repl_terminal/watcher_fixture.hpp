// A watched workspace and a listener.
#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "content_hash.hpp"
#include "file_watcher.hpp"
#include "support/synchronization.hpp"
#include "workspace_fixture.hpp"

namespace repl::test {

using Paths = std::vector<std::string>;

// Records all changes.
struct Listener final : ChangeListener {
  void OnChange(const FileChange& change) override { changes.push_back(change); }

  std::size_t Count(const std::string& path) const {
    return static_cast<std::size_t>(
        std::count_if(changes.begin(), changes.end(), [&](const FileChange& one) { return one.path == path; }));
  }
  // Returns the last reported status of a path: a kind, or a hash.
  std::string Last(const std::string& path) const {
    const auto found =
        std::find_if(changes.rbegin(), changes.rend(), [&](const FileChange& one) { return one.path == path; });
    if (found == changes.rend()) return "";
    if (found->status.kind == FileStatus::Kind::File) return found->status.hash;
    return found->status.kind == FileStatus::Kind::Folder ? "folder" : "deleted";
  }

  std::vector<FileChange> changes;
};

// A workspace and its watcher. Both run on the test's thread.
struct WatcherFixture : WorkspaceFixture {
  using WorkspaceFixture::WorkspaceFixture;

  bool Watch(const std::shared_ptr<Listener>& recipient, const Paths& paths) {
    const auto watching = watcher->Watch(recipient, paths);
    context.restart();
    context.poll();
    recipient->changes.clear();  // the initial reports have their own test
    return static_cast<bool>(watching);
  }
  // Runs the watcher until the condition is true. Returns false on a timeout.
  bool RunUntil(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + ws::test::wait_timeout;
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      context.restart();
      context.run_one_for(std::chrono::seconds(1));
    }
    return condition();
  }
  bool WaitForReport(const std::string& path, const std::string& what) {
    return RunUntil([&] { return listener->Last(path) == what; });
  }
  // Waits until all earlier changes are reported. "sentinel" must be watched.
  bool WaitForPending() {
    const std::string content = std::to_string(++turn);
    Put(root / "sentinel", content);
    return WaitForReport("sentinel", ContentHash(content));
  }

  boost::asio::io_context context;
  std::shared_ptr<FileWatcher> watcher = std::make_shared<FileWatcher>(context.get_executor(), workspace);
  std::shared_ptr<Listener> listener = std::make_shared<Listener>();
  int turn = 0;
};

}  // namespace repl::test
