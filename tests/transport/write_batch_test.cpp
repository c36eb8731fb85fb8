// Frames that leave in one write.
#include "transport/write_batch.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/outgoing.hpp"

using ws::ByteStream;
using ws::test::MakeOutgoing;
using ws::transport::WriteBatch;

namespace {

std::string Join(ByteStream::Buffers buffers) {
  std::string text;
  for (const auto& buffer : buffers) text.append(static_cast<const char*>(buffer.data()), buffer.size());
  return text;
}

// Adds a message of this size, and returns the bytes of its frame.
std::string Add(WriteBatch& batch, std::size_t size) {
  batch.Messages().push_back(MakeOutgoing("m", size));
  const auto& frame = *batch.Messages().back().frame;
  batch.Append(frame);
  return std::string(frame.Bytes());
}

}  // namespace

TEST_CASE("small frames are copied together, large ones are sent from their place, all in order") {
  WriteBatch batch;
  CHECK(batch.IsEmpty());
  batch.Text() += "ping";
  std::string expected = "ping";
  for (const std::size_t size : {10U, 5000U, 20U, 30U, 6000U, 7000U}) expected += Add(batch, size);
  CHECK_FALSE(batch.IsEmpty());
  const ByteStream::Buffers buffers = batch.MakeBuffers();
  CHECK(buffers.size() == 5);
  CHECK(Join(buffers) == expected);
}

TEST_CASE("what is left after a partial write is the rest of the bytes, at each border") {
  WriteBatch batch;
  std::string expected;
  for (const std::size_t size : {10U, 5000U, 20U}) expected += Add(batch, size);
  const std::size_t step = GENERATE(1U, 7U, 4999U, 6000U);
  ByteStream::Buffers left = batch.MakeBuffers();
  for (std::size_t written = 0; written < expected.size();) {
    const std::size_t size = std::min(step, expected.size() - written);
    left = batch.Consume(left, size);
    written += size;
    REQUIRE(Join(left) == expected.substr(written));
  }
  CHECK(left.empty());
}

TEST_CASE("a cleared batch keeps its messages, and no large buffer") {
  WriteBatch batch;
  batch.Text().assign(100'000, 'x');
  Add(batch, 10);
  batch.Clear();
  CHECK(batch.IsEmpty());
  CHECK(batch.Messages().size() == 1);
  CHECK(batch.Text().capacity() < 5000);
}
