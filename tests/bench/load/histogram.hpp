// A histogram of latencies with buckets that are at most 1.6 % wide.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace load {

class Histogram {
 public:
  void Add(std::uint64_t nanoseconds) {
    ++buckets_[BucketOf(nanoseconds)];
    ++count_;
  }
  void Clear() { *this = {}; }

  // Returns the quantile of all values, with the precision of a bucket.
  std::uint64_t Quantile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
      seen += buckets_[bucket];
      if (seen > wanted) return ValueOf(bucket);
    }
    return 0;
  }

 private:
  static constexpr unsigned fine_bits = 6;
  static constexpr std::size_t fine = std::size_t{1} << fine_bits;

  // Values below 64 have one bucket each; larger values have 64 buckets for each power of two.
  static std::size_t BucketOf(std::uint64_t value) {
    if (value < fine) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - fine_bits - 1;
    return (std::size_t{shift} + 1) * fine + static_cast<std::size_t>(value >> shift) - fine;
  }
  static std::uint64_t ValueOf(std::size_t bucket) {
    if (bucket < fine) return bucket;
    return (fine + bucket % fine) << (bucket / fine - 1);
  }

  std::array<std::uint64_t, (64 - fine_bits + 1) * fine> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace load
