// The receiving side of permessage-deflate, RFC 7692.
#pragma once

#include <boost/beast/zlib/inflate_stream.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace ws::transport {

// Inflates messages as they arrive, so that a bomb is noticed before it is complete. Beast's WebSocket wants whole
// frames for this, drops a final block, and does not bound what a compressed frame declares. Not thread-safe.
class Inflater {
 public:
  enum class Verdict { Fine, TooLarge, Corrupt };

  // Appends what the bytes stand for to `out`, which may grow to `max_bytes`.
  Verdict Add(std::string_view compressed, std::string& out, std::size_t max_bytes);
  // The end of a message: RFC 7692 7.2.2.
  Verdict Finish(std::string& out, std::size_t max_bytes) {
    return Add(std::string_view("\0\0\xff\xff", 4), out, max_bytes);
  }

 private:
  boost::beast::zlib::inflate_stream stream_;
};

}  // namespace ws::transport
