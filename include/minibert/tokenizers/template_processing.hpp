// TemplateProcessing: truncates texts and adds the special tokens: [CLS] A [SEP] or [CLS] A [SEP] B [SEP].
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tokenizers/encoding.hpp>
#include <minibert/tokenizers/truncation.hpp>

namespace minibert::tokenizers::detail {

/// The tokens of one text.
struct TextTokens {
  std::vector<token_id> ids;
  std::vector<CharSpan> offsets;  ///< empty unless requested
  std::vector<index_t> word_ids;  ///< empty unless requested

  void clear() noexcept {
    ids.clear();
    offsets.clear();
    word_ids.clear();
  }
};

/// Truncates texts to max_length and adds the special tokens. `options` must come from BertTokenizer::resolve() and
/// must outlive this object.
class TemplateProcessing {
 public:
  TemplateProcessing(const EncodeOptions& options, token_id cls_token_id, token_id sep_token_id)
      : options_(options), cls_token_id_(cls_token_id), sep_token_id_(sep_token_id) {}

  /// Returns the largest number of tokens, without the special tokens, that a text or a pair of texts may have after
  /// truncation. Returns kUnlimited if texts are not truncated.
  /// @throws ValueError if max_length is below the number of special tokens, or if stride is negative or above
  /// max_length − 2
  static index_t room(const EncodeOptions& options, bool is_pair) {
    if (options.truncation == TruncationStrategy::do_not_truncate || options.max_length == kUnlimited)
      return kUnlimited;
    const index_t reserved = !options.add_special_tokens ? 0 : is_pair ? 3 : 2;
    core::check<ValueError>(options.max_length >= reserved, "encode: max_length is ", options.max_length,
                            ", expected at least ", reserved, ", the number of special tokens");
    const index_t max_stride = std::max<index_t>(0, options.max_length - 2);
    core::check<ValueError>(options.stride >= 0 && options.stride <= max_stride, "encode: stride is ", options.stride,
                            ", expected 0 to ", max_stride, " (max_length minus 2)");
    return options.max_length - reserved;
  }

  /// Returns the encoding of one text, or of a pair if `second` is not null. Parts cut off by truncation go to
  /// Encoding::overflowing if options.return_overflowing_tokens is true.
  Encoding operator()(const TextTokens& first, const TextTokens* second) const {
    PairLengths lengths{core::length(first.ids)};
    if (second != nullptr) lengths.second = core::length(second->ids);
    const PairLengths kept = truncated_lengths(lengths, room(options_, second != nullptr), options_.truncation.value());
    const auto cut = [&](index_t tokens, index_t keep) {
      return windows(tokens, keep, options_.stride, options_.truncation_side.value());
    };
    const std::vector<Window> a = cut(lengths.first, kept.first);
    const std::vector<Window> b = second != nullptr ? cut(*lengths.second, *kept.second) : std::vector<Window>(1);

    Encoding encoding = build(first, a.front(), second, b.front());
    if (!options_.return_overflowing_tokens) return encoding;
    for (index_t i = 1; i < core::length(a); ++i)
      for (const Window& window : b) encoding.overflowing.push_back(build(first, core::at(a, i), second, window));
    for (index_t j = 1; j < core::length(b); ++j)
      encoding.overflowing.push_back(build(first, a.front(), second, core::at(b, j)));
    return encoding;
  }

 private:
  /// Builds the encoding of a window of the first text and, if `second` is not null, a window of the second.
  Encoding build(const TextTokens& first, Window a, const TextTokens* second, Window b) const {
    Encoding encoding;
    reserve((a.end - a.begin) + (b.end - b.begin) + 3, encoding);
    add_special(cls_token_id_, 0, encoding);
    add_text(first, a, 0, encoding);
    if (second != nullptr) add_text(*second, b, 1, encoding);
    encoding.attention_mask.resize(encoding.input_ids.size(), 1);
    return encoding;
  }

  /// Reserves memory for the tokens, so that each vector is allocated only once. A batch has thousands of such vectors.
  void reserve(index_t tokens, Encoding& encoding) const {
    encoding.input_ids.reserve(core::usize(tokens));
    encoding.token_type_ids.reserve(core::usize(tokens));
    if (options_.return_special_tokens_mask) encoding.special_tokens_mask.reserve(core::usize(tokens));
    if (options_.return_offsets_mapping) encoding.offset_mapping.reserve(core::usize(tokens));
    if (options_.return_word_ids) encoding.word_ids.reserve(core::usize(tokens));
  }

  void add_special(token_id id, std::int32_t type_id, Encoding& encoding) const {
    if (!options_.add_special_tokens) return;
    encoding.input_ids.push_back(id);
    encoding.token_type_ids.push_back(type_id);
    if (options_.return_special_tokens_mask) encoding.special_tokens_mask.push_back(1);
    if (options_.return_offsets_mapping) encoding.offset_mapping.push_back({});
    if (options_.return_word_ids) encoding.word_ids.push_back(kNoWord);
  }

  /// Appends the tokens of a window of the text, then [SEP] if special tokens are requested.
  void add_text(const TextTokens& text, Window window, std::int32_t type_id, Encoding& encoding) const {
    const auto append = [&](auto& to, const auto& from) {
      to.insert(to.end(), from.begin() + window.begin, from.begin() + window.end);
    };
    append(encoding.input_ids, text.ids);
    encoding.token_type_ids.resize(encoding.input_ids.size(), type_id);
    if (options_.return_special_tokens_mask) encoding.special_tokens_mask.resize(encoding.input_ids.size(), 0);
    if (options_.return_offsets_mapping) append(encoding.offset_mapping, text.offsets);
    if (options_.return_word_ids) append(encoding.word_ids, text.word_ids);
    add_special(sep_token_id_, type_id, encoding);
  }

  const EncodeOptions& options_;
  token_id cls_token_id_, sep_token_id_;
};

}  // namespace minibert::tokenizers::detail
