// A ByteStream of any stream that models Beast's AsyncStream.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "ws/detail/transport/byte_stream.hpp"

namespace ws {

// A buffer that all sockets of the calling thread read into; valid until the thread handles its next event.
std::span<char> ThreadScratch();

// A strand over an executor of whatever type.
boost::asio::any_io_executor MakeStrand(boost::asio::any_io_executor executor);

// Lets the kernel hold little of what it has not sent yet. It tells of room in steps of a part of what it holds, and a
// peer that reads slowly would seem not to read at all. Means nothing to what is no TCP socket.
void HoldLittleUnsent(int socket) noexcept;

// The lowest layer of a stream: Beast's notion, for streams of any library.
template <class Stream>
auto& LowestLayer(Stream& stream) noexcept {
  if constexpr (requires { stream.next_layer(); }) {
    return LowestLayer(stream.next_layer());
  } else if constexpr (requires {
                         stream.socket();
                         stream.expires_never();
                       }) {
    return stream.socket();
  } else {
    return stream;
  }
}

template <class Stream>
using LowestLayerOf = std::remove_reference_t<decltype(LowestLayer(std::declval<Stream&>()))>;

template <class Layer>
concept SocketLike = requires(Layer& layer, Error& error) {
  layer.non_blocking(true, error);
  layer.shutdown(Layer::shutdown_send, error);
  layer.cancel(error);
  layer.close(error);
};

// A socket itself: waits until it is readable and reads into the thread's scratch, writes without a detour.
template <class Socket>
class SocketStream final : public ByteStream {
 public:
  SocketStream(Socket socket, boost::asio::any_io_executor strand)
      : socket_(std::move(socket)), strand_(std::move(strand)) {
    Error ignored;
    socket_.non_blocking(true, ignored);
  }

  void AsyncRead(ReadHandler handler) override {
    auto read = [this, handler = std::move(handler)](Error error) mutable {
      std::string_view data;
      if (!error) {
        const std::span<char> scratch = ThreadScratch();
        data = {scratch.data(), socket_.read_some(boost::asio::buffer(scratch.data(), scratch.size()), error)};
      }
      if (error == boost::asio::error::would_block) return AsyncRead(std::move(handler));
      std::move(handler)(error, data);
    };
    socket_.async_wait(Socket::wait_read, boost::asio::bind_executor(strand_, std::move(read)));
  }

  std::size_t WriteNow(Buffers buffers, Error& error) override {
    const std::size_t written = socket_.write_some(buffers, error);
    if (error == boost::asio::error::would_block) error = {};
    return written;
  }

  void AsyncWriteSome(Buffers buffers, WriteHandler handler) override {
    auto write = [this, buffers, handler = std::move(handler)](Error error) mutable {
      const std::size_t written = error ? 0 : WriteNow(buffers, error);
      if (!error && written == 0) return AsyncWriteSome(buffers, std::move(handler));
      std::move(handler)(error, written);
    };
    socket_.async_wait(Socket::wait_write, boost::asio::bind_executor(strand_, std::move(write)));
  }

  void CancelRead() override {
    Error ignored;
    socket_.cancel(ignored);
  }

  void AsyncShutdown(DoneHandler handler) override {
    Error ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    Linger(std::move(handler));
  }

  void Close() noexcept override {
    Error ignored;
    socket_.close(ignored);
  }

 private:
  // A socket closed with unread data resets the connection, and our last words are lost: so read them away.
  void Linger(DoneHandler handler) {
    auto drain = [this, handler = std::move(handler)](Error error, std::string_view) mutable {
      if (!error) return Linger(std::move(handler));
      std::move(handler)(Error());
    };
    AsyncRead(std::move(drain));
  }

  Socket socket_;
  const boost::asio::any_io_executor strand_;
};

// Every other stream, TLS among them: reads into a buffer of its own.
template <class Stream>
class BufferedStream final : public ByteStream {
 public:
  BufferedStream(Stream stream, boost::asio::any_io_executor strand)
      : stream_(std::move(stream)), strand_(std::move(strand)) {}

