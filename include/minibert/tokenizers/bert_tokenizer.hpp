// BertTokenizer: text to ids and back, as Hugging Face's BertTokenizer does it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tokenizers/added_tokens.hpp>
#include <minibert/tokenizers/bert_tokenizer_options.hpp>
#include <minibert/tokenizers/normalizer.hpp>
#include <minibert/tokenizers/pre_tokenizer.hpp>
#include <minibert/tokenizers/read_bert_tokenizer.hpp>
#include <minibert/tokenizers/wordpiece.hpp>
#include <minibert/tokenizers/wordpiece_decoder.hpp>
#include <minibert/tokenizers/wordpiece_trainer.hpp>
#include <minibert/tokenizers/write_bert_tokenizer.hpp>

namespace minibert {

/// How to encode a text.
struct EncodeOptions {
  bool add_special_tokens = true;   ///< [CLS] A [SEP], or [CLS] A [SEP] B [SEP]
  index_t max_length = kUnlimited;  ///< longer results are cut: of a pair the longer text first ("longest_first")
};

/// What a model takes of one text or pair.
struct Encoding {
  std::vector<token_id> input_ids;
  std::vector<token_id> token_type_ids;  ///< 0 for [CLS] A [SEP], 1 for B [SEP]
};

/// BERT's tokenizer: clean text, lower case, words, word pieces, special tokens. All const members are thread-safe.
class BertTokenizer {
 public:
  using Options = BertTokenizerOptions;

  /// A vocabulary (ids are places) and settings. Special tokens that it lacks get the next ids, as in Hugging Face;
  /// unk_token must be in it (ValueError).
  explicit BertTokenizer(std::vector<std::string> vocabulary, const Options& options = {})
      : BertTokenizer(BertTokenizerParts{std::move(vocabulary), {}, options}) {}

  explicit BertTokenizer(BertTokenizerParts parts)
      : options_(std::move(parts.options)),
        normalizer_(options_.normalizer()),
        model_(std::move(parts.vocabulary), options_.unk_token),
        added_tokens_(std::move(parts.added_tokens), options_, model_) {}

  /// Opens a folder with tokenizer.json or vocab.txt, and tokenizer_config.json; see read_bert_tokenizer().
  static BertTokenizer from_pretrained(const std::filesystem::path& folder) {
    BertTokenizerParts parts = read_bert_tokenizer(folder);
    try {
      return BertTokenizer(std::move(parts));
    } catch (const ValueError& error) {
      raise<FormatError>(folder.string(), ": ", error.what());
    }
  }

  /// Writes tokenizer.json, tokenizer_config.json, special_tokens_map.json and vocab.txt; see write_bert_tokenizer().
  void save_pretrained(const std::filesystem::path& folder) const {
    write_bert_tokenizer(folder, model_, added_tokens_.all(), options_);
  }

  /// A tokenizer with these settings and a vocabulary of (at least) vocab_size trained on counted words, which must
  /// have been counted with options.normalizer().
  static BertTokenizer train(const WordCounts& words, const Options& options, index_t vocab_size) {
    WordPieceTrainer trainer{.vocab_size = vocab_size};
    trainer.special_tokens = {options.pad_token, options.unk_token, options.cls_token, options.sep_token,
                              options.mask_token};
    return BertTokenizer(trainer.train(words), options);
  }

  /// As train(), with this tokenizer's settings and special tokens, the latter in the order of their ids.
  BertTokenizer train_new(const WordCounts& words, index_t vocab_size) const {
    WordPieceTrainer trainer{.vocab_size = vocab_size};
    trainer.special_tokens.clear();
    for (const AddedToken& token : added_tokens_.all())
      if (token.special) trainer.special_tokens.push_back(token.content);
    BertTokenizerParts parts{trainer.train(words), {}, options_};
    for (const std::string& token : trainer.special_tokens)
      parts.added_tokens.push_back({static_cast<token_id>(parts.added_tokens.size()), token});
    return BertTokenizer(std::move(parts));
  }

