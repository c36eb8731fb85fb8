#include "file_list.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <memory>

#include "utf8.hpp"

namespace repl {
namespace {

using Clock = std::chrono::steady_clock;
using OpenFolder = std::unique_ptr<DIR, int (*)(DIR*)>;

OpenFolder Open(const WorkspaceRoot& root, const std::string& path) {
  const auto parsed = WorkspacePath::Parse(path);  // too long a path is a problem
  UniqueFd fd = parsed ? root.Open(*parsed, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) : UniqueFd();
  OpenFolder folder(fd ? ::fdopendir(fd.Get()) : nullptr, ::closedir);
  if (folder) fd.Release();
  return folder;
}

// Some file systems do not tell it with the name.
unsigned char KindOf(DIR* folder, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type;
  struct stat about {};
  if (::fstatat(::dirfd(folder), entry.d_name, &about, AT_SYMLINK_NOFOLLOW) != 0) return DT_UNKNOWN;
  return S_ISDIR(about.st_mode) ? DT_DIR : S_ISREG(about.st_mode) ? DT_REG : DT_UNKNOWN;
}

struct Folder {
  std::string path;
  std::size_t depth;
};

class Search final {
 public:
  Search(const WorkspaceRoot& root, const FileListBounds& bounds)
      : root_(root), bounds_(bounds), deadline_(Clock::now() + bounds.max_time) {}

  FileList Run() {
    waiting_.push_back({"", 0});
    for (; !waiting_.empty() && !is_over_; waiting_.pop_front()) LookInto(waiting_.front());
    std::sort(found_.paths.begin(), found_.paths.end());
    return std::move(found_);
  }

 private:
  void LookInto(const Folder& folder) {
    const OpenFolder open = Open(root_, folder.path);
    if (!open) return;
    while (const dirent* entry = ::readdir(open.get())) {
      if (Clock::now() >= deadline_) return Stop();
      const std::string name = entry->d_name;
      if (name == "." || name == ".." || !IsUtf8(name)) continue;
      const std::string path = folder.path.empty() ? name : folder.path + "/" + name;
      const unsigned char kind = KindOf(open.get(), *entry);
      if (kind == DT_REG) {
        if (found_.paths.size() == bounds_.max_files) return Stop();
        found_.paths.push_back(path);
      } else if (kind == DT_DIR && name.front() != '.' && name != "node_modules") {
        const bool fits = folder.depth < bounds_.max_depth && waiting_.size() < bounds_.max_waiting_folders;
        if (fits) waiting_.push_back({path, folder.depth + 1});
        found_.truncated |= !fits;
      }
    }
  }

  void Stop() { is_over_ = found_.truncated = true; }

  const WorkspaceRoot& root_;
  const FileListBounds& bounds_;
  const Clock::time_point deadline_;
  std::deque<Folder> waiting_;  // the nearest first
  FileList found_;
  bool is_over_ = false;
};

}  // namespace

FileList ListFilesBelow(const WorkspaceRoot& root, const FileListBounds& bounds) {
  return Search(root, bounds).Run();
}

}  // namespace repl
