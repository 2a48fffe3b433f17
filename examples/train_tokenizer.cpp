// Trains a WordPiece vocabulary on text files and saves it as a tokenizer that Hugging Face opens.
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>

#include <minibert/minibert.hpp>

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> train_files;
  std::filesystem::path output_dir, base;
  minibert::index_t vocab_size = 0;
  bool lowercase = false;
  std::optional<bool> strip_accents;
  int threads = 0;
  CLI::App app("Trains a WordPiece vocabulary on text files.");
  app.add_option("--train_file", train_files, "Text files, UTF-8")->required();
  app.add_option("--vocab_size", vocab_size, "Number of entries")->required()->check(CLI::PositiveNumber);
  app.add_option("--output_dir", output_dir, "Folder for the tokenizer's files")->required();
  auto* lowercase_flag = app.add_flag("--lowercase", lowercase, "Lower the case of all text");
  auto* accents_option = app.add_option("--strip_accents", strip_accents, "true or false; without it: as --lowercase");
  app.add_option("--base", base, "Tokenizer folder to take the settings and special tokens from")
      ->excludes(lowercase_flag)
      ->excludes(accents_option);
  app.add_option("--threads", threads, "Number of threads (default: OMP_NUM_THREADS, or all)");

  try {
    app.parse(argc, argv);
    minibert::set_num_threads(threads);
    std::optional<minibert::BertTokenizer> base_tokenizer;
    minibert::BertTokenizerOptions options{.do_lower_case = lowercase, .strip_accents = strip_accents};
    if (!base.empty()) {
      base_tokenizer = minibert::BertTokenizer::from_pretrained(base);
      options = base_tokenizer->options();
    }

    minibert::WordCounter counter(options.normalizer());
    counter.add_files(train_files);
    minibert::check<minibert::ValueError>(counter.counts().size() > 0, "no words in the training files");
    if (const auto warning = counter.loss().warning()) std::cerr << "warning: " << *warning << '\n';

    const auto tokenizer = base_tokenizer ? base_tokenizer->train_new(counter.counts(), vocab_size)
                                          : minibert::BertTokenizer::train(counter.counts(), options, vocab_size);
    tokenizer.save_pretrained(output_dir);
    std::cerr << tokenizer.vocab_size() << " entries from " << counter.counts().size() << " distinct words in "
              << counter.loss().lines << " lines\n";
    std::cout << output_dir.string() << '\n';
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;  // --help is no error
  } catch (const std::exception& error) {
    std::cerr << "train_tokenizer: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
