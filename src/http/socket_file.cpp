#include "http/socket_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>

namespace ws::http {

namespace asio = boost::asio;
using asio::local::stream_protocol;

namespace {

// Locks the directory of a socket file. Every process that uses this library holds the lock while it creates, checks or
// removes a socket file. Otherwise another server could take a socket that is bound but not listening yet for a stale
// one. Waits at most one second, because any process that may read the directory can hold the lock for ever.
class DirectoryLock final {
 public:
  explicit DirectoryLock(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == path.npos ? "." : path.substr(0, slash + 1);
    directory_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int tries = 0; directory_ >= 0 && tries < 100 && ::flock(directory_, LOCK_EX | LOCK_NB) != 0; ++tries)
      ::poll(nullptr, 0, 10);
  }
  ~DirectoryLock() {
    if (directory_ >= 0) ::close(directory_);
  }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int directory_ = -1;
};

// True if the file is a socket on which no process listens: its process ended without removing it.
bool IsStaleSocket(const std::string& path) {
  struct stat found = {};
  if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int probe =
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);  // does not wait if the backlog is full
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
  const DirectoryLock lock(path_);
  const stream_protocol::endpoint endpoint(path_);
  Error error;
  acceptor.open(asio::generic::stream_protocol(stream_protocol()), error);
  if (!error) acceptor.bind(endpoint, error);
  if (error == asio::error::address_in_use && IsStaleSocket(path_)) {
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

// A file with the same inode number that has a listener belongs to another server, because inode numbers are reused.
void SocketFile::Remove() noexcept {
  if (inode_ == 0) return;
  const DirectoryLock lock(path_);
  struct stat found = {};
  const bool same = ::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_;
  if (same && IsStaleSocket(path_)) ::unlink(path_.c_str());
  inode_ = 0;
}

}  // namespace ws::http
