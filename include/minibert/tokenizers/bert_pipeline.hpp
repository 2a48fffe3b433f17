// BertPipeline: converts text to tokens, without [CLS] and [SEP], and ids to token texts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/added_tokens.hpp>
#include <minibert/tokenizers/aligned_normalizer.hpp>
#include <minibert/tokenizers/bert_tokenizer_options.hpp>
#include <minibert/tokenizers/normalizer.hpp>
#include <minibert/tokenizers/pre_tokenizer.hpp>
#include <minibert/tokenizers/template_processing.hpp>
#include <minibert/tokenizers/word_cache.hpp>
#include <minibert/tokenizers/wordpiece.hpp>

namespace minibert::tokenizers::detail {

/// Runs the steps of a BERT tokenizer: finds added tokens, normalizes the text between them, splits it into words and
/// splits the words into pieces. All const members are thread-safe.
class BertPipeline {
 public:
  explicit BertPipeline(BertTokenizerParts parts)
      : normalizer_(parts.options.normalizer()),
        model_(std::move(parts.vocabulary), parts.options.unk_token, parts.options.continuing_subword_prefix),
        added_tokens_(std::move(parts.added_tokens), parts.options, model_) {}

  const WordPiece& model() const noexcept { return model_; }
  const AddedTokens& added_tokens() const noexcept { return added_tokens_; }
  /// Returns the number of ids, including the ids of added tokens.
  index_t vocab_size() const noexcept { return std::max<index_t>(model_.vocab_size(), added_tokens_.end_id()); }

  /// Returns the id of a token, or the id of unk_token if there is no such token.
  token_id id(std::string_view token) const noexcept {
    const token_id added = added_tokens_.find(token);
    if (added != WordPiece::kNoToken) return added;
    const token_id id = model_.find(token);
    return id == WordPiece::kNoToken ? model_.unk_token_id() : id;
  }

  /// Returns the token with this id, or nullptr if there is none.
  const std::string* token(token_id id) const noexcept {
    if (const std::string* text = added_tokens_.text(id)) return text;
    return id >= 0 && id < model_.vocab_size() ? model_.token(id) : nullptr;
  }

  /// Appends the ids of a text to `vector`.
  void append_ids(std::string_view text, std::vector<token_id>& vector) const {
    IdAppender ids(vector, text.size());
    const auto add = [&](token_id id, std::string_view) {
      ids.make_room(1);
      ids.add(id);
    };
    if (added_tokens_.any_normalized() || core::utf8::is_all_ascii(text))
      added_tokens_.split(
          text, [&](std::string_view piece) { append_ids_of_piece(piece, ids, add); }, add);
    else
      added_tokens_.split(
          text, [&](std::string_view piece) { append_ids_of_words(piece, ids, add); }, add);
  }

  /// Sets `tokens` to the tokens of a text. If with_offsets is true, also sets the offsets and word ids of the tokens.
  void tokens_of(std::string_view text, bool with_offsets, TextTokens& tokens) const {
    tokens.clear();
    if (with_offsets)
      append_with_offsets(text, tokens);
    else
      append_ids(text, tokens.ids);
  }

 private:
  /// Appends the ids of `piece`: a piece of raw text between added tokens, or a word of such a piece. For each added
  /// token found in the normalized piece, calls add(id, match), where `match` is the matching text.
  template <class Add>
  void append_ids_of_piece(std::string_view piece, IdAppender& ids, const Add& add) const {
    thread_local std::string normalized;
    normalized.clear();
    normalizer_.append(piece, normalized);
    added_tokens_.split_normalized(
        normalized,
        [&](std::string_view part) {
          pre_tokenizer_.for_each_word(part, [&](std::string_view word) { model_.append_ids(word, ids); });
        },
        add);
  }

  /// Does the same as append_ids_of_piece(), but word by word, and takes the ids of words seen before from a cache.
  /// This gives the same ids, because no step depends on text on the other side of a space. With the cache, texts in
  /// scripts of two or three bytes per character are encoded 80 % faster. ASCII text gains nothing. Source code, which
  /// has many long and new words, is encoded faster without the cache.
  template <class Add>
  void append_ids_of_words(std::string_view piece, IdAppender& ids, const Add& add) const {
    WordCache& cache = WordCache::of_this_thread();
    for (const char *p = piece.data(), *const end = p + piece.size(); p != end;) {
      const RawWord word = RawWord::at(p, end);
      if (!word.text.empty() && !cache.append(cache_owner_, word, ids)) {
        const std::size_t before = ids.used();
        append_ids_of_piece(word.text, ids, add);
        cache.keep(cache_owner_, word, ids.since(before), ids.used() - before);
      }
      p += word.text.size();
      if (p != end) ++p;  // the space
    }
  }

  void append_with_offsets(std::string_view text, TextTokens& tokens) const;

  BertNormalizer normalizer_;
  BertPreTokenizer pre_tokenizer_;
  WordPiece model_;
  AddedTokens added_tokens_;
  std::uint64_t cache_owner_ = WordCache::new_owner();  // copies keep the owner, because they give the same ids
};

inline void BertPipeline::append_with_offsets(std::string_view text, TextTokens& tokens) const {
  index_t next_word_id = 0;
  const auto add = [&](token_id id, CharSpan span) {
    tokens.ids.push_back(id);
    tokens.offsets.push_back(span);
    tokens.word_ids.push_back(next_word_id);
  };
  std::vector<token_id> ids;
  const auto add_word = [&](std::string_view word, const AlignedText& aligned) {
    ids.clear();
    model_.append_ids(word, ids);
    for (index_t i = 0; i < core::length(ids); ++i) {
      const bool is_whole = core::length(ids) == 1;  // also if the word is unknown: [UNK] covers the whole word
      const index_t bytes = is_whole ? core::length(word) : model_.bytes_in_word(core::at(ids, i), i > 0);
      add(core::at(ids, i), aligned.span(word.substr(0, core::usize(bytes))));
      word.remove_prefix(core::usize(bytes));
    }
    ++next_word_id;
  };
  CharacterCounter characters(text);
  added_tokens_.split(
      text,
      [&](std::string_view piece) {
        const AlignedText aligned = normalize_aligned(piece, normalizer_.options(), characters.before(piece.data()));
        added_tokens_.split_normalized(
            aligned.text,
            [&](std::string_view part) {
              pre_tokenizer_.for_each_word(part, [&](std::string_view word) { add_word(word, aligned); });
            },
            [&](token_id id, std::string_view match) {
              add(id, aligned.span(match));
              ++next_word_id;
            });
      },
      [&](token_id id, std::string_view match) {
        const index_t begin = characters.before(match.data());
        add(id, {begin, characters.before(match.data() + match.size())});
        ++next_word_id;
      });
}

}  // namespace minibert::tokenizers::detail
