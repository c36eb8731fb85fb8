#include "transport/socket_file.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>

namespace ws::transport {

namespace asio = boost::asio;
using asio::local::stream_protocol;

namespace {

// Whether a process that has ended left it: nobody listens.
bool IsLeftBehind(const stream_protocol::endpoint& endpoint, const asio::any_io_executor& executor) {
  struct stat found = {};
  if (::lstat(endpoint.path().c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  Error error;
  stream_protocol::socket probe(executor);
  probe.open(stream_protocol(), error);
  if (!error) probe.non_blocking(true, error);  // a full backlog answers too
  if (!error) probe.connect(endpoint, error);
  return error == asio::error::connection_refused;
}

}  // namespace

Error SocketFile::Bind(StreamAcceptor& acceptor) {
  if (path_.empty() || path_.find('\0') != path_.npos) return asio::error::invalid_argument;
  if (path_.size() >= sizeof(sockaddr_un::sun_path)) return asio::error::name_too_long;
  const stream_protocol::endpoint endpoint(path_);
  Error error;
  acceptor.open(asio::generic::stream_protocol(stream_protocol()), error);
  if (!error) acceptor.bind(endpoint, error);
  if (error == asio::error::address_in_use && IsLeftBehind(endpoint, acceptor.get_executor())) {
    ::unlink(path_.c_str());
    error = {};
    acceptor.bind(endpoint, error);
  }
  struct stat made = {};
  if (!error && ::lstat(path_.c_str(), &made) == 0) {
    device_ = made.st_dev;
    inode_ = made.st_ino;
  }
  return error;
}

void SocketFile::Remove() noexcept {
  struct stat found = {};
  if (inode_ == 0 || ::lstat(path_.c_str(), &found) != 0) return;
  if (found.st_dev == device_ && found.st_ino == inode_) ::unlink(path_.c_str());
  inode_ = 0;
}

}  // namespace ws::transport
