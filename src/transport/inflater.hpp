// The receiving side of permessage-deflate, RFC 7692.
#pragma once

#include <boost/beast/zlib/inflate_stream.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace ws::transport {

// Decompresses messages while they arrive, so that a decompression bomb is found before it is complete. Beast's
// WebSocket is not used for this: it needs complete frames, does not accept a final block, and does not limit the
// declared size of a compressed frame. Not thread-safe.
class Inflater {
 public:
  enum class Status { Ok, TooLarge, Corrupt };

  // Appends the decompressed bytes to `out`. Returns TooLarge if `out` grows beyond `max_bytes`.
  Status Add(std::string_view compressed, std::string& out, std::size_t max_bytes);
  // Ends a message (RFC 7692 section 7.2.2).
  Status Finish(std::string& out, std::size_t max_bytes) {
    return Add(std::string_view("\0\0\xff\xff", 4), out, max_bytes);
  }

 private:
  boost::beast::zlib::inflate_stream stream_;
};

}  // namespace ws::transport
