// Trains a WordPiece vocabulary and a BERT model on text, and shows how the model fills masks.
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/io/model_folder.hpp>
#include <minibert/minibert.hpp>

#include "check_files.hpp"
#include "count_text.hpp"
#include "count_words.hpp"
#include "default_corpus.hpp"
#include "mask_samples.hpp"
#include "program.hpp"
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

/// Opens the tokenizer that the options name, if any.
std::optional<BertTokenizer> open_tokenizer(const TrainMlmOptions& options) {
  if (!options.tokenizer_name.empty()) return BertTokenizer::from_pretrained(options.tokenizer_name);
  if (!options.model_name_or_path.empty()) return BertTokenizer::from_pretrained(options.model_name_or_path);
  return std::nullopt;
}

BertTokenizer train_tokenizer(const TrainMlmOptions& options, const Text& text, ProgressBar& bar) {
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
  std::cerr << "training a vocabulary of " << count_text(trainer.vocab_size, "entry", "entries") << '\n';
  return BertTokenizer::train(counter.counts(), settings, trainer);
}

struct Data {
  index_t max_length;  // of a sequence, in tokens
  TextDataset train, eval;
  std::string eval_name;
  bool has_train = true;  // otherwise train is eval, and only stands in for a text that nobody reads
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
  if (const std::string warning = data.unknown_tokens_warning(); !warning.empty())
    std::cerr << "warning: " << named(text) << ": " << warning << '\n';
  return data;
}

/// Returns the length that sequences are cut to. @throws ValueError if the tokenizer or the model allows only a smaller
/// length
index_t max_length_of(const TrainMlmOptions& options, const std::optional<BertTokenizer>& tokenizer) {
  const index_t positions = options.config.max_position_embeddings;
  const index_t limit = tokenizer ? std::min(tokenizer->model_max_length(), positions) : positions;
  const index_t max_length = options.max_seq_length.value_or(limit);
  core::check<ValueError>(max_length <= limit, "--max_seq_length is ", max_length, ", expected at most ", limit,
                          " for this tokenizer and model");
  return max_length;
}

/// Prints the size of a dataset, after its name.
void print_size(const TextDataset& data, const TrainMlmOptions& options, index_t max_length, std::string_view name) {
  std::cerr << name << count_text(data.size(), options.group_texts ? "sequence" : "line");
  if (options.group_texts)
    std::cerr << " of " << count_text(max_length, "token") << ", " << count_text(data.num_tokens(), "token") << "; "
              << count_text(data.num_blank(), "blank line") << '\n';
  else
    std::cerr << ", " << count_text(data.num_tokens(), "token") << "; " << count_text(data.num_blank(), "blank line")
              << " skipped, " << data.num_truncated() << " cut to " << count_text(max_length, "token") << ", "
              << std::floor(1000 * data.unknown_share()) / 10 << " % [UNK]\n";
}

Data make_data(const TrainMlmOptions& options, const Text& text, const BertTokenizer& tokenizer, index_t max_length,
               ProgressBar& bar) {
  const auto validation = [&] { return tokenize(options, {{options.validation_file}}, tokenizer, max_length, bar); };
  const std::string file = options.validation_file.string();
  if (!file.empty() && !*options.do_train && text.is_default()) {
    const TextDataset eval = validation();
    print_size(eval, options, max_length, "evaluation text: ");
    return {max_length, eval, eval, file, false};
  }
  if (text.is_default())
    std::cerr << "the text is the default corpus, the King James Bible; --train_file names another\n";
  const TextDataset all = tokenize(options, text, tokenizer, max_length, bar);
  print_size(all, options, max_length, "");
  if (!file.empty()) {
    const TextDataset eval = validation();
    print_size(eval, options, max_length, "evaluation text: ");
    return {max_length, all, eval, file};
  }
  if (options.validation_split_percentage == 0) {
    std::cerr << "evaluating on the training text itself: the results do not show how the model performs on new text\n";
    return {max_length, all, all, "the training text"};
  }
  const TextDataset::Split split = all.split(options.validation_split_percentage, options.training.seed);
  return {max_length, split.train, split.validation, options.group_texts ? "held-out text" : "held-out lines"};
}

