#include "patch.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "patch_text.hpp"
#include "utf16.hpp"

namespace repl {
namespace {

// The reference implementation's figures: how far it searches for exact text (threshold 0.5 at a
// distance of 1,000), and how much context it gives every hunk that is not at an edge.
constexpr std::size_t max_drift = 500;
constexpr std::size_t full_context = 4;

// Units that hunks out of order may move about before the patch is refused.
constexpr std::size_t max_moved_units = std::size_t{1} << 29;

const Problem changed{
    "The file is no longer what this change was made for, so nothing was saved. Reload it and "
    "make the change again.",
    Problem::Kind::Conflict};

// The text while hunks are applied: `done_` holds all up to a little past the last hunk, so that a
// hunk moves little of it; the rest still lies in the base.
class Editor final {
 public:
  explicit Editor(std::u16string base) : base_(std::move(base)) { done_.reserve(base_.size()); }

  // False: its context is not there.
  bool Apply(const Hunk& hunk, bool at_start, bool at_end) {
    const std::optional<std::size_t> place = Find(hunk, at_start, at_end);
    if (!place) return false;
    if (hunk.before.size() != hunk.after.size()) moved_ += done_.size() - *place;
    done_.replace(*place, hunk.before.size(), hunk.after);
    drift_ = static_cast<std::ptrdiff_t>(*place) - static_cast<std::ptrdiff_t>(hunk.start);
    return moved_ <= max_moved_units;
  }

  std::u16string Finish() {
    FillUpTo(Size());
    return std::move(done_);
  }

 private:
  std::size_t Size() const { return done_.size() + base_.size() - taken_; }

  void FillUpTo(std::size_t size) {
    if (size <= done_.size()) return;
    const std::size_t count = std::min(size - done_.size(), base_.size() - taken_);
    done_.append(base_, taken_, count);
    taken_ += count;
  }

  bool StandsAt(std::size_t place, const Hunk& hunk) const {
    return std::equal(hunk.before.begin(), hunk.before.end(), done_.data() + place);
  }

  std::optional<std::size_t> Find(const Hunk& hunk, bool at_start, bool at_end) {
    const std::size_t length = hunk.before.size();
    if (length > Size()) return std::nullopt;
    const std::size_t last = Size() - length;
    if (at_start || at_end) {
      const std::size_t place = at_start ? 0 : last;
      FillUpTo(place + length);
      const bool fits = (!at_end || place == last) && StandsAt(place, hunk);
      return fits ? std::optional(place) : std::nullopt;
    }
    const std::ptrdiff_t wish = static_cast<std::ptrdiff_t>(hunk.start) + drift_;
    const std::size_t near = std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(wish, 0)), last);
    FillUpTo(near + max_drift + length);
    for (std::size_t distance = 0; distance <= max_drift; ++distance) {
      if (distance <= near && StandsAt(near - distance, hunk)) return near - distance;
      if (distance <= last - near && StandsAt(near + distance, hunk)) return near + distance;
    }
    return std::nullopt;
  }

  std::u16string base_;
  std::size_t taken_ = 0;  // units of base_ that are in done_
  std::u16string done_;
  std::ptrdiff_t drift_ = 0;
  std::size_t moved_ = 0;
};

}  // namespace

Outcome<std::string> ApplyPatch(std::string_view base, std::string_view patch) {
  const Outcome<std::vector<Hunk>> hunks = ParsePatch(patch);
  if (!hunks) return hunks.Why();
  std::optional<std::u16string> units = ToUtf16(base);
  if (!units) return Problem{"The file is not UTF-8 text."};

  Editor editor(std::move(*units));
  for (const Hunk& hunk : *hunks) {
    // Context is shorter only where the text begins or ends, so it must do so here too.
    const bool at_start = &hunk == &hunks->front() && hunk.lead < full_context;
    const bool at_end = &hunk == &hunks->back() && hunk.trail < full_context;
    if (!editor.Apply(hunk, at_start, at_end)) return changed;
  }
  std::optional<std::string> result = ToUtf8(editor.Finish());
  if (!result) return changed;
  return std::move(*result);
}

}  // namespace repl
