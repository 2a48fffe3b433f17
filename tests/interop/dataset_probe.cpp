// Prints the ids of each example of a text, one example per line, for the tests against Hugging Face.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/data/text_dataset.hpp>
#include <minibert/tokenizers/bert_tokenizer.hpp>

/// Arguments: the tokenizer's folder, max_length, "lines" or "groups", files.
int main(int argc, char** argv) {
  try {
    minibert::core::check<minibert::ValueError>(argc >= 5, "expected TOKENIZER MAX_LENGTH lines|groups FILE...");
    const auto tokenizer = minibert::BertTokenizer::from_pretrained(argv[1]);
    const std::vector<std::filesystem::path> files(argv + 4, argv + argc);
    const auto dataset = minibert::TextDataset::from_files(files, tokenizer, std::stol(argv[2]),
                                                           {.group_texts = std::string(argv[3]) == "groups"});
    for (minibert::index_t i = 0; i < dataset.size(); ++i) {
      for (const minibert::token_id id : dataset.ids(i)) std::printf("%d ", id);
      std::printf("\n");
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dataset_probe: %s\n", error.what());
    return 1;
  }
  return 0;
}
