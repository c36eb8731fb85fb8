#include "patch.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "patch_text.hpp"
#include "utf16.hpp"

namespace repl {
namespace {

// The values of diff-match-patch: Match_Threshold 0.5 times Match_Distance 1000, and Patch_Margin.
constexpr std::size_t match_distance = 500;
constexpr std::size_t patch_margin = 4;

// Limit of the units that are moved by hunks that are out of order. Beyond it the patch is refused.
constexpr std::size_t max_moved_units = std::size_t{1} << 29;

const Problem conflict{
    "The file has changed where this edit applies, so nothing was saved. Reload the file and make the edit again.",
    Problem::Kind::Conflict};

// The text while hunks are applied. `result_` holds the text up to slightly past the last hunk, so that a hunk moves
// few units. The rest is still in `base_`.
class PatchedText final {
 public:
  explicit PatchedText(std::u16string base) : base_(std::move(base)) { result_.reserve(base_.size()); }

  // Returns false if the context of the hunk is not found.
  bool Apply(const Hunk& hunk, bool at_start, bool at_end) {
    const std::optional<std::size_t> position = Find(hunk, at_start, at_end);
    if (!position) return false;
    if (hunk.before.size() != hunk.after.size()) moved_ += result_.size() - *position;
    result_.replace(*position, hunk.before.size(), hunk.after);
    delta_ = static_cast<std::ptrdiff_t>(*position) - static_cast<std::ptrdiff_t>(hunk.start);
    return moved_ <= max_moved_units;
  }

  std::u16string Finish() {
    CopyUpTo(Size());
    return std::move(result_);
  }

 private:
  std::size_t Size() const { return result_.size() + base_.size() - copied_; }

  void CopyUpTo(std::size_t size) {
    if (size <= result_.size()) return;
    const std::size_t count = std::min(size - result_.size(), base_.size() - copied_);
    result_.append(base_, copied_, count);
    copied_ += count;
  }

  bool MatchesAt(std::size_t position, const Hunk& hunk) const {
    return std::equal(hunk.before.begin(), hunk.before.end(), result_.data() + position);
  }

  std::optional<std::size_t> Find(const Hunk& hunk, bool at_start, bool at_end) {
    const std::size_t length = hunk.before.size();
    if (length > Size()) return std::nullopt;
    const std::size_t last = Size() - length;
    if (at_start || at_end) {
      const std::size_t position = at_start ? 0 : last;
      CopyUpTo(position + length);
      const bool fits = (!at_end || position == last) && MatchesAt(position, hunk);
      return fits ? std::optional(position) : std::nullopt;
    }
    const std::ptrdiff_t expected = static_cast<std::ptrdiff_t>(hunk.start) + delta_;
    const std::size_t start = std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(expected, 0)), last);
    CopyUpTo(start + match_distance + length);
    for (std::size_t distance = 0; distance <= match_distance; ++distance) {
      if (distance <= start && MatchesAt(start - distance, hunk)) return start - distance;
      if (distance <= last - start && MatchesAt(start + distance, hunk)) return start + distance;
    }
    return std::nullopt;
  }

  std::u16string base_;
  std::size_t copied_ = 0;  // units of base_ that are in result_
  std::u16string result_;
  std::ptrdiff_t delta_ = 0;
  std::size_t moved_ = 0;
};

}  // namespace

Outcome<std::string> ApplyPatch(std::string_view base, std::string_view patch) {
  const Outcome<std::vector<Hunk>> hunks = ParsePatch(patch);
  if (!hunks) return hunks.Error();
  std::optional<std::u16string> units = ToUtf16(base);
  if (!units) return Problem{"The file is not UTF-8 text."};

  PatchedText text(std::move(*units));
  for (const Hunk& hunk : *hunks) {
    // diff-match-patch shortens the context only at the start and the end of a text, so the hunk must match there.
    const bool at_start = &hunk == &hunks->front() && hunk.leading_context < patch_margin;
    const bool at_end = &hunk == &hunks->back() && hunk.trailing_context < patch_margin;
    if (!text.Apply(hunk, at_start, at_end)) return conflict;
  }
  std::optional<std::string> result = ToUtf8(text.Finish());
  if (!result) return conflict;
  return std::move(*result);
}

}  // namespace repl