  void AsyncRead(ReadHandler handler) override {
    input_.resize(input_size);
    auto read = [this, handler = std::move(handler)](Error error, std::size_t size) mutable {
      std::move(handler)(error, std::string_view(input_.data(), size));
    };
    stream_.async_read_some(boost::asio::buffer(input_), boost::asio::bind_executor(strand_, std::move(read)));
  }

  std::size_t WriteNow(Buffers, Error&) override { return 0; }

  void AsyncWriteSome(Buffers buffers, WriteHandler handler) override {
    auto wrote = [handler = std::move(handler)](Error error, std::size_t size) mutable {
      std::move(handler)(error, size);
    };
    stream_.async_write_some(buffers, boost::asio::bind_executor(strand_, std::move(wrote)));
  }

  void CancelRead() override {
    if constexpr (SocketLike<LowestLayerOf<Stream>>) {
      Error ignored;
      LowestLayer(stream_).cancel(ignored);
    } else {
      Close();
    }
  }

  void AsyncShutdown(DoneHandler handler) override {
    auto done = [handler = std::move(handler)](Error error) mutable { std::move(handler)(error); };
    if constexpr (requires { stream_.async_shutdown(boost::asio::bind_executor(strand_, std::move(done))); }) {
      stream_.async_shutdown(boost::asio::bind_executor(strand_, std::move(done)));
    } else {
      boost::asio::post(strand_, [done = std::move(done)]() mutable { done(Error()); });
    }
  }

  void Close() noexcept override {
    auto& lowest = LowestLayer(stream_);
    if constexpr (requires(Error error) { lowest.close(error); }) {
      Error ignored;
      lowest.close(ignored);
    } else if constexpr (requires { lowest.close(); }) {
      lowest.close();
    }
  }

 private:
  static constexpr std::size_t input_size = 8192;

  Stream stream_;
  const boost::asio::any_io_executor strand_;
  std::vector<char> input_;
};

// Turns off the clock of a Beast stream, however deep it lies: a deadline that the caller has set for its handshake
// would end the connection (Beast #2926).
template <class Stream>
void NeverExpire(Stream& stream) {
  if constexpr (requires { stream.expires_never(); }) {
    stream.expires_never();
  } else if constexpr (requires { stream.next_layer(); }) {
    NeverExpire(stream.next_layer());
  }
}

// Beast's basic_stream: a socket with clocks around it. Who only has a release_socket may be more than that, TLS say.
template <class Stream>
concept ClockedSocket = requires(Stream& stream) {
  stream.expires_never();
  { stream.release_socket() } -> SocketLike;
};

// Takes the stream. Moving one of Beast's allocates, so it is not handed on by value.
template <class Stream>
std::unique_ptr<ByteStream> AdaptStream(Stream&& stream, boost::asio::any_io_executor strand) {
  static_assert(!std::is_lvalue_reference_v<Stream>, "the stream must be moved in");
  if constexpr (requires { HoldLittleUnsent(LowestLayer(stream).native_handle()); })
    HoldLittleUnsent(LowestLayer(stream).native_handle());
  if constexpr (ClockedSocket<Stream>) {
    return AdaptStream(stream.release_socket(), std::move(strand));  // without the clocks around it
  } else if constexpr (SocketLike<Stream>) {
    return std::make_unique<SocketStream<Stream>>(std::move(stream), std::move(strand));
  } else {
    NeverExpire(stream);
    return std::make_unique<BufferedStream<Stream>>(std::move(stream), std::move(strand));
  }
}

// Empty for streams without an address.
template <class Stream>
RemoteEndpoint RemoteOf(Stream& stream) {
  RemoteEndpoint remote;
  if constexpr (requires(Error error) { LowestLayer(stream).remote_endpoint(error).address().to_string(); }) {
    Error error;
    const auto endpoint = LowestLayer(stream).remote_endpoint(error);
    if (!error) remote = {endpoint.address().to_string(), endpoint.port()};
  }
  return remote;
}

}  // namespace ws
