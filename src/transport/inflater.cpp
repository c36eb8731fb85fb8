#include "transport/inflater.hpp"

#include <algorithm>

#include "ws/error.hpp"

namespace ws::transport {

namespace zlib = boost::beast::zlib;

Inflater::Status Inflater::Add(std::string_view compressed, std::string& out, std::size_t max_bytes) {
  for (;;) {
    const std::size_t begin = out.size();
    const std::size_t step_bytes = std::clamp<std::size_t>(compressed.size() * 4, 512, 65536);
    const std::size_t end = begin + step_bytes;
    // The last reallocation goes to the bound and not beyond, because the old and the new buffer exist at the same
    // time.
    if (end > out.capacity() && end > max_bytes / 2) out.reserve(max_bytes + step_bytes);
    out.resize(end);
    zlib::z_params step;
    step.next_in = compressed.data();
    step.avail_in = compressed.size();
    step.next_out = out.data() + begin;
    step.avail_out = out.size() - begin;
    Error error;
    stream_.write(step, zlib::Flush::sync, error);
    out.resize(begin + step.total_out);
    compressed.remove_prefix(step.total_in);
    if (out.size() > max_bytes) return Status::TooLarge;
    if (error == zlib::error::end_of_stream) {
      stream_.reset();  // the message has a final block, which ends the stream; the next message starts a new one
    } else if (error && error != zlib::error::need_buffers) {
      return Status::Corrupt;
    }
    if (compressed.empty() && step.avail_out != 0) return Status::Ok;
  }
}

}  // namespace ws::transport
