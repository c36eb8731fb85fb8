#include "terminal_queries.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace repl {
namespace {

constexpr char enquiry = '\x05';
constexpr char bell = '\x07';
constexpr char cancel = '\x18';
constexpr char substitute = '\x1a';
constexpr char escape = '\x1b';
constexpr char del = '\x7f';
constexpr std::size_t max_query = 4096;  // in characters; what is longer shows something, as pictures do
constexpr char c1 = '\xC2';              // U+0080 to U+009F stand for ESC @ to ESC _

struct Sequence {
  std::size_t length = 0;  // 0: it is not whole
  bool is_query = false;
};

// A control character that a terminal carries out in the midst of a sequence.
bool IsCarriedOut(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != cancel && c != substitute && c != escape) || c == del;
}

// The character that follows the escape, however that is written; 0 where there is none.
char Introducer(std::string_view text) {
  if (text.size() < 2) return 0;
  if (text[0] == escape) return text[1];
  const unsigned char second = static_cast<unsigned char>(text[1]);
  return text[0] == c1 && second >= 0x80 && second <= 0x9F ? static_cast<char>(second - 0x40) : '\0';
}

bool Aborts(std::string_view text) {
  return text[0] == escape || text[0] == cancel || text[0] == substitute || Introducer(text) != 0;
}

bool IsControlQuery(std::string_view inside, char final) {
  int first = 0;
  std::from_chars(inside.data(), inside.data() + inside.size(), first);
  switch (final) {
    case 'c':  // device attributes
    case 'n':  // status, position
    case 'x':  // parameters
      return true;
    case 'p':  // a mode; "!p" is a reset
      return inside.ends_with('$');
    case 'q':  // name and version; " q" is the cursor's shape
      return inside.starts_with('>');
    case 't':  // the window's state
      return first >= 11 && first <= 21;
    case 'u':  // the keyboard's state
      return inside.starts_with('?');
    default:
      return false;
  }
}

// ESC [ parameters final, by xterm's ctlseqs. Other control characters may stand inside.
Sequence ReadControl(std::string_view text) {
  std::string inside;
  for (std::size_t at = 2; at < text.size(); ++at) {
    if (Aborts(text.substr(at))) return {at, false};
    if (static_cast<unsigned char>(text[at]) >= 0x40 && text[at] != del)
      return {at + 1, IsControlQuery(inside, text[at])};
    if (!IsCarriedOut(text[at])) inside += text[at];
  }
  return {};
}

// ESC ] to BEL or ESC \, ESC P to ESC \. Other control characters may stand inside.
Sequence ReadString(std::string_view text, bool is_setting) {
  const char ends = is_setting ? escape : bell;
  std::size_t end = 2;
  while (end < text.size() && text[end] != ends && !Aborts(text.substr(end))) ++end;
  if (end == text.size()) return {};
  std::string plain(text.substr(2, end - 2));
  std::erase_if(plain, IsCarriedOut);
  std::string_view inside = plain;
  if (is_setting) inside.remove_prefix(std::min(inside.find_first_not_of("0123456789;:"), inside.size()));
  const bool is_query = is_setting ? inside.starts_with("$q") || inside.starts_with("+q")
                                   : inside.ends_with(";?") || inside.find(";?;") != inside.npos;
  if (text[end] == bell) return {end + 1, is_query};
  if (Introducer(text.substr(end)) == '\\') return {end + 2, is_query};
  const bool is_cut = end + 1 == text.size() && text[end] == escape;
  return is_cut ? Sequence() : Sequence{end, is_query};
}

Sequence Read(std::string_view text) {
  if (text[0] == enquiry) return {1, true};
  const char introducer = Introducer(text);
  if (introducer == '[') return ReadControl(text);
  if (introducer == ']' || introducer == 'P') return ReadString(text, introducer == 'P');
  if (introducer == 'Z') return {2, true};  // the oldest way to ask who it is
  return {text.size() < 2 ? std::size_t{0} : std::size_t{1}, false};
}

// What stands between an escape and the rest of its sequence is carried out first, so it is put before it.
std::string Joined(std::string_view output) {
  std::string joined;
  joined.reserve(output.size());
  for (std::size_t at = 0; at < output.size(); ++at) {
    if (output[at] != escape) {
      joined += output[at];
      continue;
    }
    while (at + 1 < output.size() && IsCarriedOut(output[at + 1])) joined += output[++at];
    joined += escape;
  }
  return joined;
}

// Takes what is whole from the front.
std::string TakeWithoutQueries(std::string_view& output) {
  constexpr char begins[] = {enquiry, escape, c1};
  std::string kept;
  kept.reserve(output.size());
  while (!output.empty()) {
    const std::size_t plain = std::min(output.find_first_of(std::string_view(begins, sizeof begins)), output.size());
    kept += output.substr(0, plain);
    output.remove_prefix(plain);
    if (output.empty()) break;
    const Sequence sequence = Read(output);
    if (sequence.length == 0) break;
    if (!sequence.is_query) kept += output.substr(0, sequence.length);
    output.remove_prefix(sequence.length);
  }
  return kept;
}

}  // namespace

std::string WithoutQueries(std::string_view text) {
  const std::string joined = Joined(text);
  std::string_view output = joined;
  return TakeWithoutQueries(output).append(output);  // what is asked when its end comes is asked live
}

std::string QueryFilter::Pass(std::string_view text) {
  rest_ = Joined(rest_.append(text));
  std::string_view output = rest_;
  std::string kept = EndShown(output);
  if (shown_ == 0) kept += TakeWithoutQueries(output);
  if (output.size() > max_query) {
    kept += output.substr(std::exchange(shown_, 0));
    output = {};
  }
  rest_ = std::string(output);
  return kept;
}

// A sequence whose beginning was shown ends: as it is, or where it is a query, without effect.
std::string QueryFilter::EndShown(std::string_view& output) {
  std::string kept;
  while (shown_ != 0) {
    const Sequence sequence = Read(output);
    if (sequence.length == 0) break;
    const std::size_t seen = std::min(shown_, sequence.length);
    if (sequence.is_query) {
      kept += cancel;
    } else {
      kept += output.substr(seen, sequence.length - seen);
    }
    output.remove_prefix(sequence.length);
    shown_ -= seen;
  }
  return kept;
}

std::string QueryFilter::ShowRest() {
  return rest_.substr(std::exchange(shown_, rest_.size()));
}

}  // namespace repl
