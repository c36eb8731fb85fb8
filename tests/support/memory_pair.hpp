// Two connected in-memory streams that model Beast's AsyncStream. A test can block, limit and break them.
#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ws/error.hpp"

namespace ws::test {

// One direction of a connection. Thread-safe. A pending operation completes on the executor of its stream.
class Pipe {
 public:
  // The following functions are for the test.
  void Append(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    bytes_ += bytes;
    Changed();
  }
  // Waits for at least one byte and returns all bytes. Returns an empty string at the end of the stream, and nullopt
  // if no byte arrives within the limit.
  std::optional<std::string> ReadAll(std::chrono::steady_clock::duration limit) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, limit, [this] { return !bytes_.empty() || ended_; })) return std::nullopt;
    return std::exchange(bytes_, {});
  }
  // While blocked, the stream's writes stay pending, as if the peer did not read.
  void Block(bool blocked) {
    const std::lock_guard lock(mutex_);
    blocked_ = blocked;
    Changed();
  }
  // Limits the number of bytes that one read or write of the stream transfers.
  void LimitTransferSize(std::size_t size) {
    const std::lock_guard lock(mutex_);
    transfer_limit_ = size;
  }
  // Breaks the connection after that many more bytes have been written.
  void BreakAfter(std::size_t octets) {
    const std::lock_guard lock(mutex_);
    break_after_ = octets;
    if (octets == 0) ended_ = reader_gone_ = true;
    Changed();
  }
  // Ends the stream: the remaining bytes can still be read.
  void CloseWriter() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    Changed();
  }
  // Later writes fail with broken_pipe.
  void CloseReader() {
    const std::lock_guard lock(mutex_);
    reader_gone_ = true;
    Changed();
  }

  // The following functions are for the streams. They return nullopt if the operation must wait.
  template <class Buffers>
  std::optional<std::size_t> Read(const Buffers& buffers, Error& error) {
    if (reader_gone_) return Fail(error, boost::asio::error::operation_aborted);
    if (bytes_.empty() && ended_) return Fail(error, boost::asio::error::eof);
    if (bytes_.empty()) return std::nullopt;
    const std::size_t size = boost::asio::buffer_copy(buffers, boost::asio::buffer(bytes_), transfer_limit_);
    bytes_.erase(0, size);
    Changed();
    return size;
  }
  template <class Buffers>
  std::optional<std::size_t> Write(const Buffers& buffers, Error& error) {
    if (ended_) return Fail(error, boost::asio::error::operation_aborted);
    if (reader_gone_) return Fail(error, boost::asio::error::broken_pipe);
    if (blocked_) return std::nullopt;
    const std::size_t size = std::min({boost::asio::buffer_size(buffers), transfer_limit_, break_after_});
    const std::size_t begin = bytes_.size();
    bytes_.resize(begin + size);
    boost::asio::buffer_copy(boost::asio::buffer(bytes_.data() + begin, size), buffers);
    break_after_ -= break_after_ == unlimited ? 0 : size;
    if (break_after_ == 0) ended_ = reader_gone_ = true;
    Changed();
    return size;
  }

 private:
  template <bool reading, class Buffers>
  friend struct MemoryOperation;

  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  static std::optional<std::size_t> Fail(Error& error, Error reason) {
    error = reason;
    return 0;
  }
  void Changed() {
    changed_.notify_all();
    if (const auto timer = reader_.lock()) timer->cancel();
    if (const auto timer = writer_.lock()) timer->cancel();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::weak_ptr<boost::asio::steady_timer> reader_, writer_;  // used under the lock only
  std::string bytes_;
  std::size_t transfer_limit_ = unlimited;
  std::size_t break_after_ = unlimited;
  bool blocked_ = false;
  bool ended_ = false;
  bool reader_gone_ = false;
};

template <bool reading, class Buffers>
struct MemoryOperation {
  std::shared_ptr<Pipe> pipe;
  Buffers buffers;
  std::shared_ptr<boost::asio::steady_timer> timer;
  std::optional<std::size_t> done = {};
  Error error = {};

  template <class Self>
  void operator()(Self& self, Error = {}) {
    if (done) return self.complete(error, *done);
    const auto held = pipe;
    const auto waits = timer;
    const std::lock_guard lock(held->mutex_);
    if constexpr (reading) {
      done = held->Read(buffers, error);
    } else {
      done = held->Write(buffers, error);
    }
    if (done) return boost::asio::post(waits->get_executor(), std::move(self));
    (reading ? held->reader_ : held->writer_) = waits;
    waits->expires_at(std::chrono::steady_clock::time_point::max());
    waits->async_wait(std::move(self));
  }
};

// The library's end of the connection. The destructor closes it, like that of a socket.
class PipeStream {
 public:
  using executor_type = boost::asio::any_io_executor;

  PipeStream(executor_type executor, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
      : executor_(std::move(executor)), in_(std::move(in)), out_(std::move(out)) {}
  PipeStream(PipeStream&&) = default;
  PipeStream& operator=(PipeStream&&) = default;
  ~PipeStream() { close(); }

  executor_type get_executor() const noexcept { return executor_; }

  template <class Buffers, class CompletionToken>
  auto async_read_some(const Buffers& buffers, CompletionToken&& token) {
    return boost::asio::async_compose<CompletionToken, void(Error, std::size_t)>(
        MemoryOperation<true, Buffers>{in_, buffers, std::make_shared<boost::asio::steady_timer>(executor_)}, token,
        executor_);
  }
  template <class Buffers, class CompletionToken>
  auto async_write_some(const Buffers& buffers, CompletionToken&& token) {
    return boost::asio::async_compose<CompletionToken, void(Error, std::size_t)>(
        MemoryOperation<false, Buffers>{out_, buffers, std::make_shared<boost::asio::steady_timer>(executor_)}, token,
        executor_);
  }
  void close() {
    if (out_) out_->CloseWriter();
    if (in_) in_->CloseReader();
  }

 private:
  executor_type executor_;
  std::shared_ptr<Pipe> in_, out_;
};

// Two connected streams on one executor. A test can replace one of them by using the pipes directly.
struct MemoryPair {
  explicit MemoryPair(const boost::asio::any_io_executor& executor)
      : first(executor, to_first, to_second), second(executor, to_second, to_first) {}

  std::shared_ptr<Pipe> to_first = std::make_shared<Pipe>();
  std::shared_ptr<Pipe> to_second = std::make_shared<Pipe>();
  PipeStream first, second;
};

}  // namespace ws::test
