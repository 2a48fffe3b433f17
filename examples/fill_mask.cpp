// Fills the [MASK]s of texts with a model in Hugging Face's format.
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <minibert/minibert.hpp>

#include "check_files.hpp"
#include "command_line.hpp"
#include "program.hpp"

namespace {

using Predictions = std::vector<std::vector<minibert::FillMaskPrediction>>;

struct Options {
  std::filesystem::path model;
  minibert::index_t top_k = 5;
  bool json = false;
  int threads = 0;
  std::vector<std::string> texts;
};

Options read_command_line(int argc, char** argv) {
  Options options;
  CommandLine command("fill_mask", "Fills the [MASK]s of the given texts, or of the lines of standard input.");
  command.option("--model", options.model, "Folder with config.json, model.safetensors and a tokenizer")->required();
  command.option("--top_k", options.top_k, "Number of predictions per mask", {1})->capture_default_str();
  command.flag("--json", options.json,
               "Print one line of JSON per text, in the format of transformers' fill-mask pipeline; [] for a text that "
               "cannot be filled");
  command.option("--threads", options.threads, "Number of threads (default: OMP_NUM_THREADS, or all cores)",
                 command_line::kThreads);
  command.texts("TEXT", options.texts, "Texts that contain [MASK]; write -- before a text that begins with -");
  command.parse(argc, argv);
  return options;
}

/// Formats predictions as transformers' pipeline(text): a list for one mask, a list of lists for several masks.
minibert::Json to_json(const Predictions& predictions) {
  minibert::Json all = minibert::Json::array();
  for (const auto& mask : predictions) {
    minibert::Json list = minibert::Json::array();
    for (const auto& p : mask)
      list.as_array().push_back(minibert::Json(minibert::Json::Object{
          {"score", p.score}, {"token", p.token}, {"token_str", p.token_str}, {"sequence", p.sequence}}));
    all.as_array().push_back(std::move(list));
  }
  return predictions.size() == 1 ? all.as_array().front() : all;
}

void print(const std::string& text, const Predictions& predictions) {
  std::cout << text << '\n';
  for (const auto& mask : predictions) {
    for (const auto& p : mask) {
      char score[32];
      std::snprintf(score, sizeof score, "  %.4f  ", p.score);
      std::cout << score << p.token_str << std::string(p.token_str.size() < 16 ? 16 - p.token_str.size() : 0, ' ')
                << ' ' << p.sequence << '\n';
    }
    if (predictions.size() > 1) std::cout << '\n';
  }
}

/// Fills texts one by one and prints each result at once. A text that cannot be filled is reported on standard error.
class Filler {
 public:
  Filler(const minibert::FillMaskPipeline& pipeline, const Options& options) : pipeline_(pipeline), options_(options) {}

  /// `kind` and `number` name the text in messages: "line 3".
  void fill(const std::string& text, const char* kind, minibert::index_t number) {
    Predictions predictions;
    try {
      predictions = pipeline_(text, options_.top_k);
    } catch (const minibert::ValueError& error) {
      std::cerr << "fill_mask: " << kind << ' ' << number << ": " << without_name(error.what(), "fill_mask") << '\n';
      all_filled_ = false;
    }
    if (options_.json)
      std::cout << to_json(predictions).dump() << '\n';
    else if (!predictions.empty())
      print(text, predictions);
    flush_output();
  }
  bool all_filled() const { return all_filled_; }

 private:
  const minibert::FillMaskPipeline& pipeline_;
  const Options& options_;
  bool all_filled_ = true;
};

int run(const Options& options) {
  minibert::set_num_threads(options.threads);
  check_folder("--model", options.model, "config.json");
  const auto pipeline = minibert::FillMaskPipeline::from_pretrained(options.model);
  const minibert::index_t vocab_size = pipeline.model().config().vocab_size;
  minibert::core::check<minibert::ValueError>(options.top_k <= vocab_size, "--top_k is ", options.top_k,
                                              ", expected at most the model's vocab_size, ", vocab_size);
  Filler filler(pipeline, options);
  minibert::index_t number = 0;
  for (const std::string& text : options.texts) filler.fill(text, "text", ++number);
  InputLines lines;
  std::string line;
  while (options.texts.empty() && lines.next(line)) filler.fill(line, "line", lines.number());
  return filler.all_filled() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("fill_mask", [&] { return run(read_command_line(argc, argv)); });
}
