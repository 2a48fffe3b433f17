// LineTokenizer: what a dataset requires of a tokenizer.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <vector>

#include <minibert/core/types.hpp>

namespace minibert {

/// A tokenizer of lines. encode_into() appends the ids of a line, [CLS] … [SEP], cut to max_length ids. It returns how
/// many ids were cut off. All ids are below vocab_size(). If two tokenizers have equal fingerprint()s, they encode
/// every line alike. The optional unk_token_id() is the id of words that the tokenizer does not know.
template <class T>
concept LineTokenizer = requires(const T& tokenizer, std::string_view line, std::vector<token_id>& ids) {
  { tokenizer.encode_into(line, index_t{}, ids) } -> std::convertible_to<index_t>;
  { tokenizer.vocab_size() } -> std::convertible_to<index_t>;
  { tokenizer.fingerprint() } -> std::convertible_to<std::uint64_t>;
};

namespace data_detail {

/// Refers to a LineTokenizer of any type. The tokenizer must outlive this object.
class AnyLineTokenizer {
 public:
  template <LineTokenizer Tokenizer>
  explicit AnyLineTokenizer(const Tokenizer& tokenizer)
      : tokenizer_(&tokenizer),
        encode_into_([](const void* self, std::string_view line, index_t max_length, std::vector<token_id>& ids) {
          return static_cast<index_t>(static_cast<const Tokenizer*>(self)->encode_into(line, max_length, ids));
        }),
        vocab_size_(tokenizer.vocab_size()),
        fingerprint_(tokenizer.fingerprint()) {
    if constexpr (requires {
                    { tokenizer.unk_token_id() } -> std::convertible_to<token_id>;
                  })
      unk_token_id_ = tokenizer.unk_token_id();
  }

  index_t encode_into(std::string_view line, index_t max_length, std::vector<token_id>& ids) const {
    return encode_into_(tokenizer_, line, max_length, ids);
  }
  index_t vocab_size() const noexcept { return vocab_size_; }
  std::uint64_t fingerprint() const noexcept { return fingerprint_; }
  /// Returns the id of unknown words, or −1 if the tokenizer has none.
  token_id unk_token_id() const noexcept { return unk_token_id_; }

 private:
  const void* tokenizer_;
  index_t (*encode_into_)(const void* self, std::string_view line, index_t max_length, std::vector<token_id>& ids);
  index_t vocab_size_;
  std::uint64_t fingerprint_;
  token_id unk_token_id_ = -1;
};

}  // namespace data_detail

}  // namespace minibert
