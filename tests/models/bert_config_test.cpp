#include <minibert/models/bert_config.hpp>

#include <doctest/doctest.h>

#include <minibert/io/file.hpp>

#include "support/test_data.hpp"

using namespace minibert;

namespace {
BertConfig parse(std::string_view text) {
  return BertConfig::from_json(Json::parse(text, "config.json"), "config.json");
}
}  // namespace

TEST_CASE("BertConfig: defaults are transformers'") {
  const BertConfig config = parse(R"({"model_type": "bert"})");
  CHECK(config.vocab_size == 30522);
  CHECK(config.hidden_size == 768);
  CHECK(config.layer_norm_eps == 1e-12);
  CHECK(config.pad_token_id == 0);
  CHECK(config.tie_word_embeddings);
}

TEST_CASE("BertConfig: a round trip keeps every field and every unknown key") {
  const BertConfig config = parse(R"({
    "vocab_size": 100, "hidden_size": 12, "num_attention_heads": 3, "hidden_act": "gelu_new", "layer_norm_eps": 1e-6,
    "classifier_dropout": 0.25, "pad_token_id": null, "id2label": {"0": "a"}, "my_key": [1, 2.5, "x"],
    "transformers_version": "4.1.0"})");
  const Json json = config.to_json("BertForMaskedLM", "float32");
  CHECK(json.at("hidden_act").as_string() == "gelu_new");
  CHECK(json.at("classifier_dropout").as_number() == 0.25);
  CHECK(json.at("pad_token_id").is_null());
  CHECK(json.at("bos_token_id").is_null());
  CHECK(json.at("my_key").dump() == R"([1,2.5,"x"])");
  CHECK(json.at("id2label").dump() == R"({"0":"a"})");
  CHECK(json.at("transformers_version").as_string() == "4.1.0");
  CHECK(json.at("architectures").dump() == R"(["BertForMaskedLM"])");
  CHECK(json.at("model_type").as_string() == "bert");
  const BertConfig again = BertConfig::from_json(json, "again");
  CHECK(again.to_json("BertForMaskedLM", "float32").dump() == json.dump());
  for (std::size_t i = 1; i < json.as_object().size(); ++i)
    CHECK(json.as_object()[i - 1].first < json.as_object()[i].first);
}

TEST_CASE("BertConfig: every supported hidden_act names its activation") {
  const std::pair<const char*, Activation> names[] = {
      {"gelu", Activation::gelu}, {"gelu_new", Activation::gelu_tanh}, {"gelu_pytorch_tanh", Activation::gelu_tanh},
      {"relu", Activation::relu}, {"silu", Activation::silu},          {"swish", Activation::silu},
      {"tanh", Activation::tanh}};
  for (const auto& named : names) {
    CAPTURE(named.first);
    CHECK(parse(core::concat(R"({"hidden_act": ")", named.first, R"("})")).activation() == named.second);
  }
}

TEST_CASE("BertConfig: what is wrong is named, with what was found and expected") {
  CHECK_THROWS_WITH_AS(parse(R"({"hidden_size": "big"})"), doctest::Contains("config.json: hidden_size"), FormatError);
  CHECK_THROWS_WITH_AS(parse(R"({"hidden_size": 10, "num_attention_heads": 3})"),
                       "config.json: hidden_size is 10, expected a multiple of num_attention_heads, 3", FormatError);
  CHECK_THROWS_WITH_AS(parse(R"({"vocab_size": -5})"), doctest::Contains("vocab_size is -5, expected 1 to"),
                       FormatError);
  CHECK_THROWS_WITH_AS(parse(R"({"vocab_size": 4000000000000})"), doctest::Contains("vocab_size is 4000000000000"),
                       FormatError);
  CHECK_THROWS_WITH_AS(
      parse(R"({"hidden_act": "mish"})"),
      "config.json: hidden_act is 'mish', expected gelu, gelu_new, gelu_pytorch_tanh, relu, silu, swish "
      "or tanh",
      FormatError);
  CHECK_THROWS_WITH_AS(parse(R"({"model_type": "roberta"})"),
                       "config.json: model_type is \"roberta\", expected \"bert\"", FormatError);
  CHECK_THROWS_WITH_AS(parse(R"({"hidden_dropout_prob": 1.5})"), doctest::Contains("hidden_dropout_prob is 1.5"),
                       FormatError);
  CHECK_THROWS_WITH_AS(parse(R"({"is_decoder": true})"), doctest::Contains("is_decoder"), FormatError);
  CHECK_THROWS_WITH_AS(parse("[]"), "config.json: is not a JSON object, expected one with the model's settings",
                       FormatError);
  CHECK_THROWS_WITH_AS(BertConfig::from_pretrained("/nonexistent"),
                       doctest::Contains("/nonexistent: found no such folder"), IoError);
}

TEST_CASE("BertConfig: values of the wrong type, and numbers that are not finite, are named") {
  CHECK_THROWS_WITH_AS(parse(R"({"hidden_size": "big"})"),
                       "config.json: hidden_size: expected an integer, found \"big\"", FormatError);
  CHECK_THROWS_WITH_AS(parse(R"({"vocab_size": 1e3})"), "config.json: vocab_size: expected an integer, found 1000.0",
                       FormatError);
  CHECK_THROWS_WITH_AS(parse(R"({"use_cache": 1})"), "config.json: use_cache: expected true or false, found 1",
                       FormatError);
  CHECK_THROWS_WITH_AS(parse(R"({"hidden_act": ["gelu"]})"),
                       "config.json: hidden_act: expected a string, found an array of 1", FormatError);
  for (const char* key : {"layer_norm_eps", "initializer_range", "hidden_dropout_prob", "classifier_dropout"})
    for (const char* value : {"NaN", "Infinity", "-Infinity"}) {
      const std::string text = core::concat("{\"", key, "\": ", value, "}");
      CHECK_THROWS_WITH_AS(parse(text), doctest::Contains(key), FormatError);
    }
  CHECK_THROWS_WITH_AS(parse(R"({"layer_norm_eps": 0.000000000000001e-2147483639})"),
                       doctest::Contains("layer_norm_eps is 0, expected"), FormatError);
}

TEST_CASE("BertConfig::read: a file of any name, or a folder") {
  const testing::TemporaryDirectory folder;
  io::write_file(folder / "config.json", R"({"hidden_size": 24})");
  io::write_file(folder / "other", R"({"hidden_size": 36})");
  CHECK(BertConfig::read(folder.path()).hidden_size == 24);
  CHECK(BertConfig::read(folder.path() / "").hidden_size == 24);
  CHECK(BertConfig::read(folder / "config.json").hidden_size == 24);
  CHECK(BertConfig::read(folder / "other").hidden_size == 36);
  CHECK_THROWS_WITH_AS(BertConfig::read(folder / "absent.json"), doctest::Contains("absent.json: cannot open"),
                       IoError);
  CHECK_THROWS_WITH_AS(BertConfig::read("bert-base-uncased"), doctest::Contains("hf download bert-base-uncased"),
                       IoError);
  std::filesystem::create_directory(folder / "checkpoint-600");
  std::filesystem::rename(folder / "config.json", folder / "checkpoint-600/config.json");
  CHECK_THROWS_WITH_AS(
      BertConfig::read(folder.path()),
      (folder.path().string() + ": found no config.json in it, expected a model's folder; the folder " +
       (folder / "checkpoint-600").string() + " has one")
          .c_str(),
      IoError);
}
