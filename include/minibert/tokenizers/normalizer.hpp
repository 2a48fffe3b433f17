// BertNormalizer: cleans a text, lower-cases it and strips accents.
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

/// The steps of BertNormalizer that run. The names are Hugging Face's, except keep_joiners.
struct BertNormalizerOptions {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  std::optional<bool> strip_accents = {};  ///< unset: same as lowercase
  bool lowercase = true;
  bool keep_joiners = false;  ///< true: clean_text keeps U+200C and U+200D

  bool strips_accents() const noexcept { return strip_accents.value_or(lowercase); }
  /// Returns true if clean_text removes the character.
  bool removes(char32_t c) const noexcept {
    return clean_text && unicode::is_removed(c) && !(keep_joiners && unicode::is_joiner(c));
  }
  friend bool operator==(const BertNormalizerOptions&, const BertNormalizerOptions&) = default;
};

/// Normalises text exactly as Hugging Face's BertNormalizer does:
/// 1. clean_text removes control, format and private-use characters and U+FFFD, and replaces all other white space,
///    including tabs and line feeds, with spaces.
/// 2. handle_chinese_chars puts a space before and after each Chinese character.
/// 3. strip_accents decomposes characters (NFD of Unicode 9) and removes nonspacing marks (category Mn).
/// 4. lowercase lower-cases each character without regard to its context: Σ always gives σ, never ς.
class BertNormalizer {
 public:
  explicit BertNormalizer(const BertNormalizerOptions& options = {})
      : options_(options), strips_accents_(options.strips_accents()) {
    namespace tables = unicode::tables;
    if (options.clean_text) affected_ |= tables::kRemoved | tables::kWhitespace;
    if (options.handle_chinese_chars) affected_ |= tables::kCjk;
    if (strips_accents_) affected_ |= tables::kDecomposes | tables::kMark | tables::kNonStarter;
    if (options.lowercase) affected_ |= tables::kHasLowercase;
    for (int byte = 0; byte < 256; ++byte) ascii_table_[byte] = byte < 128 ? normalize_ascii(byte) : kNotAscii;
  }

  const BertNormalizerOptions& options() const noexcept { return options_; }

  /// Appends the normalised text to `out`. The result is valid UTF-8 even if `text` is not.
  void append(std::string_view text, std::string& out) const {
    PendingMarks pending;
    for (const char *p = text.data(), *end = p + text.size(); p != end;) {
      const char* const run_end = std::find_if_not(p, end, [this](char c) { return normalized_ascii(c) >= 0; });
      if (run_end != p) {
        pending.flush(out);
        append_ascii({p, run_end}, out);
        p = run_end;
      } else if (normalized_ascii(*p) == kRemovedAscii) {
        ++p;
      } else if (const char* const unaffected_end = find_affected(p, end); unaffected_end != p) {
        pending.flush(out);
        out.append(p, unaffected_end);
        p = unaffected_end;
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
  static constexpr std::int8_t kRemovedAscii = -1, kNotAscii = -2;

  /// Collects consecutive marks that strip_accents keeps, because NFD sorts them by combining class. Such marks are
  /// spacing marks (category Mc), and nonspacing marks that are too new for Hugging Face's table of categories.
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

  /// Returns the normalised character, kRemovedAscii or kNotAscii.
  std::int8_t normalized_ascii(char byte) const noexcept { return ascii_table_[static_cast<unsigned char>(byte)]; }

  std::int8_t normalize_ascii(int byte) const noexcept {
    const auto c = static_cast<char32_t>(byte);
    if (options_.removes(c)) return kRemovedAscii;
    if (options_.clean_text && unicode::is_whitespace(c)) return ' ';
    return static_cast<std::int8_t>(options_.lowercase ? unicode::lowercase(c) : c);
  }

  /// Normalises and appends ASCII characters, none of which clean_text removes.
  void append_ascii(std::string_view run, std::string& out) const {
    const std::size_t old_size = out.size();
    out.resize(old_size + run.size());
    std::transform(run.begin(), run.end(), out.begin() + static_cast<std::ptrdiff_t>(old_size),
                   [this](char c) { return static_cast<char>(normalized_ascii(c)); });
  }

  /// Returns the first character in [p, end) that is ASCII, invalid or affected by a step; `end` if there is none.
  const char* find_affected(const char* p, const char* end) const noexcept {
    while (p != end && !core::utf8::is_ascii(*p)) {
      const core::utf8::Decoded decoded = core::utf8::decode(p, end);
      if (decoded.character == core::utf8::kReplacement || (unicode::properties(decoded.character) & affected_) != 0)
        break;
      p += decoded.bytes;
    }
    return p;
  }

  /// Normalises and appends a character that is not ASCII.
  void append_character(char32_t c, PendingMarks& pending, std::string& out) const {
    namespace tables = unicode::tables;
    const int properties = unicode::properties(c) & affected_;
    if (properties == 0 || (options_.keep_joiners && unicode::is_joiner(c))) {
      pending.flush(out);
      core::utf8::append(out, c);
    } else if ((properties & tables::kRemoved) != 0) {
      return;
    } else if ((properties & tables::kWhitespace) != 0) {
      pending.flush(out);
      out.push_back(' ');
    } else if ((properties & tables::kCjk) != 0) {
      pending.flush(out);
      out.push_back(' ');
      append_stripped(c, pending, out);
      out.push_back(' ');
    } else {
      append_stripped(c, pending, out);
    }
  }

  /// Applies strip_accents and lowercase to a character and appends the result.
  void append_stripped(char32_t c, PendingMarks& pending, std::string& out) const {
    namespace tables = unicode::tables;
    if (!strips_accents_) return append_lowered(c, out);
    unicode::decompose(c, [&](char32_t part) {
      const int bits = unicode::properties(part);
      const bool is_mark = (bits & tables::kMark) != 0, is_starter = (bits & tables::kNonStarter) == 0;
      if (is_starter) pending.flush(out);  // NFD does not move marks past a starter, even if the starter is removed
      if (is_mark) return;
      if (is_starter)
        append_lowered(part, out);
      else
        pending.add(part);
    });
  }

  void append_lowered(char32_t c, std::string& out) const {
    if (options_.lowercase && c == U'\u0130') {  // İ is the only character with two in lower case: i, dot above
      core::utf8::append(out, U'i');
      core::utf8::append(out, U'\u0307');
    } else {
      core::utf8::append(out, options_.lowercase ? unicode::lowercase(c) : c);
    }
  }

  BertNormalizerOptions options_;
  bool strips_accents_;
  std::uint8_t affected_ = 0;     // bits of unicode::properties(); a step affects a character that has any of them
  std::int8_t ascii_table_[256];  // see normalized_ascii()
};

}  // namespace minibert
