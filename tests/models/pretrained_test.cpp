#include <minibert/models/pretrained.hpp>

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include <minibert/io/file.hpp>
#include <minibert/io/safetensors.hpp>

#include "support/error_of.hpp"
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
}

namespace {

/// Splits the model into two shards, each with its own tensors, and returns a weight_map.
Json write_shards(const std::filesystem::path& folder, BertForMaskedLM& model) {
  model.save_pretrained(folder);
  std::filesystem::remove(folder / "model.safetensors");
  std::vector<SafetensorsTensor<float>> shards[2];
  Json map = Json::object();
  for (const auto& [name, p] : model.named_parameters()) {
    const std::size_t shard = name.starts_with("cls.") ? 1 : 0;
    shards[shard].push_back({name, p->shape.sizes(), p->data});
    map[name] = shard == 0 ? "a.safetensors" : "b.safetensors";
  }
  write_safetensors(folder / "a.safetensors", shards[0]);
  write_safetensors(folder / "b.safetensors", shards[1]);
  return map;
}

/// Returns the message of the error that opening the folder with this index throws.
std::string refusal(const std::filesystem::path& folder, const std::string& index) {
  io::write_file(folder / "model.safetensors.index.json", index);
  return testing::error_of<Error>([&] { BertForMaskedLM::from_pretrained(folder); });
}

std::string refusal(const std::filesystem::path& folder, const Json& map) {
  return refusal(folder, Json(Json::Object{{"weight_map", map}}).dump());
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("shards: the index may name only files that are there and have the tensor") {
  const TemporaryDirectory folder;
  BertForMaskedLM model(testing::tiny_config());
  const Json map = write_shards(folder.path(), model);
  const auto with = [&](const Json& shard) {
    Json changed = map;
    changed["cls.predictions.bias"] = shard;
    return refusal(folder.path(), changed);
  };
  CHECK(refusal(folder.path(), map) == "accepted");
  const std::string source = (folder / "model.safetensors.index.json").string();
  for (const char* name : {"../b.safetensors", "/etc/passwd", "x/../b.safetensors", "", ".", "..", "b.bin"}) {
    const std::string found = with(name);
    CHECK_MESSAGE(found == source + ": cls.predictions.bias: the shard is \"" + name +
                               "\", expected the name of a .safetensors file in the same folder",
                  found);
  }
  CHECK(has(with(std::string("b.safetensors\0.safetensors", 26)), "in the same folder"));
  CHECK(has(with(-1), source + ": weight_map: cls.predictions.bias: expected the name of a shard, found -1"));
  CHECK(has(with(nullptr), "expected the name of a shard, found null"));
  CHECK(with("c.safetensors") == source +
                                     ": the shard c.safetensors with 1 of the tensors is missing; copy or download "
                                     "it into the same folder");
  CHECK(has(with("a.safetensors"),
            "expected the tensor cls.predictions.bias in a.safetensors, which does not contain it"));
  Json more = map;
  more["bert.pooler.dense.bias"] = "a.safetensors";
  CHECK(has(refusal(folder.path(), more), "expected the tensor bert.pooler.dense.bias in a.safetensors"));
}

TEST_CASE("shards: an index without a weight_map, and a tensor in two shards, are refused") {
  const TemporaryDirectory folder;
  BertForMaskedLM model(testing::tiny_config());
  Json map = write_shards(folder.path(), model);
  const std::string source = (folder / "model.safetensors.index.json").string();
  CHECK(has(refusal(folder.path(), std::string("{}")), source + ": weight_map: the key \"weight_map\" is missing"));
  CHECK(has(refusal(folder.path(), std::string("[]")), source + ": weight_map: expected an object"));
  CHECK(has(refusal(folder.path(), Json(-1)), source + ": weight_map: expected an object, found -1"));
  CHECK(has(refusal(folder.path(), Json::object()), source + ": weight_map is empty"));
  std::filesystem::copy_file(folder / "b.safetensors", folder / "c.safetensors");
  map["cls.predictions.bias"] = "c.safetensors";
  CHECK(has(refusal(folder.path(), map), "in one shard, found it in "));
}

TEST_CASE("from_pretrained: a model's name and a file in place of a folder are explained") {
  CHECK_THROWS_WITH_AS(BertForMaskedLM::from_pretrained("bert-base-uncased"),
                       doctest::Contains("hf download bert-base-uncased --local-dir bert-base-uncased"), IoError);
  CHECK_THROWS_WITH_AS(has_pretrained("bert-base-uncased", "bert.pooler.dense.bias"),
                       doctest::Contains("hf download bert-base-uncased"), IoError);
  const TemporaryDirectory folder;
  BertForMaskedLM(testing::tiny_config()).save_pretrained(folder.path());
  CHECK_THROWS_WITH_AS(BertForMaskedLM::from_pretrained(folder / "model.safetensors"),
                       doctest::Contains("is a file, expected a folder"), IoError);
}
