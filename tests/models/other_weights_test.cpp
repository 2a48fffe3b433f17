#include <minibert/models/detail/other_weights.hpp>

#include <string>

#include <doctest/doctest.h>

#include <minibert/io/file.hpp>
#include <minibert/models/bert_for_masked_lm.hpp>

#include "support/error_of.hpp"
#include "support/test_data.hpp"
#include "support/tiny_bert.hpp"

using namespace minibert;
using testing::TemporaryDirectory;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Returns the message of the error that opening the folder throws.
std::string refusal(const std::filesystem::path& folder) {
  return testing::error_of<Error>([&] { BertForMaskedLM::from_pretrained(folder); });
}

/// A folder with config.json and one empty file of weights.
struct ModelFolder {
  explicit ModelFolder(const std::string& weights, const std::string& name = "model",
                       const std::string& architecture = "BertForMaskedLM")
      : path(directory.path() / name) {
    std::filesystem::create_directories((path / weights).parent_path());
    io::write_file(path / weights, "x");
    io::write_file(path / "config.json", testing::tiny_config().to_json(architecture, "float32").dump());
  }
  TemporaryDirectory directory;
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("other weights: the command keeps all weights and writes into another folder") {
  const ModelFolder model("pytorch_model.bin");
  const std::string path = model.path.string();
  CHECK(refusal(model.path) ==
        path +
            ": found pytorch_model.bin, expected model.safetensors or model.safetensors.index.json; convert it into " +
            "another folder (pip install transformers torch) with: python3 -c 'import sys; from transformers import "
            "BertForMaskedLM; " +
            "BertForMaskedLM.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[2])' " + path + " " + path +
            "-safetensors");
  CHECK_THROWS_AS(BertForMaskedLM::from_pretrained(model.path), FormatError);
}

TEST_CASE("other weights: the command copies the tokenizer, and takes a new folder") {
  const ModelFolder model("pytorch_model.bin.index.json", "it's $HOME");
  io::write_file(model.path / "vocab.txt", "");
  io::write_file(model.path / "tokenizer_config.json", "{}");
  std::filesystem::create_directory(model.path.string() + "-safetensors");
  const std::string quoted = "'" + model.directory.path().string() + "/it'\\''s $HOME";
  const std::string message = refusal(model.path);
  CHECK(has(message, "found pytorch_model.bin.index.json"));
  CHECK(has(message, "(sys.argv[2])' " + quoted + "' " + quoted + "-safetensors-2' && cp " + quoted + "/vocab.txt' " +
                         quoted + "/tokenizer_config.json' " + quoted + "-safetensors-2'"));
}

TEST_CASE("other weights: the class is the one that holds all heads") {
  for (const std::string name : {"BertForPreTraining", "BertModel", "BertForSequenceClassification"})
    CHECK(has(refusal(ModelFolder("pytorch_model.bin", "m", name).path), "import " + name + "; " + name + ".from"));
  for (const std::string name : {"MyBert", "os; os.abort()", ""})
    CHECK(has(refusal(ModelFolder("pytorch_model.bin", "m", name).path), "import AutoModelForMaskedLM; AutoModel"));
  const ModelFolder without("pytorch_model.bin");
  io::write_file(without.path / "config.json", R"({"architectures": null})");
  CHECK(has(refusal(without.path), "import AutoModelForMaskedLM; AutoModel"));
  // The original weights of bert-base-uncased have both heads of BertForPreTraining, but its config.json names
  // BertForMaskedLM.
  const ModelFolder both("pytorch_model.bin");
  io::write_file(both.path / "pytorch_model.bin", "PK.cls.predictions.bias.cls.seq_relationship.weight.");
  CHECK(has(refusal(both.path), "import BertForPreTraining; BertForPreTraining.from"));
}

TEST_CASE("other weights: TensorFlow and Flax need an older transformers") {
  const std::string tensorflow = refusal(ModelFolder("tf_model.h5").path);
  CHECK(has(tensorflow, "found tf_model.h5"));
  CHECK(has(tensorflow, "pip install 'transformers<4.50' torch tensorflow tf-keras"));
  CHECK(has(tensorflow, ".from_pretrained(sys.argv[1], from_tf=True).save_pretrained(sys.argv[2])'"));
  const std::string flax = refusal(ModelFolder("flax_model.msgpack").path);
  CHECK(has(flax, "pip install 'transformers<4.50' torch flax"));
  CHECK(has(flax, "from_flax=True"));
  // The error names PyTorch's file and not TensorFlow's, because the current transformers can still read PyTorch's.
  const ModelFolder several("tf_model.h5");
  io::write_file(several.path / "pytorch_model.bin", "x");
  CHECK(has(refusal(several.path), "found pytorch_model.bin"));
}

TEST_CASE("other weights: forms without a command are named") {
  for (const std::string name : {"bert-q8_0.gguf", "model.onnx", "rust_model.ot", "bert_model.ckpt.index", "weights.pt",
                                 "tf_model.h5.index.json", "flax_model.msgpack.index.json", "pytorch_model.fp16.bin"}) {
    const std::string message = refusal(ModelFolder(name).path);
    CHECK_MESSAGE(has(message, "found " + name), message);
    CHECK_MESSAGE(has(message, "this form is not read"), message);
  }
  CHECK(has(refusal(ModelFolder("bert.safetensors").path), "found bert.safetensors"));
  CHECK(has(refusal(ModelFolder("bert.safetensors").path), "rename it to model.safetensors"));
  CHECK(
      has(refusal(ModelFolder("model-00001-of-00002.safetensors").path), "model.safetensors.index.json, which lists"));
  CHECK(has(refusal(ModelFolder("adapter_model.safetensors").path), "merge_and_unload()"));
  const ModelFolder above("checkpoint-600/model.safetensors");
  CHECK(has(refusal(above.path), "found no weights"));
  CHECK(has(refusal(above.path), "; the folder " + (above.path / "checkpoint-600").string() + " has one"));
  for (const char* name :
       {"README.md", "optimizer.pt", "training_args.bin", "rng_state_0.pth", "optimizer.safetensors"})
    CHECK_THROWS_AS(BertForMaskedLM::from_pretrained(ModelFolder(name).path), IoError);
}

TEST_CASE("other weights: the new folder of paths such as . and m/") {
  const ModelFolder model("pytorch_model.bin", "-m");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(model.path);
  const std::string here = refusal(".");
  std::filesystem::current_path(model.directory.path());
  const std::string slash = refusal("-m/"), bare = refusal("-m");
  std::filesystem::current_path(before);
  const std::string absolute = std::filesystem::canonical(model.path).string();
  CHECK(has(here, "' . " + absolute + "-safetensors"));
  CHECK(has(slash, "' ./-m/ ./-m-safetensors"));
  CHECK(has(bare, "' ./-m ./-m-safetensors"));
}
