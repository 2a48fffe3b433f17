// Trains a WordPiece vocabulary on text files and saves it as a tokenizer in Hugging Face's format.
#include <filesystem>
#include <iostream>
#include <optional>
#include <vector>

#include <minibert/minibert.hpp>

#include "check_files.hpp"
#include "command_line.hpp"
#include "count_text.hpp"
#include "count_words.hpp"
#include "program.hpp"
#include "progress_bar.hpp"
#include "text_options.hpp"
#include "vocabulary_options.hpp"

namespace {

struct Options {
  std::vector<std::filesystem::path> train_files;
  std::filesystem::path output_dir, base;
  VocabularyOptions vocabulary;
  minibert::TextOptions text;
  int threads = 0;
};

Options read_command_line(int argc, char** argv) {
  Options options;
  CommandLine command("train_tokenizer", "Trains a WordPiece vocabulary on text files.");
  command
      .list("--train_file", options.train_files,
            "Text files in UTF-8, or .csv, .json, .jsonl; plain, gzip or zstd; can be repeated")
      ->required();
  add_text_file_options(command, options.text);
  command.option("--vocab_size", options.vocabulary.trainer.vocab_size, "Number of entries of the vocabulary", {1})
      ->required();
  command.option("--output_dir", options.output_dir, "Folder for the tokenizer's files")->required();
  auto* base = command.option("--base", options.base, "Tokenizer folder to take settings and special tokens from");
  add_normalizer_options(command, options.vocabulary);
  exclude_vocabulary_options(command, base);  // excludes only the flags above, not the trainer's below
  add_trainer_options(command, options.vocabulary);
  command.option("--threads", options.threads, "Number of threads (default: OMP_NUM_THREADS, or all cores)",
                 command_line::kThreads);
  command.parse(argc, argv);
  return options;
}

int run(const Options& options) {
  minibert::set_num_threads(options.threads);
  check_folder("--base", options.base, "tokenizer.json or vocab.txt");
  std::optional<minibert::BertTokenizer> base;
  if (!options.base.empty()) base = minibert::BertTokenizer::from_pretrained(options.base);
  const minibert::BertTokenizerOptions& settings = base ? base->options() : options.vocabulary.settings;
  check_readable(options.train_files, options.text);
  minibert::io::check_writable(options.output_dir);

  ProgressBar bar;
  const minibert::WordCounter counter = count_words(
      settings, options.text, bar,
      [&](auto& words, const minibert::Progress& progress) { words.add_files(options.train_files, progress); });
  minibert::core::check<minibert::ValueError>(counter.counts().size() > 0,
                                              "the training files contain no words, expected one or more");

  const minibert::WordPieceTrainer& trainer = options.vocabulary.trainer;
  const auto tokenizer = base ? base->train_new(counter.counts(), trainer)
                              : minibert::BertTokenizer::train(counter.counts(), settings, trainer);
  tokenizer.save_pretrained(options.output_dir);
  std::cerr << count_text(tokenizer.vocab_size(), "entry", "entries") << " from "
            << count_text(minibert::core::length(counter.counts()), "distinct word") << " in "
            << count_text(counter.loss().lines, "line") << '\n';
  std::cout << options.output_dir.string() << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("train_tokenizer", [&] { return run(read_command_line(argc, argv)); });
}
