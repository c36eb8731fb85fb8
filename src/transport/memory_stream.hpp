// The stream under Beast's WebSocket, which writes to memory.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/role.hpp>
#include <string>
#include <utility>

#include "ws/error.hpp"

namespace ws::transport {

// Models Beast's SyncStream. Appends writes to Output(). Has no input: the codec reads frames itself.
class MemoryStream {
 public:
  using executor_type = boost::asio::any_io_executor;

  // The executor is for the timer in Beast's stream, which is never started.
  explicit MemoryStream(executor_type executor) : executor_(std::move(executor)) {}
  executor_type get_executor() const noexcept { return executor_; }

  std::string& Output() noexcept { return output_; }

  template <class Buffers>
  std::size_t read_some(const Buffers&, Error& error) {
    error = boost::asio::error::would_block;
    return 0;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers&) {
    throw boost::system::system_error(boost::asio::error::would_block);
  }

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, Error& error) {
    error = {};
    const std::size_t size = boost::asio::buffer_size(buffers);
    output_.resize(output_.size() + size);
    boost::asio::buffer_copy(boost::asio::buffer(output_.data() + output_.size() - size, size), buffers);
    return size;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    Error error;
    return write_some(buffers, error);
  }

 private:
  executor_type executor_;
  std::string output_;
};

// Beast calls these at the end of a connection. They do nothing, because the link closes the transport.
inline void teardown(boost::beast::role_type, MemoryStream&, Error& error) {
  error = {};
}
template <class Handler>
void async_teardown(boost::beast::role_type, MemoryStream&, Handler&& handler) {
  std::forward<Handler>(handler)(Error());
}

}  // namespace ws::transport