  /// The number of ids, added tokens included (Hugging Face's len(tokenizer)): the rows of an embedding.
  index_t vocab_size() const noexcept { return std::max<index_t>(model_.vocab_size(), added_tokens_.end_id()); }
  index_t model_max_length() const noexcept { return options_.model_max_length; }
  const Options& options() const noexcept { return options_; }

  token_id unk_token_id() const { return id_of(options_.unk_token); }
  token_id sep_token_id() const { return id_of(options_.sep_token); }
  token_id pad_token_id() const { return id_of(options_.pad_token); }
  token_id cls_token_id() const { return id_of(options_.cls_token); }
  token_id mask_token_id() const { return id_of(options_.mask_token); }
  /// Whether the id is that of a special token: [UNK] and a [MASK] in the text count too.
  bool is_special(token_id id) const noexcept { return added_tokens_.is_special(id); }

  /// The pieces of a text, without [CLS] and [SEP].
  std::vector<std::string> tokenize(std::string_view text) const {
    return convert_ids_to_tokens(encode(text, {.add_special_tokens = false}));
  }

  /// The ids of a text. ValueError when max_length has no room for the special tokens.
  std::vector<token_id> encode(std::string_view text, const EncodeOptions& options = {}) const {
    std::vector<token_id> ids;
    append_encoded(text, options, ids);
    return ids;
  }

  /// The ids and types of a text.
  Encoding operator()(std::string_view text, const EncodeOptions& options = {}) const {
    Encoding encoding{encode(text, options), {}};
    encoding.token_type_ids.resize(encoding.input_ids.size(), 0);
    return encoding;
  }

  /// The ids and types of a pair of texts.
  Encoding operator()(std::string_view text, std::string_view pair, const EncodeOptions& options = {}) const;

  /// Appends [CLS] text [SEP] to ids, cut to max_length; returns how many ids did not fit. Allocates nothing once ids
  /// and the thread's buffer have grown.
  index_t encode_into(std::string_view text, index_t max_length, std::vector<token_id>& ids) const {
    return append_encoded(text, {.max_length = max_length}, ids);
  }

  /// The text of ids. Ids that no token has are left out, as in Hugging Face; ValueError for negative ones.
  std::string decode(const std::vector<token_id>& ids, bool skip_special_tokens = false) const {
    WordPieceDecoder decoder;
    for (const token_id id : ids) {
      check<ValueError>(id >= 0, "decode: ", id, " is no id");
      const std::string* token = find_token(id);
      if (token != nullptr && !(skip_special_tokens && is_special(id))) decoder.add(*token);
    }
    return decoder.take();
  }

  /// The id of a token; that of unk_token for one that is not in the vocabulary.
  token_id convert_tokens_to_ids(std::string_view token) const {
    const token_id added = added_tokens_.find(token);
    if (added != WordPiece::kNoToken) return added;
    const token_id id = model_.find(token);
    return id == WordPiece::kNoToken ? model_.unk_token_id() : id;
  }
  std::vector<token_id> convert_tokens_to_ids(const std::vector<std::string>& tokens) const {
    std::vector<token_id> ids;
    for (const std::string& token : tokens) ids.push_back(convert_tokens_to_ids(token));
    return ids;
  }

  /// The token of an id; ValueError for one that no token has.
  const std::string& convert_ids_to_tokens(token_id id) const {
    const std::string* token = find_token(id);
    check<ValueError>(token != nullptr, "convert_ids_to_tokens: no token has the id ", id, ", the vocabulary has ",
                      vocab_size());
    return *token;
  }
  std::vector<std::string> convert_ids_to_tokens(const std::vector<token_id>& ids) const {
    std::vector<std::string> tokens;
    for (const token_id id : ids) tokens.push_back(convert_ids_to_tokens(id));
    return tokens;
  }

  /// A hash of everything that decides which ids a text gets: the same in every run and on every machine.
  std::uint64_t fingerprint() const;

