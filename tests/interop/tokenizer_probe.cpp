// Prints what the tokenize example does not show, for test_tokenizer_*.py: decoded text, and all fields of encodings.
//   tokenizer_probe decode FOLDER SKIP_SPECIAL_TOKENS CLEAN_UP   lines of ids -> lines of text
//   tokenizer_probe encode FOLDER NAME=VALUE...         lines of text -> encodings as Python prints them
//   tokenizer_probe encode_pairs FOLDER NAME=VALUE...   lines of text US pair (U+001F between them) -> the same
//   tokenizer_probe batch_encode FOLDER NAME=VALUE...   lines of text, encoded together -> the same
//   tokenizer_probe save FOLDER OTHER                   the same tokenizer in another folder
//   tokenizer_probe size FOLDER                         the number of ids
// NAME is a member of EncodeOptions. Prints one line for each encoding and for each overflowing piece: (index of the
// text, ids, types, attention mask, special tokens mask, offsets, word ids). Prints "ValueError" if encoding fails.
#include <exception>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/tokenizers/bert_tokenizer.hpp>

namespace {

using namespace minibert;

template <class Row, class Print>
void print_list(const Row& row, Print&& print) {
  std::cout << '[';
  for (index_t i = 0; i < core::length(row); ++i) {
    if (i > 0) std::cout << ", ";
    print(core::at(row, i));
  }
  std::cout << ']';
}

void print(const Encoding& encoding, index_t sample) {
  const auto number = [](auto value) { std::cout << value; };
  std::cout << '(' << sample;
  for (const auto* row :
       {&encoding.input_ids, &encoding.token_type_ids, &encoding.attention_mask, &encoding.special_tokens_mask}) {
    std::cout << ", ";
    print_list(*row, number);
  }
  std::cout << ", ";
  print_list(encoding.offset_mapping, [](CharSpan span) { std::cout << '(' << span.start << ", " << span.end << ')'; });
  std::cout << ", ";
  print_list(encoding.word_ids, [](index_t word) { word == kNoWord ? std::cout << "None" : std::cout << word; });
  std::cout << ")\n";
  for (const Encoding& part : encoding.overflowing) print(part, sample);
}

EncodeOptions options(const std::vector<std::string>& arguments) {
  const std::map<std::string, TruncationStrategy> strategies = {
      {"do_not_truncate", TruncationStrategy::do_not_truncate},
      {"longest_first", TruncationStrategy::longest_first},
      {"only_first", TruncationStrategy::only_first},
      {"only_second", TruncationStrategy::only_second}};
  const std::map<std::string, PaddingStrategy> paddings = {{"do_not_pad", PaddingStrategy::do_not_pad},
                                                           {"longest", PaddingStrategy::longest},
                                                           {"max_length", PaddingStrategy::max_length}};
  const std::map<std::string, Side> sides = {{"left", Side::left}, {"right", Side::right}};
  EncodeOptions options{.return_special_tokens_mask = true, .return_offsets_mapping = true, .return_word_ids = true};
  for (const std::string& argument : arguments) {
    const std::string name = argument.substr(0, argument.find('=')), value = argument.substr(name.size() + 1);
    if (name == "add_special_tokens") options.add_special_tokens = value == "1";
    if (name == "padding") options.padding = paddings.at(value);
    if (name == "truncation") options.truncation = strategies.at(value);
    if (name == "max_length") options.max_length = std::stoll(value);
    if (name == "stride") options.stride = std::stoll(value);
    if (name == "pad_to_multiple_of") options.pad_to_multiple_of = std::stoll(value);
    if (name == "padding_side") options.padding_side = sides.at(value);
    if (name == "truncation_side") options.truncation_side = sides.at(value);
    if (name == "return_overflowing_tokens") options.return_overflowing_tokens = value == "1";
  }
  return options;
}

void encode_lines(const BertTokenizer& tokenizer, bool are_pairs, const EncodeOptions& options) {
  index_t sample = 0;
  for (std::string line; std::getline(std::cin, line); ++sample) {
    const std::size_t separator = are_pairs ? line.find('\x1f') : 0;
    try {
      print(are_pairs ? tokenizer(line.substr(0, separator), line.substr(separator + 1), options)
                      : tokenizer(line, options),
            sample);
    } catch (const ValueError&) {
      std::cout << "ValueError\n";
    }
  }
}

void encode_together(const BertTokenizer& tokenizer, const EncodeOptions& options) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(std::cin, line);) lines.push_back(line);
  try {
    const BatchEncoding batch = tokenizer.batch_encode(lines, options);
    for (index_t i = 0; i < core::length(batch.encodings); ++i)
      print(core::at(batch.encodings, i), core::at(batch.overflow_to_sample_mapping, i));
  } catch (const ValueError&) {
    std::cout << "ValueError\n";
  }
}

void decode_lines(const BertTokenizer& tokenizer, bool skip_special_tokens, bool clean_up) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    std::vector<token_id> ids;
    for (token_id id; in >> id;) ids.push_back(id);
    std::cout << tokenizer.decode(ids, skip_special_tokens, clean_up) << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  std::ios::sync_with_stdio(false);
  try {
    const auto tokenizer = BertTokenizer::from_pretrained(arguments.at(1));
    if (arguments.at(0) == "decode")
      decode_lines(tokenizer, arguments.at(2) == "1", arguments.at(3) == "1");
    else if (arguments.at(0) == "save")
      tokenizer.save_pretrained(arguments.at(2));
    else if (arguments.at(0) == "size")
      std::cout << tokenizer.vocab_size() << '\n';
    else if (arguments.at(0) == "batch_encode")
      encode_together(tokenizer, options({arguments.begin() + 2, arguments.end()}));
    else
      encode_lines(tokenizer, arguments.at(0) == "encode_pairs", options({arguments.begin() + 2, arguments.end()}));
  } catch (const std::exception& error) {
    std::cerr << "tokenizer_probe: " << error.what() << '\n';
    return 1;
  }
}
