#include <minibert/models/bert_config.hpp>

#include <doctest/doctest.h>

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
  CHECK_THROWS_WITH_AS(BertConfig::from_pretrained("/nonexistent"), doctest::Contains("/nonexistent/config.json"),
                       IoError);
}
