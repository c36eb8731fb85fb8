// A workspace that is watched, and who is told.
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
#include "support/patience.hpp"
#include "workspace_fixture.hpp"

namespace repl::test {

using Paths = std::vector<std::string>;

// Remembers what it was told.
struct Listener final : ChangeListener {
  void Changed(const FileChange& change) override { told.push_back(change); }

  std::size_t Count(const std::string& path) const {
    return static_cast<std::size_t>(
        std::count_if(told.begin(), told.end(), [&](const FileChange& one) { return one.path == path; }));
  }
  // The last that was told of a path: a kind, or a hash.
  std::string Last(const std::string& path) const {
    const auto found =
        std::find_if(told.rbegin(), told.rend(), [&](const FileChange& one) { return one.path == path; });
    if (found == told.rend()) return "";
    if (found->now.kind == Glance::Kind::File) return found->now.hash;
    return found->now.kind == Glance::Kind::Folder ? "folder" : "deleted";
  }

  std::vector<FileChange> told;
};

// A workspace and its watcher, all on this thread.
struct Watched : Fixture {
  using Fixture::Fixture;

  bool Watch(const std::shared_ptr<Listener>& who, const Paths& paths) {
    const auto watching = watcher->Watch(who, paths);
    context.restart();
    context.poll();
    who->told.clear();  // what is told for a start has a test of its own
    return static_cast<bool>(watching);
  }
  // Runs the watcher until this is so; false where it never is.
  bool Until(const std::function<bool()>& is_so) {
    const auto deadline = std::chrono::steady_clock::now() + ws::test::patience;
    while (!is_so() && std::chrono::steady_clock::now() < deadline) {
      context.restart();
      context.run_one_for(std::chrono::seconds(1));
    }
    return is_so();
  }
  bool UntilTold(const std::string& path, const std::string& what) {
    return Until([&] { return listener->Last(path) == what; });
  }
  // All that has happened before is told when this returns true. "sentinel" must be watched.
  bool Settles() {
    const std::string content = std::to_string(++turn);
    Put(root / "sentinel", content);
    return UntilTold("sentinel", ContentHash(content));
  }

  boost::asio::io_context context;
  std::shared_ptr<FileWatcher> watcher = std::make_shared<FileWatcher>(context.get_executor(), workspace);
  std::shared_ptr<Listener> listener = std::make_shared<Listener>();
  int turn = 0;
};

}  // namespace repl::test
