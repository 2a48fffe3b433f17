// Definitions of tokenizers/normalizer.hpp.
#pragma once

#include <algorithm>
#include <vector>

#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/normalizer.hpp>
#include <minibert/tokenizers/unicode.hpp>

namespace minibert {

MINIBERT_INLINE bool BertNormalizerOptions::removes(char32_t c) const noexcept {
  return clean_text && unicode::is_removed(c) && !(keep_joiners && unicode::is_joiner(c));
}

MINIBERT_INLINE BertNormalizer::BertNormalizer(const BertNormalizerOptions& options)
    : options_(options), strips_accents_(options.strips_accents()) {
  namespace tables = unicode::tables;
  if (options.clean_text) affected_ |= tables::kRemoved | tables::kWhitespace;
  if (options.handle_chinese_chars) affected_ |= tables::kCjk;
  if (strips_accents_) affected_ |= tables::kDecomposes | tables::kMark | tables::kNonStarter;
  if (options.lowercase) affected_ |= tables::kHasLowercase;
  for (int byte = 0; byte < 256; ++byte) ascii_table_[byte] = byte < 128 ? normalize_ascii(byte) : kNotAscii;
}

/// Collects consecutive marks that strip_accents keeps, and appends them sorted by combining class, as NFD does. These
/// marks are spacing marks (category Mc), or nonspacing marks that are too new for Hugging Face's table of categories.
/// Their combining class is not 0.
class BertNormalizer::PendingMarks {
 public:
  void add(char32_t character) { marks_.push_back(character); }
  void flush(std::string& out) {
    if (marks_.empty()) return;
    std::stable_sort(marks_.begin(), marks_.end(),
                     [](char32_t a, char32_t b) { return unicode::combining_class(a) < unicode::combining_class(b); });
    for (const char32_t mark : marks_) core::utf8::append(out, mark);
    marks_.clear();
  }

 private:
  std::vector<char32_t> marks_;
};

MINIBERT_INLINE void BertNormalizer::append(std::string_view text, std::string& out) const {
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

MINIBERT_INLINE std::string BertNormalizer::normalize(std::string_view text) const {
  std::string out;
  append(text, out);
  return out;
}

MINIBERT_INLINE std::int8_t BertNormalizer::normalize_ascii(int byte) const noexcept {
  const auto c = static_cast<char32_t>(byte);
  if (options_.removes(c)) return kRemovedAscii;
  if (options_.clean_text && unicode::is_whitespace(c)) return ' ';
  return static_cast<std::int8_t>(options_.lowercase ? unicode::lowercase(c) : c);
}

MINIBERT_INLINE void BertNormalizer::append_ascii(std::string_view run, std::string& out) const {
  const std::size_t old_size = out.size();
  out.resize(old_size + run.size());
  std::transform(run.begin(), run.end(), out.begin() + static_cast<std::ptrdiff_t>(old_size),
                 [this](char c) { return static_cast<char>(normalized_ascii(c)); });
}

MINIBERT_INLINE const char* BertNormalizer::find_affected(const char* p, const char* end) const noexcept {
  while (p != end && !core::utf8::is_ascii(*p)) {
    const core::utf8::Decoded decoded = core::utf8::decode(p, end);
    if (decoded.character == core::utf8::kReplacement || (unicode::properties(decoded.character) & affected_) != 0)
      break;
    p += decoded.bytes;
  }
  return p;
}

MINIBERT_INLINE void BertNormalizer::append_character(char32_t c, PendingMarks& pending, std::string& out) const {
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

MINIBERT_INLINE void BertNormalizer::append_stripped(char32_t c, PendingMarks& pending, std::string& out) const {
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

MINIBERT_INLINE void BertNormalizer::append_lowered(char32_t c, std::string& out) const {
  if (options_.lowercase && c == U'\u0130') {  // only İ becomes two characters in lower case: i and dot above
    core::utf8::append(out, U'i');
    core::utf8::append(out, U'\u0307');
  } else {
    core::utf8::append(out, options_.lowercase ? unicode::lowercase(c) : c);
  }
}

}  // namespace minibert
