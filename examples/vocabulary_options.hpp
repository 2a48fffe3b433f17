// How a vocabulary is trained: the flags that train_tokenizer and train_mlm share.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include <minibert/minibert.hpp>

struct VocabularyOptions {
  minibert::BertTokenizerOptions settings{.do_lower_case = false};
  minibert::WordPieceTrainer trainer;
};

inline constexpr const char* kVocabularyGroup = "Vocabulary to train";

/// Adds the flags that say how text is read.
inline void add_normalizer_options(CLI::App& app, VocabularyOptions& o) {
  app.add_flag("--lowercase", o.settings.do_lower_case, "Lower the case of all text")->group(kVocabularyGroup);
  app.add_option_function<std::string>(
         "--strip_accents", [&o](const std::string& value) { o.settings.strip_accents = value != "false"; },
         "Strip accents, or with false: do not (default: as --lowercase)")
      ->expected(0, 1)
      ->check(CLI::IsMember({"", "true", "false"}))
      ->group(kVocabularyGroup);
  app.add_flag("--keep_joiners", o.settings.keep_joiners,
               "Keep U+200C and U+200D, which BERT drops: for Indic and Arabic scripts")
      ->group(kVocabularyGroup);
}

/// Adds WordPieceTrainer's options but for vocab_size, by their names.
inline void add_trainer_options(CLI::App& app, VocabularyOptions& o) {
  minibert::WordPieceTrainer& t = o.trainer;
  const auto add = [&](const char* name, auto& value, const char* help) {
    return app.add_option(name, value, help)->group(kVocabularyGroup);
  };
  add("--min_frequency", t.min_frequency, "Join no pair that is rarer")->capture_default_str();
  add("--limit_alphabet", t.limit_alphabet, "Have so many characters, the most frequent (default: all)");
  app.add_option_function<std::string>(
         "--initial_alphabet",
         [&t](const std::string& characters) {
           t.initial_alphabet.clear();
           minibert::core::utf8::for_each_character(characters, [&t](char32_t c) { t.initial_alphabet += c; });
         },
         "Characters to have whether they occur or not, as one word")
      ->group(kVocabularyGroup);
  add("--special_tokens", t.special_tokens, "One more, after [PAD] [UNK] [CLS] [SEP] [MASK] (can be repeated)")
      ->allow_extra_args(false);  // CLI11 takes a "[X]" for a list of X where there may be several
  add("--continuing_subword_prefix", t.continuing_subword_prefix, "Of entries that continue a word")
      ->capture_default_str();
}

/// Lets none of the flags for training a vocabulary stand beside another option.
inline void exclude_vocabulary_options(CLI::App& app, CLI::Option* other) {
  for (CLI::Option* option : app.get_options([](CLI::Option* o) { return o->get_group() == kVocabularyGroup; }))
    option->excludes(other);
}
