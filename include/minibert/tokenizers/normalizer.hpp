// BertNormalizer: text as BERT's vocabulary expects it.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/tokenizers/unicode.hpp>

namespace minibert {

/// Which steps of BertNormalizer run; the names of tokenizer.json.
struct BertNormalizerOptions {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  std::optional<bool> strip_accents;  ///< unset: as lowercase
  bool lowercase = true;

  bool strips_accents() const noexcept { return strip_accents.value_or(lowercase); }
};

/// Cleans text, puts spaces around Chinese characters, strips accents, lowers the case. Exactly Hugging Face's:
/// 1. clean_text drops control, format and private-use characters, and turns white space into U+0020.
/// 2. handle_chinese_chars makes " c " of each Chinese character c.
/// 3. strip_accents decomposes (canonical, Unicode 9), sorts marks by combining class, and drops marks of no width.
/// 4. lowercase lowers each character by itself.
class BertNormalizer {
 public:
  using Options = BertNormalizerOptions;

  explicit BertNormalizer(const Options& options = {}) : options_(options), strips_(options.strips_accents()) {
    namespace t = unicode::tables;
    if (options.clean_text) changed_ |= t::kRemoved | t::kWhitespace;
    if (options.handle_chinese_chars) changed_ |= t::kCjk;
    if (strips_) changed_ |= t::kDecomposes | t::kMark | t::kNonStarter;
    if (options.lowercase) changed_ |= t::kHasLowercase;
    for (unsigned c = 0; c < 128; ++c) ascii_[c] = normalized_ascii(static_cast<char>(c));
  }

  const Options& options() const noexcept { return options_; }

  /// Appends the normalised text; always valid UTF-8.
  void append(std::string_view text, std::string& out) const {
    Unsorted unsorted;
    for (const char *p = text.data(), *end = p + text.size(); p != end;) {
      if (unicode::is_ascii(*p)) {
        p = append_ascii(p, end, unsorted, out);
        continue;
      }
      const unicode::Decoded decoded = unicode::decode(p, end);
      append_character(decoded.character, unsorted, out);
      p += decoded.bytes;
    }
    unsorted.flush(out);
  }

  std::string normalize(std::string_view text) const {
    std::string out;
    append(text, out);
    return out;
  }

 private:
  static constexpr char kDropped = -1;  // in ascii_: no ASCII character

  /// Marks that survive stripping and still wait for their canonical order. Rare: only marks younger than the table of
  /// marks, and spacing ones, survive.
  class Unsorted {
   public:
    void add(char32_t character, int combining_class) { marks_.push_back({character, combining_class}); }
    void flush(std::string& out) {
      if (marks_.empty()) return;
      const auto lower_class = [](const Mark& a, const Mark& b) { return a.combining_class < b.combining_class; };
      std::stable_sort(marks_.begin(), marks_.end(), lower_class);
      for (const Mark& mark : marks_) unicode::append(out, mark.character);
      marks_.clear();
    }

   private:
    struct Mark {
      char32_t character;
      int combining_class;
    };
    std::vector<Mark> marks_;
  };

  char normalized_ascii(char c) const noexcept {
    const auto character = static_cast<char32_t>(c);
    if (options_.clean_text && unicode::is_removed(character)) return kDropped;
    if (options_.clean_text && unicode::is_whitespace(character)) return ' ';
    return options_.lowercase ? static_cast<char>(unicode::lowercase(character)) : c;
  }

  /// Appends the run of ASCII characters at p and returns its end.
  const char* append_ascii(const char* p, const char* end, Unsorted& unsorted, std::string& out) const {
    const char* const run_end = std::find_if_not(p, end, unicode::is_ascii);
    const std::size_t old_size = out.size();
    // Marks sort across characters that clean_text drops, but not across others.
    if (std::any_of(p, run_end, [&](char c) { return ascii_[static_cast<unsigned char>(c)] != kDropped; }))
      unsorted.flush(out);
    (void)old_size;
    for (; p != run_end; ++p) {
      const char c = ascii_[static_cast<unsigned char>(*p)];
      if (c != kDropped) out.push_back(c);
    }
    return run_end;
  }

  BertNormalizerOptions options_;
  bool strips_;
  std::uint8_t changed_ = 0;
  char ascii_[128];
};

}  // namespace minibert
