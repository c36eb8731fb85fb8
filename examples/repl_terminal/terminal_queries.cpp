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
constexpr std::size_t max_query = 4096;  // in bytes; a longer sequence carries content, such as an image
constexpr char c1 = '\xC2';              // U+0080 to U+009F are equivalent to ESC @ to ESC _

struct Sequence {
  std::size_t length = 0;  // 0: the sequence is incomplete
  bool is_query = false;
};

// Returns true for a control character that a terminal executes even inside a sequence.
bool IsExecuted(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != cancel && c != substitute && c != escape) || c == del;
}

// Returns the character after ESC, for the 7-bit and the 8-bit (C1) encoding. Returns 0 if there is none.
char Introducer(std::string_view text) {
  if (text.size() < 2) return 0;
  if (text[0] == escape) return text[1];
  const unsigned char second = static_cast<unsigned char>(text[1]);
  return text[0] == c1 && second >= 0x80 && second <= 0x9F ? static_cast<char>(second - 0x40) : '\0';
}

bool IsAbort(std::string_view text) {
  return text[0] == escape || text[0] == cancel || text[0] == substitute || Introducer(text) != 0;
}

bool IsCsiQuery(std::string_view parameters, char final) {
  int first = 0;
  std::from_chars(parameters.data(), parameters.data() + parameters.size(), first);
  switch (final) {
    case 'c':  // device attributes
    case 'n':  // device status, cursor position
    case 'x':  // terminal parameters
      return true;
    case 'p':  // mode (DECRQM); "!p" is a soft reset
      return parameters.ends_with('$');
    case 'q':  // name and version; " q" sets the cursor shape
      return parameters.starts_with('>');
    case 't':  // window reports
      return first >= 11 && first <= 21;
    case 'u':  // keyboard flags
      return parameters.starts_with('?');
    default:
      return false;
  }
}

// Reads a CSI sequence: ESC [ parameters final. It may contain executed control characters. See xterm's ctlseqs.
Sequence ReadCsi(std::string_view text) {
  std::string parameters;
  for (std::size_t at = 2; at < text.size(); ++at) {
    if (IsAbort(text.substr(at))) return {at, false};
    if (static_cast<unsigned char>(text[at]) >= 0x40 && text[at] != del)
      return {at + 1, IsCsiQuery(parameters, text[at])};
    if (!IsExecuted(text[at])) parameters += text[at];
  }
  return {};
}

// Reads an OSC (ESC ] … BEL or ESC \) or a DCS (ESC P … ESC \). It may contain executed control characters.
Sequence ReadOscOrDcs(std::string_view text, bool is_dcs) {
  const char ends = is_dcs ? escape : bell;
  std::size_t end = 2;
  while (end < text.size() && text[end] != ends && !IsAbort(text.substr(end))) ++end;
  if (end == text.size()) return {};
  std::string plain(text.substr(2, end - 2));
  std::erase_if(plain, IsExecuted);
  std::string_view parameters = plain;
  if (is_dcs) parameters.remove_prefix(std::min(parameters.find_first_not_of("0123456789;:"), parameters.size()));
  const bool is_query = is_dcs ? parameters.starts_with("$q") || parameters.starts_with("+q")
                               : parameters.ends_with(";?") || parameters.find(";?;") != parameters.npos;
  if (text[end] == bell) return {end + 1, is_query};
  if (Introducer(text.substr(end)) == '\\') return {end + 2, is_query};
  const bool is_cut = end + 1 == text.size() && text[end] == escape;
  return is_cut ? Sequence() : Sequence{end, is_query};
}

Sequence Read(std::string_view text) {
  if (text[0] == enquiry) return {1, true};
  const char introducer = Introducer(text);
  if (introducer == '[') return ReadCsi(text);
  if (introducer == ']' || introducer == 'P') return ReadOscOrDcs(text, introducer == 'P');
  if (introducer == 'Z') return {2, true};  // DECID, the obsolete form of device attributes
  return {text.size() < 2 ? std::size_t{0} : std::size_t{1}, false};
}

// Moves control characters between ESC and the rest of its sequence before the ESC. A terminal executes them first.
std::string HoistControls(std::string_view output) {
  std::string hoisted;
  hoisted.reserve(output.size());
  for (std::size_t at = 0; at < output.size(); ++at) {
    if (output[at] != escape) {
      hoisted += output[at];
      continue;
    }
    while (at + 1 < output.size() && IsExecuted(output[at + 1])) hoisted += output[++at];
    hoisted += escape;
  }
  return hoisted;
}

// Removes the complete sequences from the front of `output`. Returns them without queries.
std::string StripCompleteQueries(std::string_view& output) {
  constexpr char starters[] = {enquiry, escape, c1};
  std::string kept;
  kept.reserve(output.size());
  while (!output.empty()) {
    const std::size_t plain =
        std::min(output.find_first_of(std::string_view(starters, sizeof starters)), output.size());
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

std::string StripQueries(std::string_view text) {
  const std::string hoisted = HoistControls(text);
  std::string_view output = hoisted;
  // An incomplete query at the end is kept, because its rest arrives as live output.
  return StripCompleteQueries(output).append(output);
}

std::string QueryFilter::Filter(std::string_view text) {
  pending_ = HoistControls(pending_.append(text));
  std::string_view output = pending_;
  std::string kept = FinishFlushed(output);
  if (flushed_ == 0) kept += StripCompleteQueries(output);
  if (output.size() > max_query) {
    kept += output.substr(std::exchange(flushed_, 0));
    output = {};
  }
  pending_ = std::string(output);
  return kept;
}

// Ends a sequence whose start was flushed. Another sequence is completed. A query is cancelled with CAN.
std::string QueryFilter::FinishFlushed(std::string_view& output) {
  std::string kept;
  while (flushed_ != 0) {
    const Sequence sequence = Read(output);
    if (sequence.length == 0) break;
    const std::size_t seen = std::min(flushed_, sequence.length);
    if (sequence.is_query) {
      kept += cancel;
    } else {
      kept += output.substr(seen, sequence.length - seen);
    }
    output.remove_prefix(sequence.length);
    flushed_ -= seen;
  }
  return kept;
}

std::string QueryFilter::Flush() {
  return pending_.substr(std::exchange(flushed_, pending_.size()));
}

}  // namespace repl