 private:
  token_id id_of(const std::string& special_token) const { return added_tokens_.find(special_token); }

  const std::string* find_token(token_id id) const noexcept {
    if (const AddedToken* added = added_tokens_.find(id)) return &added->content;
    return id >= 0 && id < model_.vocab_size() ? model_.token(id) : nullptr;
  }

  /// Appends the ids of a text alone.
  void append_ids(std::string_view text, std::vector<token_id>& ids) const {
    thread_local std::string normalized;
    added_tokens_.split(
        text,
        [&](std::string_view piece) {
          normalized.clear();
          normalizer_.append(piece, normalized);
          pre_tokenizer_.for_each_word(normalized, [&](std::string_view word) { model_.append_ids(word, ids); });
        },
        [&](token_id id) { ids.push_back(id); });
  }

  /// Appends one text with what the options ask for; returns how many ids did not fit.
  index_t append_encoded(std::string_view text, const EncodeOptions& options, std::vector<token_id>& ids) const {
    const index_t room = room_for_text(options, 2);
    if (options.add_special_tokens) ids.push_back(cls_token_id());
    const index_t text_begin = length(ids);
    append_ids(text, ids);
    const index_t excess = std::max<index_t>(0, length(ids) - text_begin - room);
    ids.resize(ids.size() - usize(excess));
    if (options.add_special_tokens) ids.push_back(sep_token_id());
    return excess;
  }

  /// What max_length leaves for the text beside the special tokens.
  static index_t room_for_text(const EncodeOptions& options, index_t special_tokens) {
    const index_t reserved = options.add_special_tokens ? special_tokens : 0;
    check<ValueError>(options.max_length >= reserved, "encode: max_length is ", options.max_length,
                      ", too short for the ", reserved, " special tokens");
    return options.max_length - reserved;
  }

  BertTokenizerOptions options_;
  BertNormalizer normalizer_;
  BertPreTokenizer pre_tokenizer_;
  WordPiece model_;
  AddedTokens added_tokens_;
};

inline Encoding BertTokenizer::operator()(std::string_view text, std::string_view pair,
                                          const EncodeOptions& options) const {
  const index_t room = room_for_text(options, 3);
  std::vector<token_id> first, second;
  append_ids(text, first);
  append_ids(pair, second);
  const index_t total = length(first) + length(second);
  if (total > room) {  // the shorter text keeps up to half of the room, the longer one what is left
    const bool first_is_shorter = length(first) <= length(second);
    std::vector<token_id>&shorter = first_is_shorter ? first : second, &longer = first_is_shorter ? second : first;
    shorter.resize(usize(std::min(length(shorter), room / 2)));
    longer.resize(usize(room - length(shorter)));
  }
  Encoding encoding;
  const auto append = [&](const std::vector<token_id>& ids, token_id type) {
    encoding.input_ids.insert(encoding.input_ids.end(), ids.begin(), ids.end());
    if (options.add_special_tokens) encoding.input_ids.push_back(sep_token_id());
    encoding.token_type_ids.resize(encoding.input_ids.size(), type);
  };
  if (options.add_special_tokens) encoding.input_ids.push_back(cls_token_id());
  append(first, 0);
  append(second, 1);
  return encoding;
}

inline std::uint64_t BertTokenizer::fingerprint() const {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  const auto add = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    hash = (hash ^ 0xFFu) * 0x100000001b3u;  // ends the text: 0xFF is in no UTF-8
  };
  const BertNormalizerOptions& steps = normalizer_.options();
  add(concat("pipeline ", steps.handle_chinese_chars, steps.strips_accents(), steps.lowercase));
  for (const auto& [name, member] : detail::kNamedSpecialTokens) add(options_.*member);
  for (const AddedToken& token : added_tokens_.all()) add(concat(token.id, token.special, token.content));
  for (const std::string& token : model_.vocabulary()) add(token);
  return hash;
}

}  // namespace minibert
