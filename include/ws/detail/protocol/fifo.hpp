// A queue that is nearly always empty or short.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace ws::protocol {

// First in, first out, in one block. std::deque takes 0.6 kB from the start, which three a connection make felt. Not
// thread-safe.
template <class T>
class Fifo {
 public:
  using Iterator = typename std::vector<T>::iterator;

  bool IsEmpty() const noexcept { return first_ == items_.size(); }
  std::size_t Size() const noexcept { return items_.size() - first_; }
  T& Front() noexcept { return items_[first_]; }
  T& Back() noexcept { return items_.back(); }
  Iterator begin() noexcept { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  Iterator end() noexcept { return items_.end(); }

  void Push(T item) {
    // Room is made of what was taken, once that is half: so each item is moved once on average.
    if (items_.size() == items_.capacity() && first_ != 0 && first_ >= items_.size() / 2) {
      items_.erase(items_.begin(), begin());
      first_ = 0;
    }
    items_.push_back(std::move(item));
  }
  // Of a queue that is not empty.
  T Take() {
    T item = std::move(items_[first_++]);
    if (IsEmpty()) Clear();
    return item;
  }
  // Moves what stands before it: who drops the oldest of many must not pay for all that are behind.
  void Erase(Iterator item) {
    std::move_backward(begin(), item, item + 1);
    Take();
  }
  void Clear() noexcept {
    items_.clear();
    first_ = 0;
    if (items_.capacity() * sizeof(T) > kept_bytes) std::vector<T>().swap(items_);
  }
  // Takes over all of `items` and leaves its own block for the next; only while it is empty.
  void Swap(std::vector<T>& items) noexcept { items_.swap(items); }

 private:
  static constexpr std::size_t kept_bytes = 4096;

  std::vector<T> items_;
  std::size_t first_ = 0;
};

}  // namespace ws::protocol
