// TemplateProcessing: the tokens of texts as a model wants them, [CLS] A [SEP] or [CLS] A [SEP] B [SEP].
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tokenizers/encoding.hpp>
#include <minibert/tokenizers/truncation.hpp>

namespace minibert::tokenizers::detail {

/// The tokens of one text; places and words only where they were asked for.
struct TextTokens {
  std::vector<token_id> ids;
  std::vector<CharSpan> offsets;
  std::vector<index_t> words;

  void clear() noexcept {
    ids.clear();
    offsets.clear();
    words.clear();
  }
};

/// Cuts texts to the length the options ask for and adds the special tokens. In the options nothing is left open.
class TemplateProcessing {
 public:
  TemplateProcessing(const EncodeOptions& options, token_id cls_token_id, token_id sep_token_id)
      : options_(options), cls_token_id_(cls_token_id), sep_token_id_(sep_token_id) {}

  /// What max_length leaves for one text or two. ValueError when not even the special tokens fit, or stride exceeds
  /// what it leaves for one.
  static index_t room(const EncodeOptions& options, bool is_pair) {
    if (options.truncation == TruncationStrategy::do_not_truncate || options.max_length == kUnlimited)
      return kUnlimited;
    const index_t reserved = !options.add_special_tokens ? 0 : is_pair ? 3 : 2;
    core::check<ValueError>(options.max_length >= reserved, "encode: max_length is ", options.max_length,
                            ", too short for the ", reserved, " special tokens");
    core::check<ValueError>(options.stride >= 0 && options.stride <= std::max<index_t>(0, options.max_length - 2),
                            "encode: stride is ", options.stride, ", expected 0 to ", options.max_length - 2,
                            ", what max_length leaves beside two special tokens");
    return options.max_length - reserved;
  }

  /// One text, or two.
  Encoding operator()(const TextTokens& first, const TextTokens* second) const {
    PairLengths lengths{core::length(first.ids)};
    if (second != nullptr) lengths.second = core::length(second->ids);
    const PairLengths kept = truncated_lengths(lengths, room(options_, second != nullptr), options_.truncation.value());
    const auto cut = [&](index_t tokens, index_t keep) {
      return windows(tokens, keep, options_.stride, options_.truncation_side.value());
    };
    const std::vector<Window> a = cut(lengths.first, kept.first);
    const std::vector<Window> b = second != nullptr ? cut(*lengths.second, *kept.second) : std::vector<Window>(1);

    Encoding encoding = put_together(first, a.front(), second, b.front());
    if (!options_.return_overflowing_tokens) return encoding;
    for (index_t i = 1; i < core::length(a); ++i)
      for (const Window& window : b)
        encoding.overflowing.push_back(put_together(first, core::at(a, i), second, window));
    for (index_t j = 1; j < core::length(b); ++j)
      encoding.overflowing.push_back(put_together(first, a.front(), second, core::at(b, j)));
    return encoding;
  }

 private:
  Encoding put_together(const TextTokens& first, Window a, const TextTokens* second, Window b) const {
    Encoding encoding;
    reserve((a.end - a.begin) + (b.end - b.begin) + 3, encoding);
    add_special(cls_token_id_, 0, encoding);
    add_text(first, a, 0, encoding);
    if (second != nullptr) add_text(*second, b, 1, encoding);
    encoding.attention_mask.resize(encoding.input_ids.size(), 1);
    return encoding;
  }

  /// Makes room: rows are many and kept, so each should be allocated once.
  void reserve(index_t tokens, Encoding& encoding) const {
    encoding.input_ids.reserve(core::usize(tokens));
    encoding.token_type_ids.reserve(core::usize(tokens));
    if (options_.return_special_tokens_mask) encoding.special_tokens_mask.reserve(core::usize(tokens));
    if (options_.return_offsets_mapping) encoding.offset_mapping.reserve(core::usize(tokens));
    if (options_.return_word_ids) encoding.word_ids.reserve(core::usize(tokens));
  }

  void add_special(token_id id, std::int32_t type, Encoding& encoding) const {
    if (!options_.add_special_tokens) return;
    encoding.input_ids.push_back(id);
    encoding.token_type_ids.push_back(type);
    if (options_.return_special_tokens_mask) encoding.special_tokens_mask.push_back(1);
    if (options_.return_offsets_mapping) encoding.offset_mapping.push_back({});
    if (options_.return_word_ids) encoding.word_ids.push_back(kNoWord);
  }

  /// A window of a text, and its [SEP].
  void add_text(const TextTokens& text, Window window, std::int32_t type, Encoding& encoding) const {
    const auto append = [&](auto& to, const auto& from) {
      to.insert(to.end(), from.begin() + window.begin, from.begin() + window.end);
    };
    append(encoding.input_ids, text.ids);
    encoding.token_type_ids.resize(encoding.input_ids.size(), type);
    if (options_.return_special_tokens_mask) encoding.special_tokens_mask.resize(encoding.input_ids.size(), 0);
    if (options_.return_offsets_mapping) append(encoding.offset_mapping, text.offsets);
    if (options_.return_word_ids) append(encoding.word_ids, text.words);
    add_special(sep_token_id_, type, encoding);
  }

  const EncodeOptions& options_;
  token_id cls_token_id_, sep_token_id_;
};

}  // namespace minibert::tokenizers::detail
