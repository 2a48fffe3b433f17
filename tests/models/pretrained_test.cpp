#include <minibert/models/pretrained.hpp>

#include <algorithm>

#include <doctest/doctest.h>

#include <minibert/io/file.hpp>
#include <minibert/io/safetensors.hpp>

#include "support/test_data.hpp"
#include "support/tiny_bert.hpp"

using namespace minibert;
using testing::TemporaryDirectory;

namespace {

/// Writes a checkpoint of the model, after `change` has modified the list of its tensors (names, shapes and values).
template <class F>
void write_changed(const std::filesystem::path& folder, BertForMaskedLM& model, F change) {
  model.save_pretrained(folder);
  std::vector<SafetensorsTensor<float>> tensors;
  for (const auto& [name, p] : model.named_parameters()) tensors.push_back({name, p->shape.sizes(), p->data});
  change(tensors);
  write_safetensors(folder / "model.safetensors", std::move(tensors));
}

}  // namespace

TEST_CASE("save_pretrained and from_pretrained: a round trip to the bit") {
  const TemporaryDirectory folder;
  BertForMaskedLM model(testing::tiny_config(), 7);
  model.save_pretrained(folder.path());
  auto again = BertForMaskedLM::from_pretrained(folder.path());
  for (std::size_t i = 0; i < model.parameters().size(); ++i) {
    const auto *a = model.parameters()[i], *b = again.parameters()[i];
    CHECK(a->name == b->name);
    CHECK(std::equal(a->data, a->data + a->numel(), b->data));
  }
  again.save_pretrained(folder / "again");
  CHECK(io::read_file(folder / "again/model.safetensors") == io::read_file(folder / "model.safetensors"));
  CHECK(io::read_file(folder / "again/config.json") == io::read_file(folder / "config.json"));
}

TEST_CASE("from_pretrained: missing tensors are an error, or are listed and drawn for who asks") {
  const TemporaryDirectory folder;
  BertForMaskedLM model(testing::tiny_config());
  model.save_pretrained(folder.path());
  write_changed(folder.path(), model, [](auto& tensors) {
    std::erase_if(tensors, [](const auto& t) { return t.name.find("layer.1.output.dense") != std::string::npos; });
  });
  CHECK_THROWS_WITH_AS(
      BertForMaskedLM::from_pretrained(folder.path()),
      doctest::Contains("2 of 42 tensors of BertForMaskedLM are missing; the first is "
                        "bert.encoder.layer.1.output.dense.bias; pass a LoadingInfo to initialize them"),
      FormatError);
  LoadingInfo info;
  const auto again = BertForMaskedLM::from_pretrained(folder.path(), &info);
  CHECK(info.missing_keys ==
        std::vector<std::string>{"bert.encoder.layer.1.output.dense.bias", "bert.encoder.layer.1.output.dense.weight"});
  CHECK(info.unexpected_keys.empty());
  CHECK(again.bert.layers[1].output.dense.weight->data[0] != 0);
}

TEST_CASE("BertModel::from_pretrained: a folder without a pooler, and with one") {
  const TemporaryDirectory folder;
  BertForMaskedLM(testing::tiny_config(), 7).save_pretrained(folder.path());
  LoadingInfo info;
  const auto encoder = BertModel::from_pretrained(folder.path(), &info);
  CHECK_FALSE(encoder.pooler);
  CHECK(info.missing_keys.empty());
  CHECK(info.unexpected_keys.size() == 5);
  BertModel(testing::tiny_config(), 8).save_pretrained(folder / "pooled");
  CHECK(BertModel::from_pretrained(folder / "pooled").pooler);
}

TEST_CASE("from_pretrained: another shape, and a decoder that is not tied, are refused by name") {
  const TemporaryDirectory folder;
  BertForMaskedLM model(testing::tiny_config());
  write_changed(folder.path(), model, [](auto& tensors) {
    for (auto& t : tensors)
      if (t.name == "cls.predictions.bias") t.shape = {22};
  });
  CHECK_THROWS_WITH_AS(BertForMaskedLM::from_pretrained(folder.path()),
                       doctest::Contains("the tensor cls.predictions.bias has shape (22), expected (23)"), FormatError);
  const std::vector<float> other(23 * 8, 0.5f);
  write_changed(folder.path(), model, [&](auto& tensors) {
    tensors.push_back({"cls.predictions.decoder.weight", {23, 8}, other.data()});
  });
  CHECK_THROWS_WITH_AS(BertForMaskedLM::from_pretrained(folder.path()),
                       doctest::Contains("tie_word_embeddings true; set it to false to load both"), FormatError);
}

TEST_CASE("from_pretrained: missing and damaged files") {
  const TemporaryDirectory folder;
  CHECK_THROWS_AS(BertForMaskedLM::from_pretrained(folder.path()), IoError);
  BertForMaskedLM model(testing::tiny_config());
  model.save_pretrained(folder.path());
  const std::string whole = io::read_file(folder / "model.safetensors");
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{100}, whole.size() - 1}) {
    io::write_file(folder / "model.safetensors", whole.substr(0, size));
    CHECK_THROWS_AS(BertForMaskedLM::from_pretrained(folder.path()), FormatError);
  }
  std::filesystem::rename(folder / "model.safetensors", folder / "pytorch_model.bin");
  CHECK_THROWS_WITH_AS(BertForMaskedLM::from_pretrained(folder.path()), doctest::Contains("convert it with: python"),
                       FormatError);
}
