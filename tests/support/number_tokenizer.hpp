// A tokenizer for tests: it reads numbers separated by spaces as ids.
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>

namespace minibert::testing {

/// Ids 0 to 4 are [PAD] [UNK] [CLS] [SEP] [MASK]. Ids that end in 8 or 9 continue a word. The line "bad" raises a
/// ValueError.
class NumberTokenizer {
 public:
  explicit NumberTokenizer(index_t vocab_size = 100) : vocab_size_(vocab_size) {}

  index_t encode_into(std::string_view line, index_t max_length, std::vector<token_id>& ids) const {
    core::check<ValueError>(line != "bad", "a bad line");
    std::istringstream words{std::string(line)};
    index_t room = max_length - 2, excess = 0;
    ids.push_back(2);
    for (token_id id = 0; words >> id;) {
      if (room-- > 0)
        ids.push_back(id);
      else
        ++excess;
    }
    ids.push_back(3);
    return excess;
  }
  token_id mask_token_id() const { return 4; }
  bool is_special(token_id id) const { return id < 5; }
  bool continues_word(token_id id) const { return id % 10 >= 8; }
  index_t vocab_size() const { return vocab_size_; }
  std::uint64_t fingerprint() const { return 5; }

 private:
  index_t vocab_size_;
};

}  // namespace minibert::testing