BertForMaskedLM new_model(const TrainMlmOptions& options, const BertTokenizer& tokenizer) {
  BertConfig config = options.config;
  config.vocab_size = tokenizer.vocab_size();
  config.pad_token_id = tokenizer.pad_token_id();
  return BertForMaskedLM(config, options.training.seed);
}

/// Opens the model that the options name, if any. @throws ValueError if the tokenizer has more entries than the model
std::optional<BertForMaskedLM> open_model(const TrainMlmOptions& options,
                                          const std::optional<BertTokenizer>& tokenizer) {
  if (options.model_name_or_path.empty()) return std::nullopt;
  core::check<ValueError>(tokenizer->vocab_size() <= options.config.vocab_size, "the tokenizer has ",
                          count_text(tokenizer->vocab_size(), "entry", "entries"),
                          ", expected at most the model's vocab_size, ", options.config.vocab_size);
  BertForMaskedLM model(options.config, std::nullopt);
  LoadingInfo info;
  load_pretrained(model, options.model_name_or_path, &info);
  for (const std::string& name : info.missing_keys)
    std::cerr << "missing in the model's file, initialized randomly: " << name << '\n';
  return model;
}

/// Returns a name of the initial model that depends on its weights, not on its path; "" for a new model. Checkpoints of
/// older versions of this program contain the path instead. If the run resumes from such a checkpoint, and the path is
/// still the initial model's folder, returns the path, so that the two names are equal.
std::string initial_model_name(const TrainMlmOptions& options, const BertForMaskedLM& model) {
  if (options.model_name_or_path.empty()) return "";
  Fingerprint weights;
  for (const auto* parameter : model.parameters()) {
    const std::span<const float> values = std::as_const(*parameter).values();
    weights.add(parameter->name).add({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }
  const auto& resumed = options.training.resume_from_checkpoint;
  const auto checkpoint =
      resumed ? find_checkpoint(resumed->empty() ? options.training.output_dir : *resumed) : std::nullopt;
  if (checkpoint) {
    const Json manifest = Json::read(*checkpoint / train_detail::kManifestName);
    const Json* identity = manifest.find("identity");
    const Json* older = identity == nullptr ? nullptr : identity->find("initial_model");
    std::error_code no_such_folder;
    if (older != nullptr && older->is_string() &&
        std::filesystem::equivalent(older->as_string(), options.model_name_or_path, no_such_folder))
      return older->as_string();
  }
  return "weights " + weights.hex();
}

/// Returns the settings of masking and grouping, by name.
Json masking_settings(const TrainMlmOptions& options) {
  return Json::Object{{"mlm_probability", options.masking.mlm_probability},
                      {"eval_mlm_probability", options.masking.probability(false)},
                      {"whole_word_mask", options.masking.whole_word_mask},
                      {"group_texts", options.group_texts}};
}

/// Checks that the checkpoint to continue from, if there is one, has the settings of this run. The trainer checks the
/// rest, which it knows later: text, tokenizer and model.
/// @throws ValueError naming the first setting that differs
void check_resumable(const TrainMlmOptions& options) {
  const TrainingArguments& t = options.training;
  if (!t.resume_from_checkpoint) return;
  const std::filesystem::path& wanted = *t.resume_from_checkpoint;
  const auto checkpoint = find_checkpoint(wanted.empty() ? t.output_dir : wanted);
  if (!checkpoint) return;
  const Json manifest = Json::read(*checkpoint / train_detail::kManifestName);
  const Json* identity = manifest.find("identity");
  if (identity == nullptr) return;
  const Json settings = run_identity(t, masking_settings(options));
  Json theirs = Json::object();
  for (const Json::Member& setting : settings.as_object())
    if (const Json* value = identity->find(setting.first)) theirs[setting.first] = *value;
  check_same_run(settings, theirs, *checkpoint);
}

/// Returns everything that determines the result of training, except the training arguments.
Json provenance_of(const TrainMlmOptions& options, const Data& data, const BertTokenizer& tokenizer,
                   const BertForMaskedLM& model, const std::string& initial_model) {
  Json provenance = Json::Object{{"tokenizer", Fingerprint().add(tokenizer.fingerprint()).hex()},
                                 {"train_text", data.train.fingerprint()},
                                 {"validation_text", data.eval.fingerprint()},
                                 {"num_train_examples", data.train.size()},
                                 {"num_train_tokens", data.train.num_tokens()},
                                 {"max_seq_length", data.max_length},
                                 {"initial_model", initial_model},
                                 {"config", model.config().to_json("BertForMaskedLM", "float32")}};
  const Json settings = masking_settings(options);
  for (const Json::Member& setting : settings.as_object()) provenance[setting.first] = setting.second;
  return provenance;
}

void print_recipe(const TrainMlmOptions& options, const BertForMaskedLM& model, index_t num_steps) {
  const TrainingArguments& t = options.training;
  const BertConfig& c = model.config();
  const optim::LrScheduler schedule(t.lr_scheduler_type, t.warmup_steps, num_steps);
  const index_t batches = t.gradient_accumulation_steps;
  const std::string of_step =
      t.max_tokens_per_batch > 0
          ? "at most " + count_text(t.max_tokens_per_batch * batches, "token")
          : count_text(t.per_device_train_batch_size * batches, options.group_texts ? "sequence" : "line");
  std::cerr << "model: " << model.num_parameters() << " parameters (vocabulary " << c.vocab_size << ", hidden "
            << c.hidden_size << ", " << count_text(c.num_hidden_layers, "layer") << " of "
            << count_text(c.num_attention_heads, "head") << ", intermediate " << c.intermediate_size << ", "
            << count_text(c.max_position_embeddings, "position") << ", dropout " << c.hidden_dropout_prob << ")\n"
            << "recipe: " << count_text(num_steps, "step") << " of " << of_step << " ("
            << to_string(t.train_sampling_strategy) << "), learning rate " << t.learning_rate << " "
            << optim::to_string(t.lr_scheduler_type) << " after " << count_text(schedule.num_warmup_steps(), "step")
            << " of warm-up"
            << ", " << 100 * options.masking.mlm_probability << " % of the tokens masked (evaluation "
            << 100 * options.masking.probability(false) << " %)"
            << ", weight decay " << t.weight_decay << ", gradient norm at most " << t.max_grad_norm << ", seed "
            << t.seed << (t.bf16 ? ", bf16" : "") << '\n';
}

/// Returns the metrics of the evaluation after the last step. Evaluates again if there was none, or with
/// load_best_model_at_end, because the model may then be of an earlier step.
template <class AnyTrainer>
Json final_metrics(AnyTrainer& trainer) {
  const bool is_last_model = !trainer.args().load_best_model_at_end;
  for (const Json& entry : trainer.state().log_history.as_array())
    if (is_last_model && entry.find("eval_loss") && entry.at("step").as_integer() == trainer.state().global_step)
      return entry;
  return trainer.evaluate();
}

/// Evaluates the model, saves the metrics, and prints them. Also prints frequency_loss, the loss of the baseline, if
/// there is one.
template <class AnyTrainer>
void report_evaluation(AnyTrainer& trainer, const std::string& eval_name, std::optional<double> frequency_loss) {
  io::make_directories(trainer.args().output_dir);
  const Json metrics = final_metrics(trainer);
  trainer.save_metrics("eval", metrics);
  const double loss = metrics.at("eval_loss").as_number();
  std::cout << "loss on " << eval_name << ": " << loss << ", perplexity " << perplexity_text(loss);
  if (frequency_loss)
    std::cout << " (word frequency: " << *frequency_loss << ", " << perplexity_text(*frequency_loss) << ")";
  std::cout << '\n';
}

/// Prints where the model is, and a command that uses it.
void print_next_command(const std::filesystem::path& program, const std::filesystem::path& model,
                        const std::string& example) {
  const auto begins_with_dash = [](const std::string& text) { return text.starts_with('-'); };
  std::cout << "the model is in " << model.string() << '\n';
  std::cout << "use it: " << io::shell_quoted((program.parent_path() / "fill_mask").string()) << " --model"
            << (begins_with_dash(model.string()) ? '=' : ' ') << io::shell_quoted(model.string())
            << (begins_with_dash(example) ? " -- " : " ") << io::shell_quoted(example) << '\n';
}

/// Checks what can be known before any work: arguments, folders and files.
void check_at_once(const TrainMlmOptions& options) {
  const TrainingArguments& t = options.training;
  t.validate();
  options.config.validate();
  options.masking.validate();
  const double percentage = options.validation_split_percentage;
  core::check<ValueError>(percentage >= 0 && percentage < 100, "--validation_split_percentage is ", percentage,
                          ", expected 0 or more, and less than 100");
  if (*options.do_train) {
    check_output_dir(t);
    check_resumable(options);
  }
  io::check_writable(t.output_dir);
  check_readable(options.train_files, options.text);
  if (!options.validation_file.empty()) check_text(options.validation_file, options.text);
  if (!options.train_files.empty() || !options.validation_file.empty()) make_cache_dir(options);
}

int run(const TrainMlmOptions& options, const std::filesystem::path& program) {
  set_num_threads(options.threads);
  const int threads = num_threads();
  check_at_once(options);
  std::optional<BertTokenizer> opened = open_tokenizer(options);
  const index_t max_length = max_length_of(options, opened);
  std::optional<BertForMaskedLM> opened_model = open_model(options, opened);
  const Text text{options.train_files};
  ProgressBar bar;
  if (options.preprocessing_num_workers > 0) set_num_threads(options.preprocessing_num_workers);
  const BertTokenizer tokenizer = opened ? std::move(*opened) : train_tokenizer(options, text, bar);
  const Data data = make_data(options, text, tokenizer, max_length, bar);
  set_num_threads(threads);
  BertForMaskedLM model = opened_model ? std::move(*opened_model) : new_model(options, tokenizer);
  MaskingOptions masking = options.masking;
  masking.seed = options.training.seed;
  const DataCollatorForLanguageModeling collator(tokenizer, masking);
  const auto count = [&](index_t done, index_t total) { bar.update("counting tokens", done, total); };
  std::optional<double> frequency_loss;
  if (data.has_train) frequency_loss = UnigramBaseline(data.train, collator, count).evaluate(data.eval, collator);
  bar.finish();

  Trainer trainer(model, options.training, collator, data.train, &data.eval);
  const auto progress = std::make_shared<ProgressCallback>();
  const auto notice = [progress](std::string_view message) { progress->print(message); };
  trainer.notice = notice;
  trainer.provenance = provenance_of(options, data, tokenizer, model, initial_model_name(options, model));
  trainer.compute_loss_metrics = [&](const EvaluationResult& result) {
    Json metrics = Json::Object{{"perplexity", std::exp(result.loss)}};
    if (frequency_loss) metrics["word_frequency_loss"] = *frequency_loss;
    return metrics;
  };
  trainer.set_tokenizer(tokenizer);
  trainer.add_callback(progress);
  if (frequency_loss)
    trainer.add_callback(std::make_shared<BaselineCallback>("word frequency", *frequency_loss, notice));

  const MaskSamples samples(data.eval, tokenizer, model.config().max_position_embeddings, 3);
  if (*options.do_train) {
    const InterruptHandler interrupt_handler;
    print_recipe(options, model, trainer.num_training_steps());
    if (!samples.empty()) std::cerr << "masks filled before training:\n" << samples.filled_by(model);
    const TrainOutput output = trainer.train();
    if (output.interrupted) {
      std::cerr << "to continue, add --resume_from_checkpoint to the same command\n";
      return 130;
    }
    trainer.save_model();
    trainer.save_state();
    trainer.save_metrics("train", output.metrics);
  }
  if (*options.do_eval) report_evaluation(trainer, data.eval_name, frequency_loss);
  if (!samples.empty()) std::cout << "masks filled:\n" << samples.filled_by(model);
  if (*options.do_train) print_next_command(program, options.training.output_dir, samples.example());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("train_mlm", [&] { return run(read_command_line(argc, argv), argv[0]); });
}
