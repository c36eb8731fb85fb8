// A queue for few elements.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace ws::protocol {

// First in, first out, in one block of memory. An empty std::deque already allocates 0.6 kB, which is too much for the
// three queues of each connection. Not thread-safe.
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
    // Reuses the space of popped items only if they fill half of the block. So each item is moved once on average.
    if (items_.size() == items_.capacity() && first_ != 0 && first_ >= items_.size() / 2) {
      items_.erase(items_.begin(), begin());
      first_ = 0;
    }
    items_.push_back(std::move(item));
  }
  // The queue must not be empty.
  T Pop() {
    T item = std::move(items_[first_++]);
    if (IsEmpty()) Clear();
    return item;
  }
  // Moves the items before the erased one, not those after it. So erasing one of the oldest items is cheap.
  void Erase(Iterator item) {
    std::move_backward(begin(), item, item + 1);
    Pop();
  }
  void Clear() noexcept {
    items_.clear();
    first_ = 0;
    if (items_.capacity() * sizeof(T) > kept_bytes) std::vector<T>().swap(items_);
  }
  // Moves all of `items` into this queue, which must be empty, and gives its own block to `items` for reuse.
  void Swap(std::vector<T>& items) noexcept { items_.swap(items); }

 private:
  static constexpr std::size_t kept_bytes = 4096;

  std::vector<T> items_;
  std::size_t first_ = 0;
};

}  // namespace ws::protocol
