// A tokenizer for tests: numbers between spaces are the ids.
#pragma once

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>

namespace minibert::testing {

/// Ids 0 to 4 are [PAD] [UNK] [CLS] [SEP] [MASK]; the line "bad" raises an error.
class NumberTokenizer {
 public:
  explicit NumberTokenizer(index_t vocab_size = 100) : vocab_size_(vocab_size) {}

  void encode_into(std::string_view line, index_t /*max_length*/, std::vector<token_id>& ids) const {
    check<ValueError>(line != "bad", "a bad line");
    std::istringstream words{std::string(line)};
    ids.push_back(2);
    for (token_id id = 0; words >> id;) ids.push_back(id);
    ids.push_back(sep_token_id());
  }
  token_id sep_token_id() const { return 3; }
  token_id mask_token_id() const { return 4; }
  bool is_special(token_id id) const { return id < 5; }
  index_t vocab_size() const { return vocab_size_; }

 private:
  index_t vocab_size_;
};

}  // namespace minibert::testing
