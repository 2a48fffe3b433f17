// The flags of train_mlm, named as in Hugging Face's run_mlm.py. A recipe sets their defaults.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <minibert/minibert.hpp>

#include "check_files.hpp"
#include "command_line.hpp"
#include "text_options.hpp"
#include "tutorial_config.hpp"
#include "vocabulary_options.hpp"

struct TrainMlmOptions {
  std::vector<std::filesystem::path> train_files;  // if empty: the default corpus
  std::filesystem::path validation_file;
  minibert::TextOptions text;              // how the files are read
  double validation_split_percentage = 5;  // without a validation file; 0: evaluate on the training text
  std::filesystem::path tokenizer_name;    // if empty: train one on the text
  VocabularyOptions vocabulary;
  std::filesystem::path model_name_or_path;  // if empty: make a new model with `config`
  std::filesystem::path config_name;
  minibert::BertConfig config;
  std::optional<minibert::index_t> max_seq_length;
  bool group_texts = false;
  std::optional<bool> line_by_line;  // sets group_texts to its opposite
  std::filesystem::path cache_dir;   // empty: default_cache_dir()
  bool overwrite_cache = false;
  int preprocessing_num_workers = 0;
  minibert::MaskingOptions masking{.eval_mlm_probability = 0.15};  // its seed is training.seed
  minibert::TrainingArguments training;
  std::optional<double> num_train_epochs;  // replaces training.max_steps
  std::optional<bool> do_train, do_eval;   // after read_command_line() both are set
  int threads = 0;
  std::string preset;
};

