// What the tokenize example does not show, for test_tokenizers.py: decoding, and pairs of texts.
//   tokenizer_probe decode FOLDER SKIP_SPECIAL_TOKENS         lines of ids -> lines of text
//   tokenizer_probe pairs FOLDER MAX_LENGTH SPECIAL_TOKENS    text TAB text -> ids TAB token_type_ids
#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <minibert/tokenizers/bert_tokenizer.hpp>

namespace {

std::string joined(const std::vector<minibert::token_id>& ids) {
  std::string text;
  for (const auto id : ids) text += (text.empty() ? "" : " ") + std::to_string(id);
  return text;
}

void decode_lines(const minibert::BertTokenizer& tokenizer, bool skip_special_tokens) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    std::vector<minibert::token_id> ids;
    for (minibert::token_id id; in >> id;) ids.push_back(id);
    std::cout << tokenizer.decode(ids, skip_special_tokens) << '\n';
  }
}

void encode_pairs(const minibert::BertTokenizer& tokenizer, const minibert::EncodeOptions& options) {
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t tab = line.find('\t');
    const auto encoding = tokenizer(line.substr(0, tab), line.substr(tab + 1), options);
    std::cout << joined(encoding.input_ids) << '\t' << joined(encoding.token_type_ids) << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    const auto tokenizer = minibert::BertTokenizer::from_pretrained(arguments.at(1));
    if (arguments.at(0) == "decode")
      decode_lines(tokenizer, arguments.at(2) == "1");
    else
      encode_pairs(tokenizer,
                   {.add_special_tokens = arguments.at(3) == "1", .max_length = std::stoll(arguments.at(2))});
  } catch (const std::exception& error) {
    std::cerr << "tokenizer_probe: " << error.what() << '\n';
    return 1;
  }
}
