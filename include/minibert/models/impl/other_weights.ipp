// Definitions of models/detail/other_weights.hpp.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <system_error>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/json.hpp>
#include <minibert/io/model_folder.hpp>
#include <minibert/models/detail/other_weights.hpp>

namespace minibert::models::detail {

/// A file of weights that transformers can convert to safetensors.
struct ConvertibleWeights {
  std::string_view file;
  std::string_view packages;  // what pip must install
  std::string_view option;    // a further argument of from_pretrained()
};

// In the order in which transformers looks for the files. The commands for TensorFlow and Flax install transformers
// 4.49, which converts all parameters exactly. transformers 4.57 still has from_tf and from_flax, but leaves some
// parameters without values.
inline constexpr ConvertibleWeights kConvertibleWeights[] = {
    {"pytorch_model.bin", "transformers torch", ""},
    {"pytorch_model.bin.index.json", "transformers torch", ""},
    {"tf_model.h5", "'transformers<4.50' torch tensorflow tf-keras", ", from_tf=True"},
    {"flax_model.msgpack", "'transformers<4.50' torch flax", ", from_flax=True"}};

/// Returns the class of transformers that loads all of the folder's weights. This is the class that config.json names,
/// with one exception: if the file has a head for next sentence prediction, that class may lack the head. Then returns
/// BertForPreTraining, which has every head of the original BERT.
MINIBERT_INLINE std::string converting_class(const std::filesystem::path& folder, std::string_view weights) {
  constexpr std::string_view kClasses[] = {
      "BertForMaskedLM",    "BertForMultipleChoice",      "BertForNextSentencePrediction",
      "BertForPreTraining", "BertForQuestionAnswering",   "BertForSequenceClassification",
      "BertLMHeadModel",    "BertForTokenClassification", "BertModel"};
  std::string name = "AutoModelForMaskedLM";
  try {
    const Json config = Json::read(folder / "config.json");
    const Json* architectures = config.find("architectures");
    const bool named = architectures != nullptr && architectures->is_array() && !architectures->as_array().empty();
    const Json first = named ? architectures->as_array().front() : Json();
    if (first.is_string() &&
        std::find(std::begin(kClasses), std::end(kClasses), first.as_string()) != std::end(kClasses))
      name = first.as_string();
  } catch (const Error&) {  // the advice does not need config.json
  }
  // A PyTorch file begins with the names of its tensors.
  constexpr std::size_t kNamesEnd = std::size_t{1} << 22;
  if (weights.starts_with("pytorch_model") && name != "BertForNextSentencePrediction" &&
      MappedFile(folder / weights).view().substr(0, kNamesEnd).find("cls.seq_relationship.weight") != std::string::npos)
    name = "BertForPreTraining";
  return name;
}

/// Returns the path, quoted for a shell. A path that begins with "-" gets a "./", so that commands do not take it for
/// an option.
MINIBERT_INLINE std::string shell_path(const std::filesystem::path& path) {
  const std::string text = path.string();
  return io::shell_quoted(text.starts_with('-') ? "./" + text : text);
}

/// Returns the path of a new folder beside `folder`.
MINIBERT_INLINE std::filesystem::path converted_folder(const std::filesystem::path& folder) {
  std::filesystem::path base = folder.lexically_normal();
  if (!base.has_filename()) base = base.parent_path();  // the path ended with a slash
  std::error_code ignored;
  if (base.filename() == "." || base.filename() == ".." || base.filename().empty())
    base = std::filesystem::canonical(folder, ignored);
  for (int number = 1;; ++number) {
    std::filesystem::path target = base;
    target += number == 1 ? "-safetensors" : core::concat("-safetensors-", number);
    if (!io::path_exists(target)) return target;
  }
}

/// Returns the shell command that converts the weights into another folder and copies the tokenizer's files.
MINIBERT_INLINE std::string conversion_command(const std::filesystem::path& folder, const ConvertibleWeights& weights) {
  const std::string target = shell_path(converted_folder(folder)), name = converting_class(folder, weights.file);
  std::string command = core::concat("python3 -c 'import sys; from transformers import ", name, "; ", name,
                                     ".from_pretrained(sys.argv[1]", weights.option, ").save_pretrained(sys.argv[2])' ",
                                     shell_path(folder), " ", target);
  std::string files;
  for (const char* file :
       {"tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"})
    if (io::path_exists(folder / file)) files += " " + shell_path(folder / file);
  if (!files.empty()) command += " && cp" + files + " " + target;
  return command;
}

/// For a file of weights that no single command converts, returns why it cannot be used, and the way out. Returns
/// nullopt for other files.
MINIBERT_INLINE std::optional<std::string> other_file_advice(const std::string& name) {
  const auto ends = [&](std::string_view suffix) { return name.ends_with(suffix); };
  if (name == "adapter_model.safetensors" || name == "adapter_model.bin")
    return "an adapter; with the package peft, merge it into its base model with merge_and_unload(), and save that";
  if (ends(".safetensors") && name.find("-of-") != name.npos)
    return "a shard; also download model.safetensors.index.json, which lists the shards";
  if (ends(".safetensors") && name != "optimizer.safetensors")
    return "if it holds the whole model, rename it to model.safetensors";
  // Files that transformers' Trainer writes beside the weights.
  const bool is_of_training = name == "training_args.bin" || name == "optimizer.pt" || name == "scheduler.pt" ||
                              name == "scaler.pt" || name.starts_with("rng_state");
  for (const std::string_view suffix : {".gguf", ".onnx", ".ot", ".ckpt.index", ".ckpt", ".mlmodel", ".tflite", ".pt",
                                        ".pth", ".bin", ".h5", ".msgpack", ".h5.index.json", ".msgpack.index.json"})
    if (ends(suffix) && !is_of_training)
      return "this form is not read; download or export the model as transformers' save_pretrained() writes it";
  return std::nullopt;
}

[[noreturn]] MINIBERT_INLINE void raise_no_safetensors(const std::filesystem::path& folder) {
  constexpr std::string_view kExpected = "model.safetensors or model.safetensors.index.json";
  io::check_model_folder(folder, kExpected);
  for (const ConvertibleWeights& weights : kConvertibleWeights) {
    if (!io::path_exists(folder / weights.file)) continue;
    core::raise<FormatError>(folder.string(), ": found ", weights.file, ", expected ", kExpected,
                             "; convert it into another folder (pip install ", weights.packages,
                             ") with: ", conversion_command(folder, weights));
  }
  for (const std::filesystem::path& path : io::list_folder(folder)) {
    const std::string name = path.filename().string();
    if (const auto advice = other_file_advice(name))
      core::raise<FormatError>(folder.string(), ": found ", name, ", expected ", kExpected, "; ", *advice);
  }
  core::raise<IoError>(folder.string(), ": found no weights, expected ", kExpected,
                       io::subfolder_advice(folder, "model.safetensors"));
}

}  // namespace minibert::models::detail