/// Returns the default folder for tokenized text, minibert's folder in the user's cache.
/// @throws ValueError if neither XDG_CACHE_HOME nor HOME is set
inline std::filesystem::path default_cache_dir() {
  const auto value_of = [](const char* name) -> std::filesystem::path {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  if (const auto caches = value_of("XDG_CACHE_HOME"); !caches.empty()) return caches / "minibert";
  const auto home = value_of("HOME");
  minibert::core::check<minibert::ValueError>(!home.empty(),
                                              "neither XDG_CACHE_HOME nor HOME is set: set a folder with --cache_dir");
  return home / ".cache" / "minibert";
}

/// Returns the default recipe, designed for a few megabytes of text and 4,000 steps.
inline TrainMlmOptions default_recipe() {
  TrainMlmOptions options;
  options.config = tutorial_config();
  options.config.hidden_dropout_prob = 0;  // the model sees texts of this size only a few times
  options.config.attention_probs_dropout_prob = 0;
  options.masking.mlm_probability = 0.5;  // reaches the same evaluation loss sooner than 0.15 (docs/training.md)
  options.training = {.output_dir = "mlm-model",
                      .per_device_train_batch_size = 16,
                      .per_device_eval_batch_size = 64,
                      .learning_rate = 5e-4,
                      .weight_decay = 0.01,
                      .max_steps = 4000,
                      .warmup_steps = 0.05,
                      .logging_steps = 100,
                      .eval_strategy = minibert::IntervalStrategy::steps,
                      .eval_steps = 500};
  return options;
}

/// Returns the tutorial's recipe, which evaluates on the training text.
inline TrainMlmOptions tutorial_preset() {
  TrainMlmOptions options;
  options.config = tutorial_config();
  options.validation_split_percentage = 0;
  options.training = {.output_dir = "mlm-model",
                      .per_device_train_batch_size = 64,
                      .per_device_eval_batch_size = 64,
                      .learning_rate = 1e-5,
                      .weight_decay = 0.01,
                      .max_steps = 500,
                      .logging_steps = 100,
                      .eval_strategy = minibert::IntervalStrategy::steps,
                      .eval_steps = 100};
  return options;
}

namespace detail {

inline void add_text_options(CommandLine& command, TrainMlmOptions& o) {
  command.list(
      "--train_file", o.train_files,
      "Text files in UTF-8, one sequence per line, or .csv, .json, .jsonl; plain, gzip or zstd; can be repeated "
      "(default: the King James Bible)");
  add_text_file_options(command, o.text);
  auto* validation = command.option("--validation_file", o.validation_file, "Text to evaluate on");
  command
      .option("--validation_split_percentage", o.validation_split_percentage,
              "Percentage of the text to hold out for evaluation; 0: train and evaluate on all of it")
      ->capture_default_str()
      ->excludes(validation);
  auto* tokenizer = command.option("--tokenizer_name", o.tokenizer_name, "Folder of a tokenizer (default: train one)");
  command.option("--vocab_size", o.config.vocab_size, "Number of entries of the vocabulary", {1})
      ->capture_default_str()
      ->group(kVocabularyGroup);
  add_normalizer_options(command, o.vocabulary);
  add_trainer_options(command, o.vocabulary);
  exclude_vocabulary_options(command, tokenizer);
  command.option("--max_seq_length", o.max_seq_length,
                 "Cut lines to this number of tokens (default: the limit of tokenizer and model)", {3});
  auto* group = command.flag("--group_texts", o.group_texts,
                             "Concatenate all lines and cut them into sequences of --max_seq_length tokens");
  command.flag("--line_by_line", o.line_by_line, "Make one sequence per line (the default)")->excludes(group);
  command.option("--mlm_probability", o.masking.mlm_probability, "Fraction of tokens to mask in training")
      ->capture_default_str();
  command.option("--eval_mlm_probability", *o.masking.eval_mlm_probability, "Fraction of tokens to mask in evaluation")
      ->capture_default_str();
  command.flag("--whole_word_mask", o.masking.whole_word_mask, "Mask all tokens of a word or none");
  command.option("--cache_dir", o.cache_dir,
                 "Folder for tokenized text (default: minibert in XDG_CACHE_HOME, or ~/.cache/minibert)");
  command.flag("--overwrite_cache", o.overwrite_cache, "Tokenize again, even if the text is in the cache");
  command.option("--preprocessing_num_workers", o.preprocessing_num_workers,
                 "Number of threads to count words and tokenize (default: same as --threads)", command_line::kThreads);
}

inline void add_model_options(CommandLine& command, TrainMlmOptions& o) {
  auto* model =
      command.option("--model_name_or_path", o.model_name_or_path, "Folder of a model to continue training from");
  command.option("--config_name", o.config_name, "A config.json, or a folder with one, for a new model")
      ->excludes(model);
  const auto add_size = [&](const char* name, minibert::index_t& size) {
    command.option(name, size, "", {1})->capture_default_str()->excludes(model)->group("Sizes of a new model");
  };
  add_size("--hidden_size", o.config.hidden_size);
  add_size("--num_hidden_layers", o.config.num_hidden_layers);
  add_size("--num_attention_heads", o.config.num_attention_heads);
  add_size("--intermediate_size", o.config.intermediate_size);
  add_size("--max_position_embeddings", o.config.max_position_embeddings);
  exclude_vocabulary_options(command, model);
  command.option("--hidden_dropout_prob", o.config.hidden_dropout_prob, "Dropout probability of hidden states")
      ->capture_default_str();
  command
      .option("--attention_probs_dropout_prob", o.config.attention_probs_dropout_prob,
              "Dropout probability of attention weights")
      ->capture_default_str();
}

/// Adds the options for the size and the order of batches and for the learning rate.
inline void add_step_options(CommandLine& command, minibert::TrainingArguments& t) {
  const auto add = [&](const char* name, auto& value, const char* help) {
    return command.option(name, value, help)->capture_default_str()->group("Training");
  };
  auto* lines = add("--per_device_train_batch_size", t.per_device_train_batch_size, "Lines per batch");
  add("--max_tokens_per_batch", t.max_tokens_per_batch,
      "Fill batches with lines up to this number of tokens; 0: use a fixed number of lines")
      ->excludes(lines);
  add("--max_tokens_per_pass", t.max_tokens_per_pass,
      "Maximum number of tokens per forward and backward pass; a smaller number needs less memory");
  command
      .option_function(
          "--train_sampling_strategy",
          [&t](const std::string& name) { t.train_sampling_strategy = minibert::sampling_strategy(name); },
          "Order of the lines: random, sequential or group_by_length, which batches lines of similar length")
      ->default_str("random")
      ->group("Training");
  add("--per_device_eval_batch_size", t.per_device_eval_batch_size, "Lines per batch in evaluation");
  add("--gradient_accumulation_steps", t.gradient_accumulation_steps, "Batches per step");
  add("--learning_rate", t.learning_rate, "Highest learning rate");
  add("--weight_decay", t.weight_decay, "Weight decay, except for biases and layer norms");
  add("--adam_beta1", t.adam_beta1, "AdamW: decay rate of the mean of the gradients");
  add("--adam_beta2", t.adam_beta2, "AdamW: decay rate of the mean of the squared gradients");
  add("--adam_epsilon", t.adam_epsilon, "AdamW: added to the denominator of the update");
  add("--warmup_steps", t.warmup_steps, "Number of warm-up steps; below 1: a fraction of all steps");
  command
      .option_function(
          "--lr_scheduler_type",
          [&t](const std::string& name) { t.lr_scheduler_type = minibert::optim::scheduler_type(name); },
          "Schedule of the learning rate after the warm-up: linear, cosine, constant or constant_with_warmup")
      ->default_str("linear")
      ->group("Training");
  add("--max_grad_norm", t.max_grad_norm, "Clip the gradient's norm to this value; 0: do not clip");
}

/// Adds the options for the length of a run, its log, its evaluations and its checkpoints.
inline void add_length_options(CommandLine& command, TrainMlmOptions& o) {
  minibert::TrainingArguments& t = o.training;
  const auto add = [&](const char* name, auto& value, const char* help) {
    return command.option(name, value, help)->capture_default_str()->group("Training");
  };
  auto* steps = add("--max_steps", t.max_steps, "Number of steps");
  command.option("--num_train_epochs", o.num_train_epochs, "Number of passes over the text, instead of --max_steps")
      ->excludes(steps)
      ->group("Training");
  add("--logging_steps", t.logging_steps, "Steps between log entries");
  command.option("--eval_steps", t.eval_steps, "Steps between evaluations")
      ->default_str(minibert::core::concat(t.eval_interval()))
      ->group("Training");
  add("--save_steps", t.save_steps, "Steps between checkpoints");
  add("--save_total_limit", t.save_total_limit, "Number of newest checkpoints to keep, besides the best; 0: keep all");
  command
      .flag("--load_best_model_at_end", t.load_best_model_at_end, "Load the best model at the end, instead of the last")
      ->group("Training");
  add("--seed", t.seed, "Seed of all random numbers");
  command.flag("--bf16", t.bf16, "Multiply matrices in bfloat16; faster on processors that support it")
      ->group("Training");
}

inline void add_run_options(CommandLine& command, TrainMlmOptions& o) {
  minibert::TrainingArguments& t = o.training;
  command.option_function(
      "--preset",
      [&o](const std::string& name) {
        minibert::core::check<minibert::ValueError>(name == "tutorial", "found '", name, "', expected tutorial");
        o.preset = name;
      },
      "Recipe to start from; tutorial: the recipe of Hugging Face's tutorial");
  command.option("--output_dir", t.output_dir, "Folder for the model and its checkpoints")->capture_default_str();
  command.flag("--overwrite_output_dir", t.overwrite_output_dir, "Start again in a folder that is not empty");
  command.option_with_optional_path(
      "--resume_from_checkpoint", [&t](const std::string& folder) { t.resume_from_checkpoint = folder; },
      "Continue from a checkpoint (default: the newest in --output_dir)");
  command.flag("--do_train", o.do_train, "Train (with neither --do_train nor --do_eval: both)");
  command.flag("--do_eval", o.do_eval, "Evaluate");
  command.option("--threads", o.threads, "Number of threads (default: OMP_NUM_THREADS, or all cores)",
                 command_line::kThreads);
}

/// Parses the flags, with `options` as defaults. @throws as CommandLine::parse()
inline TrainMlmOptions parse(int argc, char** argv, TrainMlmOptions options) {
  CommandLine command("train_mlm", "Trains a BERT from text and lets it fill masks.");
  add_run_options(command, options);
  add_text_options(command, options);
  add_model_options(command, options);
  add_step_options(command, options.training);
  add_length_options(command, options);
  command.parse(argc, argv);
  if (options.num_train_epochs) {
    options.training.num_train_epochs = *options.num_train_epochs;
    options.training.max_steps = -1;
  }
  if (options.line_by_line) options.group_texts = !*options.line_by_line;
  return options;
}

}  // namespace detail

/// Parses the command line, with defaults from the recipe, preset and config file that it names.
/// @throws UsageError if the command line is wrong; Answered after --help or --version; Error if the config file cannot
/// be read or is invalid
inline TrainMlmOptions read_command_line(int argc, char** argv) {
  const TrainMlmOptions first = detail::parse(argc, argv, default_recipe());
  TrainMlmOptions base = first.preset == "tutorial" ? tutorial_preset() : default_recipe();
  check_folder("--model_name_or_path", first.model_name_or_path, "config.json");
  check_folder("--tokenizer_name", first.tokenizer_name, "tokenizer.json or vocab.txt");
  if (!first.config_name.empty()) base.config = minibert::BertConfig::read(first.config_name);
  if (!first.model_name_or_path.empty()) base.config = minibert::BertConfig::from_pretrained(first.model_name_or_path);
  TrainMlmOptions options = detail::parse(argc, argv, base);
  const std::optional<bool> train = options.do_train, eval = options.do_eval;
  options.do_train = train.value_or(!eval.value_or(false));  // `--do_eval false` alone still trains
  options.do_eval = eval.value_or(!train.value_or(false));
  if (!*options.do_train && !*options.do_eval) throw UsageError("--do_train and --do_eval are both off");
  if (!*options.do_train && options.model_name_or_path.empty())
    throw UsageError("--do_eval without --do_train evaluates a model: name its folder with --model_name_or_path");
  if (!*options.do_train && options.training.resume_from_checkpoint)
    throw UsageError(
        "--resume_from_checkpoint continues training, but --do_train is off; --model_name_or_path takes a "
        "checkpoint to evaluate");
  return options;
}
