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
using DirPtr = std::unique_ptr<DIR, int (*)(DIR*)>;

DirPtr OpenDir(const WorkspaceRoot& root, const std::string& path) {
  const auto parsed = WorkspacePath::Parse(path);  // fails if the path is too long
  UniqueFd fd = parsed ? root.Open(*parsed, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) : UniqueFd();
  DirPtr folder(fd ? ::fdopendir(fd.Get()) : nullptr, ::closedir);
  if (folder) fd.Release();
  return folder;
}

// Calls fstatat for file systems that do not report d_type.
unsigned char EntryType(DIR* folder, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type;
  struct stat st {};
  if (::fstatat(::dirfd(folder), entry.d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) return DT_UNKNOWN;
  return S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_UNKNOWN;
}

struct Folder {
  std::string path;
  std::size_t depth;
};

class FileSearch final {
 public:
  FileSearch(const WorkspaceRoot& root, const FileListLimits& limits)
      : root_(root), limits_(limits), deadline_(Clock::now() + limits.max_time) {}

  FileList Run() {
    queue_.push_back({"", 0});
    for (; !queue_.empty() && !is_stopped_; queue_.pop_front()) Scan(queue_.front());
    std::sort(found_.paths.begin(), found_.paths.end());
    return std::move(found_);
  }

 private:
  void Scan(const Folder& folder) {
    const DirPtr dir = OpenDir(root_, folder.path);
    if (!dir) return;
    while (const dirent* entry = ::readdir(dir.get())) {
      if (Clock::now() >= deadline_) return Stop();
      const std::string name = entry->d_name;
      if (name == "." || name == ".." || !IsUtf8(name)) continue;
      const std::string path = folder.path.empty() ? name : folder.path + "/" + name;
      const unsigned char type = EntryType(dir.get(), *entry);
      if (type == DT_REG) {
        if (found_.paths.size() == limits_.max_files) return Stop();
        found_.paths.push_back(path);
      } else if (type == DT_DIR && name.front() != '.' && name != "node_modules") {
        const bool fits = folder.depth < limits_.max_depth && queue_.size() < limits_.max_queued_folders;
        if (fits) queue_.push_back({path, folder.depth + 1});
        found_.truncated |= !fits;
      }
    }
  }

  void Stop() { is_stopped_ = found_.truncated = true; }

  const WorkspaceRoot& root_;
  const FileListLimits& limits_;
  const Clock::time_point deadline_;
  std::deque<Folder> queue_;  // breadth first
  FileList found_;
  bool is_stopped_ = false;
};

}  // namespace

FileList ListFilesBelow(const WorkspaceRoot& root, const FileListLimits& limits) {
  return FileSearch(root, limits).Run();
}

}  // namespace repl
