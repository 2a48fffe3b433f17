// Fills the [MASK]s of texts with a model in Hugging Face's format.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <minibert/minibert.hpp>

namespace {

using Predictions = std::vector<std::vector<minibert::FillMaskPrediction>>;

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
  std::printf("%s\n", text.c_str());
  for (const auto& mask : predictions) {
    for (const auto& p : mask) std::printf("  %.4f  %-16s %s\n", p.score, p.token_str.c_str(), p.sequence.c_str());
    if (predictions.size() > 1) std::printf("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path model;
  minibert::index_t top_k = 5;
  bool json = false;
  int threads = 0;
  std::vector<std::string> texts;
  CLI::App app("Fills the [MASK]s of the given texts, or of the lines of standard input.");
  app.add_option("--model", model, "Folder with config.json, model.safetensors and a tokenizer")->required();
  app.add_option("--top_k", top_k, "Number of predictions per mask")->capture_default_str();
  app.add_flag("--json", json, "Print one line of JSON per text, in the format of transformers' fill-mask pipeline");
  app.add_option("--threads", threads, "Number of threads (default: OMP_NUM_THREADS, or all cores)");
  app.add_option("TEXT", texts, "Texts that contain [MASK]");
  CLI11_PARSE(app, argc, argv);

  try {
    minibert::set_num_threads(threads);
    auto fill_mask = minibert::FillMaskPipeline::from_pretrained(model);
    const auto run = [&](const std::string& text) {
      const Predictions predictions = fill_mask(text, top_k);
      if (json)
        std::printf("%s\n", to_json(predictions).dump().c_str());
      else
        print(text, predictions);
    };
    for (const std::string& text : texts) run(text);
    std::string line;
    for (minibert::index_t number = 1; texts.empty() && std::getline(std::cin, line); ++number) {
      try {
        run(line);
      } catch (const minibert::ValueError& error) {
        minibert::core::raise<minibert::ValueError>("line ", number, ": ", error.what());
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fill_mask: %s\n", error.what());
    return 1;
  }
  return 0;
}
