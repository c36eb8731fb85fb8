// The file that stands for a UNIX socket.
#pragma once

#include <sys/types.h>

#include <string>

#include "transport/stream_socket.hpp"
#include "ws/error.hpp"

namespace ws::transport {

// Removes its file when it goes, unless another has taken its place; the acceptor is closed before.
class SocketFile final {
 public:
  explicit SocketFile(std::string path) : path_(std::move(path)) {}
  ~SocketFile() { Remove(); }
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  // Opens, binds and listens. A socket that an ended process left there is replaced; one in use, or a file of another
  // kind, is an error.
  Error Listen(StreamAcceptor& acceptor);

 private:
  void Remove() noexcept;

  const std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;  // 0: there is none of ours
};

}  // namespace ws::transport
