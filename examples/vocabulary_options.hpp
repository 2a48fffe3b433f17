// The flags for training a vocabulary, shared by train_tokenizer and train_mlm.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include <minibert/core/utf8.hpp>
#include <minibert/minibert.hpp>

#include "command_line.hpp"

struct VocabularyOptions {
  minibert::BertTokenizerOptions settings{.do_lower_case = false};
  minibert::WordPieceTrainer trainer;
};

inline constexpr const char* kVocabularyGroup = "Vocabulary to train";

/// Adds the flags for text normalization.
inline void add_normalizer_options(CommandLine& command, VocabularyOptions& o) {
  const auto add = [&](const char* name, auto& value, const char* help) {
    command.flag(name, value, help)->group(kVocabularyGroup);
  };
  add("--lowercase", o.settings.do_lower_case, "Convert all text to lower case");
  add("--strip_accents", o.settings.strip_accents, "Strip accents; false keeps them (default: same as --lowercase)");
  add("--keep_joiners", o.settings.keep_joiners,
      "Keep U+200C and U+200D, which BERT drops; Indic and Arabic scripts need them");
}

/// Adds the options of WordPieceTrainer, except vocab_size, under their own names.
inline void add_trainer_options(CommandLine& command, VocabularyOptions& o) {
  minibert::WordPieceTrainer& t = o.trainer;
  command.option("--min_frequency", t.min_frequency, "Lowest frequency of a pair to merge", {0})
      ->capture_default_str()
      ->group(kVocabularyGroup);
  command
      .option("--limit_alphabet", t.limit_alphabet,
              "Maximum number of distinct characters; the most frequent ones are kept (default: all)", {0})
      ->group(kVocabularyGroup);
  command
      .option_function(
          "--initial_alphabet",
          [&t](const std::string& characters) {
            t.initial_alphabet.clear();
            minibert::core::utf8::for_each_character(characters, [&t](char32_t c) { t.initial_alphabet += c; });
          },
          "Characters to include even if the text does not contain them, written without spaces")
      ->group(kVocabularyGroup);
  command
      .repeated("--special_tokens", t.special_tokens,
                "Additional special token, after [PAD] [UNK] [CLS] [SEP] [MASK] (can be repeated)")
      ->group(kVocabularyGroup);
  command.option("--continuing_subword_prefix", t.continuing_subword_prefix, "Prefix of entries that continue a word")
      ->capture_default_str()
      ->group(kVocabularyGroup);
}

/// Makes the vocabulary flags added so far and `other` mutually exclusive.
inline void exclude_vocabulary_options(CommandLine& command, CLI::Option* other) {
  for (CLI::Option* option :
       command.app().get_options([](CLI::Option* o) { return o->get_group() == kVocabularyGroup; }))
    option->excludes(other);
}
