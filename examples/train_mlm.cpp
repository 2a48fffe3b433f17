// Trains a WordPiece vocabulary and a BERT model on text, and shows how the model fills masks.
#include <cmath>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/minibert.hpp>

#include "count_words.hpp"
#include "default_corpus.hpp"
#include "mask_samples.hpp"
#include "progress_bar.hpp"
#include "progress_callback.hpp"
#include "train_mlm_options.hpp"

namespace {

using namespace minibert;

/// The training text: text files, or the default corpus if there are none.
struct Text {
  std::vector<std::filesystem::path> files;

  bool is_default() const { return files.empty(); }
  /// Returns the default corpus. @throws ValueError if the program was built without it
  std::vector<std::string_view> views() const {
    core::check<ValueError>(!default_corpus().empty(),
                            "no --train_file is given, and this program was built without the default corpus: name a "
                            "file, or install Debian's bible-kjv and bible-kjv-text and build again");
    return {default_corpus()};
  }
};

/// Returns the names of the text's files, for messages.
std::string named(const Text& text) {
  std::string names;
  for (const auto& file : text.files) names += (names.empty() ? "" : ", ") + file.string();
  return names;
}

BertTokenizer make_tokenizer(const TrainMlmOptions& options, const Text& text, ProgressBar& bar) {
  if (!options.tokenizer_name.empty()) return BertTokenizer::from_pretrained(options.tokenizer_name);
  if (!options.model_name_or_path.empty()) return BertTokenizer::from_pretrained(options.model_name_or_path);
  BertTokenizerOptions settings = options.vocabulary.settings;
  settings.model_max_length = options.config.max_position_embeddings;
  WordPieceTrainer trainer = options.vocabulary.trainer;
  trainer.vocab_size = options.config.vocab_size;
  const WordCounter counter =
      count_words(settings, options.text, bar, [&](WordCounter& words, const Progress& progress) {
        if (!text.is_default()) return words.add_files(text.files, progress);
        for (const std::string_view view : text.views()) words.add_text(view);
      });
  core::check<FormatError>(counter.counts().size() > 0, named(text),
                           ": contains no line with text, expected one sequence per line");
  std::cerr << "training a vocabulary of " << trainer.vocab_size << " entries\n";
  return BertTokenizer::train(counter.counts(), settings, trainer);
}

struct Data {
  index_t max_length;  // of a sequence, in tokens
  TextDataset train, eval;
  std::string eval_name;
};

/// Creates and returns the folder for tokenized text. @throws IoError if it cannot be created
std::filesystem::path make_cache_dir(const TrainMlmOptions& options) {
  try {
    const std::filesystem::path folder = options.cache_dir.empty() ? default_cache_dir() : options.cache_dir;
    io::make_directories(folder);
    return folder;
  } catch (const IoError& error) {
    core::raise<IoError>(error.what(), "; set another folder for tokenized text with --cache_dir");
  }
}

/// Tokenizes the text into examples. @throws FormatError if there are none
TextDataset tokenize(const TrainMlmOptions& options, const Text& text, const BertTokenizer& tokenizer,
                     index_t max_length, ProgressBar& bar) {
  TextDatasetOptions settings{.group_texts = options.group_texts};
  settings.overwrite_cache = options.overwrite_cache;
  settings.text_column_name = options.text.text_column_name;
  settings.allow_invalid_utf8 = options.text.allow_invalid_utf8;
  settings.progress = [&](std::string_view what, index_t done, index_t total) { bar.update(what, done, total); };
  settings.notice = [&](std::string_view notice) { print_once(notice, bar); };
  if (text.is_default()) return TextDataset::from_texts(text.views(), tokenizer, max_length, settings);
  settings.cache_dir = make_cache_dir(options);
  const TextDataset data = TextDataset::from_files(text.files, tokenizer, max_length, settings);
  bar.finish();
  const std::vector<index_t> lines = data.lines_of_texts();
  const index_t all_lines = std::accumulate(lines.begin(), lines.end(), index_t{0});
  core::check<FormatError>(all_lines > 0, named(text), ": contains no line with text, expected one sequence per line");
  for (index_t i = 0; i < core::length(lines); ++i)
    if (core::at(lines, i) == 0)
      std::cerr << "warning: " << core::at(text.files, i).string() << " contains no line with text\n";
  return data;
}

Data make_data(const TrainMlmOptions& options, const Text& text, const BertTokenizer& tokenizer, ProgressBar& bar) {
  const index_t limit = std::min(tokenizer.model_max_length(), options.config.max_position_embeddings);
  const index_t max_length = options.max_seq_length.value_or(limit);
  core::check<ValueError>(max_length <= limit, "--max_seq_length is ", max_length, ", expected at most ", limit,
                          " for this tokenizer and model");
  const TextDataset all = tokenize(options, text, tokenizer, max_length, bar);
  if (options.group_texts)
    std::cerr << all.size() << " sequences of " << max_length << " tokens, " << all.num_tokens() << " tokens; "
              << all.num_blank() << " blank lines\n";
  else
    std::cerr << all.size() << " lines, " << all.num_tokens() << " tokens; " << all.num_blank()
              << " blank lines skipped, " << all.num_truncated() << " cut to " << max_length << " tokens\n";
  if (!options.validation_file.empty())
    return {max_length, all, tokenize(options, {{options.validation_file}}, tokenizer, max_length, bar),
            options.validation_file.string()};
  if (options.validation_split_percentage == 0) {
    std::cerr << "evaluating on the training text itself: the results do not show how the model performs on new text\n";
    return {max_length, all, all, "the training text"};
  }
  const TextDataset::Split split = all.split(options.validation_split_percentage, options.training.seed);
  return {max_length, split.train, split.validation, options.group_texts ? "held-out text" : "held-out lines"};
}

BertForMaskedLM make_model(const TrainMlmOptions& options, const BertTokenizer& tokenizer) {
  BertConfig config = options.config;
  if (options.model_name_or_path.empty()) {
    config.vocab_size = tokenizer.vocab_size();
    config.pad_token_id = tokenizer.pad_token_id();
    return BertForMaskedLM(config, options.training.seed);
  }
  core::check<ValueError>(tokenizer.vocab_size() <= config.vocab_size, "the tokenizer has ", tokenizer.vocab_size(),
                          " entries, expected at most the model's vocab_size, ", config.vocab_size);
  BertForMaskedLM model(config, std::nullopt);
  LoadingInfo info;
  load_pretrained(model, options.model_name_or_path, &info);
  for (const std::string& name : info.missing_keys)
    std::cerr << "missing in the model's file, initialized randomly: " << name << '\n';
  return model;
}

/// Returns everything that determines the result of training, except the training arguments.
Json provenance_of(const TrainMlmOptions& options, const Data& data, const BertTokenizer& tokenizer,
                   const BertForMaskedLM& model) {
  return Json::Object{{"tokenizer", Fingerprint().add(tokenizer.fingerprint()).hex()},
                      {"train_text", data.train.fingerprint()},
                      {"validation_text", data.eval.fingerprint()},
                      {"num_train_examples", data.train.size()},
                      {"num_train_tokens", data.train.num_tokens()},
                      {"mlm_probability", options.masking.mlm_probability},
                      {"eval_mlm_probability", options.masking.probability(false)},
                      {"whole_word_mask", options.masking.whole_word_mask},
                      {"group_texts", options.group_texts},
                      {"max_seq_length", data.max_length},
                      {"initial_model", options.model_name_or_path.string()},
                      {"config", model.config().to_json("BertForMaskedLM", "float32")}};
}

void print_recipe(const TrainMlmOptions& options, const BertForMaskedLM& model, index_t num_steps) {
  const TrainingArguments& t = options.training;
  const BertConfig& c = model.config();
  const optim::LrScheduler schedule(t.lr_scheduler_type, t.warmup_steps, num_steps);
  const index_t batches = t.gradient_accumulation_steps;
  const std::string of_step =
      t.max_tokens_per_batch > 0
          ? core::concat("at most ", t.max_tokens_per_batch * batches, " tokens")
          : core::concat(t.per_device_train_batch_size * batches, options.group_texts ? " sequences" : " lines");
  std::cerr << "model: " << model.num_parameters() << " parameters (vocabulary " << c.vocab_size << ", hidden "
            << c.hidden_size << ", " << c.num_hidden_layers << " layers of " << c.num_attention_heads
            << " heads, intermediate " << c.intermediate_size << ", " << c.max_position_embeddings
            << " positions, dropout " << c.hidden_dropout_prob << ")\n"
            << "recipe: " << num_steps << " steps of " << of_step << " (" << to_string(t.train_sampling_strategy)
            << "), learning rate " << t.learning_rate << " " << optim::to_string(t.lr_scheduler_type) << " after "
            << schedule.num_warmup_steps() << " steps of warm-up"
            << ", " << 100 * options.masking.mlm_probability << " % of the tokens masked (evaluation "
            << 100 * options.masking.probability(false) << " %)"
            << ", weight decay " << t.weight_decay << ", gradient norm at most " << t.max_grad_norm << ", seed "
            << t.seed << (t.bf16 ? ", bf16" : "") << '\n';
}

/// Quotes text as one word of a shell command.
std::string shell_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// Returns the metrics of the evaluation after the last step, if the model is still the same. Otherwise evaluates
/// again.
template <class AnyTrainer>
Json final_metrics(AnyTrainer& trainer) {
  const bool is_last_model = !trainer.args().load_best_model_at_end;
  for (const Json& entry : trainer.state().log_history.as_array())
    if (is_last_model && entry.find("eval_loss") && entry.at("step").as_integer() == trainer.state().global_step)
      return entry;
  return trainer.evaluate();
}

/// Evaluates the model, saves the metrics and prints them beside the baseline's.
template <class AnyTrainer>
void report_evaluation(AnyTrainer& trainer, const std::string& eval_name, double frequency_loss) {
  io::make_directories(trainer.args().output_dir);
  const Json metrics = final_metrics(trainer);
  trainer.save_metrics("eval", metrics);
  const double loss = metrics.at("eval_loss").as_number();
  std::cout << "loss on " << eval_name << ": " << loss << ", perplexity " << std::exp(loss)
            << " (word frequency: " << frequency_loss << ", " << std::exp(frequency_loss) << ")\n";
}

/// Prints where the model is, and a command that uses it.
void print_next_command(const std::filesystem::path& program, const std::filesystem::path& model,
                        const std::string& example) {
  std::cout << "the model is in " << model.string() << '\n';
  std::cout << "use it: " << shell_quoted((program.parent_path() / "fill_mask").string()) << " --model "
            << shell_quoted(model.string()) << ' ' << shell_quoted(example) << '\n';
}

int run(const TrainMlmOptions& options, const std::filesystem::path& program) {
  set_num_threads(options.threads);
  const int threads = num_threads();
  options.training.validate();
  options.config.validate();
  options.masking.validate();
  if (options.do_train) check_output_dir(options.training);
  const Text text{options.train_files};
  // Reads the file, so that an unreadable one fails now, not after hours.
  if (!options.validation_file.empty())
    for_each_block(std::vector{options.validation_file}, {}, [](std::string_view, index_t) {},
                   {options.text.text_column_name, options.text.allow_invalid_utf8, /*notice=*/{}});
  if (!options.train_files.empty() || !options.validation_file.empty()) make_cache_dir(options);
  ProgressBar bar;
  if (options.preprocessing_num_workers > 0) set_num_threads(options.preprocessing_num_workers);
  const BertTokenizer tokenizer = make_tokenizer(options, text, bar);
  const Data data = make_data(options, text, tokenizer, bar);
  set_num_threads(threads);
  BertForMaskedLM model = make_model(options, tokenizer);
  MaskingOptions masking = options.masking;
  masking.seed = options.training.seed;
  const DataCollatorForLanguageModeling collator(tokenizer, masking);
  const auto count = [&](index_t done, index_t total) { bar.update("counting tokens", done, total); };
  const double frequency_loss = UnigramBaseline(data.train, collator, count).evaluate(data.eval, collator);
  bar.finish();

  Trainer trainer(model, options.training, collator, data.train, &data.eval);
  const auto progress = std::make_shared<ProgressCallback>();
  const auto notice = [progress](std::string_view message) { progress->print(message); };
  trainer.notice = notice;
  trainer.provenance = provenance_of(options, data, tokenizer, model);
  trainer.compute_loss_metrics = [&](const EvaluationResult& result) -> Json {
    return Json::Object{{"perplexity", std::exp(result.loss)}, {"word_frequency_loss", frequency_loss}};
  };
  trainer.set_tokenizer(tokenizer);
  trainer.add_callback(progress);
  trainer.add_callback(std::make_shared<BaselineCallback>("word frequency", frequency_loss, notice));

  const MaskSamples samples(data.eval, tokenizer, model.config().max_position_embeddings, 3);
  if (options.do_train) {
    const InterruptHandler interrupt_handler;
    print_recipe(options, model, trainer.num_training_steps());
    std::cerr << "masks filled before training:\n" << samples.filled_by(model);
    const TrainOutput output = trainer.train();
    if (output.interrupted) {
      std::cerr << "to continue, add --resume_from_checkpoint to the same command\n";
      return 130;
    }
    trainer.save_model();
    trainer.save_state();
    trainer.save_metrics("train", output.metrics);
  }
  if (options.do_eval) report_evaluation(trainer, data.eval_name, frequency_loss);
  std::cout << "masks filled:\n" << samples.filled_by(model);
  if (options.do_train) print_next_command(program, options.training.output_dir, samples.example());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(read_command_line(argc, argv), argv[0]);
  } catch (const std::exception& error) {
    std::cerr << "train_mlm: " << error.what() << '\n';
    return 1;
  }
}
