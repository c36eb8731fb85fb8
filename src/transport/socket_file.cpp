#include "transport/socket_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>

namespace ws::transport {

namespace asio = boost::asio;
using asio::local::stream_protocol;

namespace {

// Whoever of us makes, judges or removes socket files in a folder holds its lock meanwhile: nobody sees one that is
// bound and not yet listened on. Who else may lock the folder may do so for ever, and is waited for a second.
class FolderLock final {
 public:
  explicit FolderLock(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == path.npos ? "." : path.substr(0, slash + 1);
    folder_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int tries = 0; folder_ >= 0 && tries < 100 && ::flock(folder_, LOCK_EX | LOCK_NB) != 0; ++tries)
      ::poll(nullptr, 0, 10);
  }
  ~FolderLock() {
    if (folder_ >= 0) ::close(folder_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int folder_ = -1;
};

// Whether a process that has ended left it: nobody listens.
bool IsLeftBehind(const std::string& path) {
  struct stat found = {};
  if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);  // a full backlog answers too
  if (probe < 0) return false;
  const bool refused =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return refused;
}

}  // namespace

Error SocketFile::Listen(StreamAcceptor& acceptor) {
  if (path_.empty() || path_.find('\0') != path_.npos) return asio::error::invalid_argument;
  if (path_.size() >= sizeof(sockaddr_un::sun_path)) return asio::error::name_too_long;
  const FolderLock lock(path_);
  const stream_protocol::endpoint endpoint(path_);
  Error error;
  acceptor.open(asio::generic::stream_protocol(stream_protocol()), error);
  if (!error) acceptor.bind(endpoint, error);
  if (error == asio::error::address_in_use && IsLeftBehind(path_)) {
    ::unlink(path_.c_str());
    error = {};
    acceptor.bind(endpoint, error);
  }
  struct stat made = {};
  if (!error && ::lstat(path_.c_str(), &made) == 0) {
    device_ = made.st_dev;
    inode_ = made.st_ino;
  }
  if (!error) acceptor.listen(StreamAcceptor::max_listen_connections, error);
  return error;
}

// A file of the same number that somebody listens on is another's: numbers are used again.
void SocketFile::Remove() noexcept {
  if (inode_ == 0) return;
  const FolderLock lock(path_);
  struct stat found = {};
  const bool same = ::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_;
  if (same && IsLeftBehind(path_)) ::unlink(path_.c_str());
  inode_ = 0;
}

}  // namespace ws::transport
