// Makes a ByteStream from any stream that models Beast's AsyncStream.
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

// Returns the buffer that all sockets of the calling thread read into. Its content is valid until the thread handles
// its next event.
std::span<char> ThreadReadBuffer();

// Returns a new strand over the executor.
boost::asio::any_io_executor MakeStrand(boost::asio::any_io_executor executor);

// Limits the unsent bytes in the socket's send buffer (TCP_NOTSENT_LOWAT). The kernel reports a socket as writable only
// after a part of its unsent bytes has been sent. With a large buffer, a peer that reads slowly would look like one
// that does not read at all. Has no effect on a socket that is not TCP.
void LimitUnsentBytes(int socket) noexcept;

// Returns the lowest layer of a stream, like Beast's get_lowest_layer, but for streams of any library.
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

// Adapts a socket. Waits until it is readable, and then reads into the thread's buffer, so that idle connections need
// no buffer of their own.
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
        const std::span<char> buffer = ThreadReadBuffer();
        data = {buffer.data(), socket_.read_some(boost::asio::buffer(buffer.data(), buffer.size()), error)};
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
    ReadToEnd(std::move(handler));
  }

  void Close() noexcept override {
    Error ignored;
    socket_.close(ignored);
  }

 private:
  // Reads and discards input until the peer shuts down its side. If a socket is closed with unread input, TCP resets
  // the connection, and the peer may lose the last bytes that we sent.
  void ReadToEnd(DoneHandler handler) {
    auto on_read = [this, handler = std::move(handler)](Error error, std::string_view) mutable {
      if (!error) return ReadToEnd(std::move(handler));
      std::move(handler)(Error());
    };
    AsyncRead(std::move(on_read));
  }

  Socket socket_;
  const boost::asio::any_io_executor strand_;
};

// Adapts every other stream, for example TLS. Reads into a buffer of its own.
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

// Turns off the timeout of the Beast stream in any layer of `stream`. A deadline that the caller has set for its own
// handshake would end the connection (Beast #2926).
template <class Stream>
void DisableTimeout(Stream& stream) {
  if constexpr (requires { stream.expires_never(); }) {
    stream.expires_never();
  } else if constexpr (requires { stream.next_layer(); }) {
    DisableTimeout(stream.next_layer());
  }
}

// Beast's basic_stream: a socket with timeouts. A stream that has release_socket but not expires_never may be more than
// a socket, for example TLS.
template <class Stream>
concept SocketWithTimeout = requires(Stream& stream) {
  stream.expires_never();
  { stream.release_socket() } -> SocketLike;
};

// Moves the stream into a ByteStream. Takes a reference, because each move of a Beast stream allocates.
template <class Stream>
std::unique_ptr<ByteStream> AdaptStream(Stream&& stream, boost::asio::any_io_executor strand) {
  static_assert(!std::is_lvalue_reference_v<Stream>, "the stream must be moved in");
  if constexpr (requires { LimitUnsentBytes(LowestLayer(stream).native_handle()); })
    LimitUnsentBytes(LowestLayer(stream).native_handle());
  if constexpr (SocketWithTimeout<Stream>) {
    return AdaptStream(stream.release_socket(), std::move(strand));
  } else if constexpr (SocketLike<Stream>) {
    return std::make_unique<SocketStream<Stream>>(std::move(stream), std::move(strand));
  } else {
    DisableTimeout(stream);
    return std::make_unique<BufferedStream<Stream>>(std::move(stream), std::move(strand));
  }
}

// Returns the address of the peer; empty if the stream has none.
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
