// Trains a WordPiece vocabulary on text files and saves it as a tokenizer in Hugging Face's format.
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>

#include <minibert/minibert.hpp>

#include "count_words.hpp"
#include "progress_bar.hpp"
#include "text_options.hpp"
#include "vocabulary_options.hpp"

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> train_files;
  std::filesystem::path output_dir, base;
  VocabularyOptions vocabulary;
  minibert::TextOptions text;
  int threads = 0;
  CLI::App app("Trains a WordPiece vocabulary on text files.");
  app.add_option("--train_file", train_files, "Text files in UTF-8, or .csv, .json, .jsonl; plain, gzip or zstd")
      ->required();
  add_text_file_options(app, text);
  app.add_option("--vocab_size", vocabulary.trainer.vocab_size, "Number of entries of the vocabulary")
      ->required()
      ->check(CLI::PositiveNumber);
  app.add_option("--output_dir", output_dir, "Folder for the tokenizer's files")->required();
  auto* base_option = app.add_option("--base", base, "Tokenizer folder to take settings and special tokens from");
  add_normalizer_options(app, vocabulary);
  exclude_vocabulary_options(app, base_option);  // excludes only the flags above, not the trainer's below
  add_trainer_options(app, vocabulary);
  app.add_option("--threads", threads, "Number of threads (default: OMP_NUM_THREADS, or all cores)");

  try {
    app.parse(argc, argv);
    minibert::set_num_threads(threads);
    std::optional<minibert::BertTokenizer> base_tokenizer;
    if (!base.empty()) base_tokenizer = minibert::BertTokenizer::from_pretrained(base);
    const minibert::BertTokenizerOptions& settings = base_tokenizer ? base_tokenizer->options() : vocabulary.settings;

    ProgressBar bar;
    const minibert::WordCounter counter =
        count_words(settings, text, bar,
                    [&](auto& words, const minibert::Progress& progress) { words.add_files(train_files, progress); });
    minibert::core::check<minibert::ValueError>(counter.counts().size() > 0,
                                                "the training files contain no words, expected one or more");

    const auto tokenizer = base_tokenizer
                               ? base_tokenizer->train_new(counter.counts(), vocabulary.trainer)
                               : minibert::BertTokenizer::train(counter.counts(), settings, vocabulary.trainer);
    tokenizer.save_pretrained(output_dir);
    std::cerr << tokenizer.vocab_size() << " entries from " << counter.counts().size() << " distinct words in "
              << counter.loss().lines << " lines\n";
    std::cout << output_dir.string() << '\n';
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;  // --help is not an error
  } catch (const std::exception& error) {
    std::cerr << "train_tokenizer: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
