// The file of a UNIX domain socket.
#pragma once

#include <sys/types.h>

#include <string>

#include "http/stream_socket.hpp"
#include "ws/error.hpp"

namespace ws::http {

// Creates the file of a listening socket, and removes it when it is destroyed, unless another process has replaced the
// file. The acceptor must be closed first.
class SocketFile final {
 public:
  explicit SocketFile(std::string path) : path_(std::move(path)) {}
  ~SocketFile() { Remove(); }
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  // Opens, binds and listens. Replaces a socket file that an ended process has left. A socket in use, or a file of
  // another type, is an error.
  Error Listen(StreamAcceptor& acceptor);

 private:
  void Remove() noexcept;

  const std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;  // 0 if there is no file of this object
};

}  // namespace ws::http
