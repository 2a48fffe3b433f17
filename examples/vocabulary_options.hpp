// The flags for training a vocabulary, shared by train_tokenizer and train_mlm.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include <minibert/core/utf8.hpp>
#include <minibert/minibert.hpp>

struct VocabularyOptions {
  minibert::BertTokenizerOptions settings{.do_lower_case = false};
  minibert::WordPieceTrainer trainer;
};

inline constexpr const char* kVocabularyGroup = "Vocabulary to train";

/// Adds the flags for text normalization.
inline void add_normalizer_options(CLI::App& app, VocabularyOptions& o) {
  app.add_flag("--lowercase", o.settings.do_lower_case, "Convert all text to lower case")->group(kVocabularyGroup);
  app.add_option_function<std::string>(
         "--strip_accents", [&o](const std::string& value) { o.settings.strip_accents = value != "false"; },
         "Strip accents; false keeps them (default: same as --lowercase)")
      ->expected(0, 1)
      ->check(CLI::IsMember({"", "true", "false"}))
      ->group(kVocabularyGroup);
  app.add_flag("--keep_joiners", o.settings.keep_joiners,
               "Keep U+200C and U+200D, which BERT drops; Indic and Arabic scripts need them")
      ->group(kVocabularyGroup);
}

/// Adds the options of WordPieceTrainer, except vocab_size, under their own names.
inline void add_trainer_options(CLI::App& app, VocabularyOptions& o) {
  minibert::WordPieceTrainer& t = o.trainer;
  const auto add = [&](const char* name, auto& value, const char* help) {
    return app.add_option(name, value, help)->group(kVocabularyGroup);
  };
  add("--min_frequency", t.min_frequency, "Lowest frequency of a pair to merge")->capture_default_str();
  add("--limit_alphabet", t.limit_alphabet,
      "Maximum number of distinct characters; the most frequent ones are kept (default: all)");
  app.add_option_function<std::string>(
         "--initial_alphabet",
         [&t](const std::string& characters) {
           t.initial_alphabet.clear();
           minibert::core::utf8::for_each_character(characters, [&t](char32_t c) { t.initial_alphabet += c; });
         },
         "Characters to include even if the text does not contain them, written without spaces")
      ->group(kVocabularyGroup);
  add("--special_tokens", t.special_tokens,
      "Additional special token, after [PAD] [UNK] [CLS] [SEP] [MASK] (can be repeated)")
      ->allow_extra_args(false);  // otherwise CLI11 reads "[X]" as a list of X
  add("--continuing_subword_prefix", t.continuing_subword_prefix, "Prefix of entries that continue a word")
      ->capture_default_str();
}

/// Makes the vocabulary flags added so far and `other` mutually exclusive.
inline void exclude_vocabulary_options(CLI::App& app, CLI::Option* other) {
  for (CLI::Option* option : app.get_options([](CLI::Option* o) { return o->get_group() == kVocabularyGroup; }))
    option->excludes(other);
}
