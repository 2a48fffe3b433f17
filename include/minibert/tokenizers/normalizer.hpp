// BertNormalizer: text as BERT's vocabulary expects it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/unicode.hpp>

namespace minibert {

/// Which steps of BertNormalizer run; the names of tokenizer.json, but for keep_joiners.
struct BertNormalizerOptions {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  std::optional<bool> strip_accents = {};  ///< unset: as lowercase
  bool lowercase = true;
  bool keep_joiners = false;  ///< clean_text leaves U+200C and U+200D alone

  bool strips_accents() const noexcept { return strip_accents.value_or(lowercase); }
  /// Whether clean_text drops a character.
  bool removes(char32_t c) const noexcept {
    return clean_text && unicode::is_removed(c) && !(keep_joiners && unicode::is_joiner(c));
  }
  friend bool operator==(const BertNormalizerOptions&, const BertNormalizerOptions&) = default;
};

/// Hugging Face's BertNormalizer, to the character:
/// 1. clean_text drops control, format and private-use characters, and makes U+0020 of other white space.
/// 2. handle_chinese_chars makes " c " of each Chinese character c.
/// 3. strip_accents decomposes (canonical, Unicode 9), sorts marks by combining class, drops those of no width.
/// 4. lowercase lowers each character by itself.
class BertNormalizer {
 public:
  explicit BertNormalizer(const BertNormalizerOptions& options = {})
      : options_(options), strips_accents_(options.strips_accents()) {
    namespace tables = unicode::tables;
    if (options.clean_text) touched_ |= tables::kRemoved | tables::kWhitespace;
    if (options.handle_chinese_chars) touched_ |= tables::kCjk;
    if (strips_accents_) touched_ |= tables::kDecomposes | tables::kMark | tables::kNonStarter;
    if (options.lowercase) touched_ |= tables::kHasLowercase;
    for (int byte = 0; byte < 256; ++byte) ascii_[byte] = byte < 128 ? normalized_ascii(byte) : kNotAscii;
  }

  const BertNormalizerOptions& options() const noexcept { return options_; }

  /// Appends the normalised text; always valid UTF-8, whatever the input.
  void append(std::string_view text, std::string& out) const {
    PendingMarks pending;
    for (const char *p = text.data(), *end = p + text.size(); p != end;) {
      const char* const run_end = std::find_if_not(p, end, [this](char c) { return ascii(c) >= 0; });
      if (run_end != p) {
        pending.flush(out);
        append_ascii({p, run_end}, out);
        p = run_end;
      } else if (ascii(*p) == kDropped) {
        ++p;
      } else if (const char* const copied_end = untouched_end(p, end); copied_end != p) {
        pending.flush(out);
        out.append(p, copied_end);
        p = copied_end;
      } else {
        const core::utf8::Decoded decoded = core::utf8::decode(p, end);
        append_character(decoded.character, pending, out);
        p += decoded.bytes;
      }
    }
    pending.flush(out);
  }

  std::string normalize(std::string_view text) const {
    std::string out;
    append(text, out);
    return out;
  }

 private:
  static constexpr std::int8_t kDropped = -1, kNotAscii = -2;

  /// Marks that survive stripping (spacing ones, and ones younger than the table) and wait for their canonical order.
  class PendingMarks {
   public:
    void add(char32_t character) { marks_.push_back(character); }
    void flush(std::string& out) {
      if (marks_.empty()) return;
      std::stable_sort(marks_.begin(), marks_.end(), [](char32_t a, char32_t b) {
        return unicode::combining_class(a) < unicode::combining_class(b);
      });
      for (const char32_t mark : marks_) core::utf8::append(out, mark);
      marks_.clear();
    }

   private:
    std::vector<char32_t> marks_;
  };

  std::int8_t ascii(char byte) const noexcept { return ascii_[static_cast<unsigned char>(byte)]; }

  std::int8_t normalized_ascii(int byte) const noexcept {
    const auto c = static_cast<char32_t>(byte);
    if (options_.removes(c)) return kDropped;
    if (options_.clean_text && unicode::is_whitespace(c)) return ' ';
    return static_cast<std::int8_t>(options_.lowercase ? unicode::lowercase(c) : c);
  }

  /// Appends a run of ASCII characters, none of which is dropped.
  void append_ascii(std::string_view run, std::string& out) const {
    const std::size_t old_size = out.size();
    out.resize(old_size + run.size());
    std::transform(run.begin(), run.end(), out.begin() + static_cast<std::ptrdiff_t>(old_size),
                   [this](char c) { return static_cast<char>(ascii(c)); });
  }

  /// The end of the characters from p on, none of them ASCII, that no step touches.
  const char* untouched_end(const char* p, const char* end) const noexcept {
    while (p != end && !core::utf8::is_ascii(*p)) {
      const core::utf8::Decoded decoded = core::utf8::decode(p, end);
      if (decoded.character == core::utf8::kReplacement || (unicode::properties(decoded.character) & touched_) != 0)
        break;
      p += decoded.bytes;
    }
    return p;
  }

  /// Appends what becomes of a character that some step touches, or of a U+FFFD.
  void append_character(char32_t c, PendingMarks& pending, std::string& out) const {
    namespace tables = unicode::tables;
    const int steps = unicode::properties(c) & touched_;
    if (steps == 0 || (options_.keep_joiners && unicode::is_joiner(c))) {
      pending.flush(out);
      core::utf8::append(out, c);
    } else if ((steps & tables::kRemoved) != 0) {
      return;
    } else if ((steps & tables::kWhitespace) != 0) {
      pending.flush(out);
      out.push_back(' ');
    } else if ((steps & tables::kCjk) != 0) {
      pending.flush(out);
      out.push_back(' ');
      append_stripped(c, pending, out);
      out.push_back(' ');
    } else {
      append_stripped(c, pending, out);
    }
  }

  /// Steps 3 and 4 for one character.
  void append_stripped(char32_t c, PendingMarks& pending, std::string& out) const {
    namespace tables = unicode::tables;
    if (!strips_accents_) return append_lowered(c, out);
    unicode::decompose(c, [&](char32_t part) {
      const int bits = unicode::properties(part);
      const bool is_mark = (bits & tables::kMark) != 0, is_starter = (bits & tables::kNonStarter) == 0;
      if (is_starter) pending.flush(out);  // marks are not sorted across a starter, not even one that is dropped
      if (is_mark) return;
      if (is_starter)
        append_lowered(part, out);
      else
        pending.add(part);
    });
  }

  void append_lowered(char32_t c, std::string& out) const {
    if (options_.lowercase && c == U'\u0130') {  // İ, the one character whose lower case is two: i and a dot above
      core::utf8::append(out, U'i');
      core::utf8::append(out, U'\u0307');
    } else {
      core::utf8::append(out, options_.lowercase ? unicode::lowercase(c) : c);
    }
  }

  BertNormalizerOptions options_;
  bool strips_accents_;
  std::uint8_t touched_ = 0;  // the properties of characters that some step changes
  std::int8_t ascii_[256];    // an ASCII character's normal form, or why there is none
};

}  // namespace minibert
