#include <minibert/tokenizers/bert_tokenizer.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/json.hpp>

#include "support/error_of.hpp"
#include "support/test_data.hpp"

using namespace minibert;

namespace {

using Tokens = std::vector<std::string>;

const Tokens kVocabulary = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b", "\u0DC3"};
const std::string kVocabTxt = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n";

/// Returns the message of the FormatError that from_pretrained() throws, or "accepted".
std::string refusal(const std::filesystem::path& folder) {
  return testing::error_of<FormatError>([&] { BertTokenizer::from_pretrained(folder); });
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// A folder with only the tokenizer.json of a saved tokenizer, for changes.
class Changed {
 public:
  Changed() {
    BertTokenizer(kVocabulary).save_pretrained(folder_.path());
    json_ = Json::read(folder_ / "tokenizer.json");
    for (const char* name : {"vocab.txt", "tokenizer_config.json", "special_tokens_map.json"})
      std::filesystem::remove(folder_ / name);
  }
  Json& operator[](std::string_view key) { return json_[key]; }
  const std::filesystem::path& path() { return write(json_.dump()); }
  const std::filesystem::path& write(std::string_view text) {
    io::write_file(folder_ / "tokenizer.json", text);
    return folder_.path();
  }
  void add(const char* name, std::string_view text) { io::write_file(folder_ / name, text); }

 private:
  testing::TemporaryDirectory folder_;
  Json json_;
};

}  // namespace

TEST_CASE("what is saved comes back, from tokenizer.json and from vocab.txt") {
  const testing::TemporaryDirectory folder;
  const auto path = folder / "new" / "folder";
  const BertTokenizer original(kVocabulary, {.do_lower_case = false,
                                             .strip_accents = true,
                                             .tokenize_chinese_chars = false,
                                             .model_max_length = 128,
                                             .padding_side = Side::left,
                                             .truncation_side = Side::left,
                                             .pad_token = "<pad>"});
  original.save_pretrained(path);
  for (const bool with_json : {true, false}) {
    if (!with_json) std::filesystem::remove(path / "tokenizer.json");
    const BertTokenizer back = BertTokenizer::from_pretrained(path);
    CHECK(back.fingerprint() == original.fingerprint());
    CHECK(back.model_max_length() == 128);
    CHECK(back.options().padding_side == Side::left);
    CHECK(back.options().truncation_side == Side::left);
    CHECK(back.pad_token_id() == 8);
    CHECK(back.vocab_size() == 9);
  }
}

TEST_CASE("saving again writes the same bytes") {
  const testing::TemporaryDirectory first, second;
  BertTokenizer(kVocabulary).save_pretrained(first.path());
  BertTokenizer::from_pretrained(first.path()).save_pretrained(second.path());
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"})
    CHECK(io::read_file(first / name) == io::read_file(second / name));
}

TEST_CASE("without a length limit none is written, and 1e30 is read as none") {
  const testing::TemporaryDirectory folder;
  BertTokenizer(kVocabulary).save_pretrained(folder.path());
  CHECK_FALSE(has(io::read_file(folder / "tokenizer_config.json"), "model_max_length"));
  io::write_file(folder / "tokenizer_config.json", R"({"model_max_length": 1000000000000000019884624838656})");
  CHECK(BertTokenizer::from_pretrained(folder.path()).model_max_length() == kUnlimited);
  io::write_file(folder / "tokenizer_config.json", R"({"model_max_length": 0})");
  CHECK(has(refusal(folder.path()), "tokenizer_config.json: model_max_length: expected at least 1, found 0"));
  io::write_file(folder / "tokenizer_config.json", R"({"model_max_length": 512.0})");
  CHECK(BertTokenizer::from_pretrained(folder.path()).model_max_length() == 512);
  io::write_file(folder / "tokenizer_config.json", R"({"model_max_length": 512.5})");
  CHECK(has(refusal(folder.path()), "model_max_length: expected an integer, found 512.5"));
  std::filesystem::remove(folder / "special_tokens_map.json");
  io::write_file(folder / "tokenizer_config.json", R"({"mask_token": ""})");
  CHECK(has(refusal(folder.path()), "mask_token is empty, expected at least one character"));
}

TEST_CASE("tokenizer.json rules alone; tokenizer_config.json overrules it, unless its class is a general one") {
  Changed changed;
  changed["normalizer"]["lowercase"] = false;
  CHECK_FALSE(BertTokenizer::from_pretrained(changed.path()).options().do_lower_case);
  changed.add("tokenizer_config.json", "{}");
  CHECK(BertTokenizer::from_pretrained(changed.path()).options().do_lower_case);
  changed.add("tokenizer_config.json", R"({"tokenizer_class": "PreTrainedTokenizerFast"})");
  CHECK_FALSE(BertTokenizer::from_pretrained(changed.path()).options().do_lower_case);
  changed.add("tokenizer_config.json", R"({"tokenizer_class": "RobertaTokenizer"})");
  CHECK(has(refusal(changed.path()), "tokenizer_config.json: tokenizer_class is \"RobertaTokenizer\", expected"));
}

TEST_CASE("tokenizer_class with vocab.txt alone: classes that do the same as BertTokenizer, no others") {
  const testing::TemporaryDirectory folder;
  io::write_file(folder / "vocab.txt", kVocabTxt);
  const auto with = [&](const char* name) {
    io::write_file(folder / "tokenizer_config.json", core::concat(R"({"tokenizer_class": )", name, "}"));
    return refusal(folder.path());
  };
  for (const char* name : {"null", R"("BertTokenizerFast")", R"("DistilBertTokenizer")", R"("ElectraTokenizerFast")"})
    CHECK(with(name) == "accepted");
  CHECK(has(with(R"("BertJapaneseTokenizer")"), "tokenizer_config.json: tokenizer_class is \"BertJapaneseTokenizer\""));
  CHECK(has(with("3"), "tokenizer_config.json: tokenizer_class: expected a string, found 3"));
  CHECK(has(with(R"("PreTrainedTokenizerFast")"), "takes all from tokenizer.json, but this file is missing"));
}

TEST_CASE("components that are not BERT's are refused by name") {
  const auto refused = [](auto&& change) {
    Changed changed;
    change(changed);
    const std::string message = refusal(changed.path());
    CHECK(has(message, "tokenizer.json: "));
    return message;
  };
  CHECK(has(refused([](Changed& c) { c["model"]["type"] = "BPE"; }),
            "model: type is \"BPE\", expected \"WordPiece\"; only BERT tokenizers are supported"));
  CHECK(has(refused([](Changed& c) { c["model"]["continuing_subword_prefix"] = "@@"; }),
            "decoder: prefix is \"##\", expected the model's continuing_subword_prefix, \"@@\""));
  CHECK(has(refused([](Changed& c) { c["model"]["max_input_chars_per_word"] = 50; }),
            "model: max_input_chars_per_word is 50, expected 100"));
  CHECK(has(refused([](Changed& c) { c["model"]["unk_token"] = 5; }),
            "tokenizer.json: model: unk_token: expected a string, found 5"));
  CHECK(has(refused([](Changed& c) { c["normalizer"]["lowercase"] = 1; }),
            "tokenizer.json: normalizer: lowercase: expected true or false, found 1"));
  CHECK(has(refused([](Changed& c) { c["model"]["vocab"] = Json::array(); }), "vocab: expected an object"));
  CHECK(has(refused([](Changed& c) { c["model"]["vocab"]["a"] = "x"; }), "vocab: a: expected an integer, found \"x\""));
  CHECK(has(refused([](Changed& c) { c["model"]["vocab"]["a"] = -1; }), "\"a\" has the id -1"));
  CHECK(has(refused([](Changed& c) { c["model"]["vocab"]["a"] = std::int64_t{1} << 40; }), "has the id 1099511627776"));
  CHECK(has(refused([](Changed& c) { c["model"]["vocab"]["a"] = 6; }), "\"a\" and \"##b\" both have the id 6"));
  CHECK(has(refused([](Changed& c) { c["model"] = nullptr; }), "model"));
  CHECK(has(refused([](Changed& c) { c["normalizer"]["type"] = "NFC"; }),
            "normalizer: type is \"NFC\", expected \"BertNormalizer\""));
  CHECK(has(refused([](Changed& c) { c["normalizer"] = nullptr; }), "normalizer is missing or null, expected"));
  CHECK(has(refused([](Changed& c) { c["normalizer"]["clean_text"] = false; }),
            "normalizer: clean_text is false, expected true"));
  CHECK(has(refused([](Changed& c) { c["pre_tokenizer"]["type"] = "Whitespace"; }),
            "pre_tokenizer: type is \"Whitespace\", expected \"BertPreTokenizer\""));
  CHECK(has(refused([](Changed& c) { c["pre_tokenizer"] = nullptr; }), "pre_tokenizer is missing or null, expected"));
  CHECK(has(refused([](Changed& c) { c["decoder"]["type"] = "ByteLevel"; }),
            "decoder: type is \"ByteLevel\", expected \"WordPiece\""));
  CHECK(has(refused([](Changed& c) { c["post_processor"]["type"] = "ByteLevel"; }),
            "post_processor: type is \"ByteLevel\", expected \"TemplateProcessing\""));
  CHECK(has(refused([](Changed& c) { c["post_processor"]["single"] = nullptr; }),
            "post_processor: single: expected an array, found null"));
  CHECK(has(refused([](Changed& c) { c["post_processor"]["single"].as_array().pop_back(); }),
            "post_processor: the template \"single\" is \"[CLS]:0 A:0\", expected \"[CLS]:0 A:0 [SEP]:0\""));
  CHECK(has(refused([](Changed& c) { c["added_tokens"].as_array().at(1)["lstrip"] = "yes"; }),
            "added_tokens: [1]: lstrip: expected true or false"));
  CHECK(has(refused([](Changed& c) { c["added_tokens"].as_array().at(1)["id"] = -1; }),
            "added_tokens: [1]: the id is -1, expected 0 to 16777215"));
}

TEST_CASE("components that may be missing") {
  Changed changed;
  changed["decoder"] = nullptr;
  changed["truncation"] = Json::object();
  CHECK(refusal(changed.path()) == "accepted");
}

TEST_CASE("a tokenizer that follows tokenizer.json needs a post-processor with the vocabulary's ids") {
  Changed changed;
  const Json whole = changed["post_processor"];
  const auto with = [&](Json processor) {
    changed["post_processor"] = std::move(processor);
    return refusal(changed.path());
  };
  const auto pair = [](const char* token, int id) { return Json::Array{token, id}; };
  const auto bert = [&](int cls, int sep) {
    return Json::Object{{"type", "BertProcessing"}, {"cls", pair("[CLS]", cls)}, {"sep", pair("[SEP]", sep)}};
  };
  CHECK(with(bert(2, 3)) == "accepted");
  CHECK(has(with(bert(2, 103)),
            "tokenizer.json: post_processor: sep: gives \"[SEP]\" the id 103, expected its id in "
            "the vocabulary, 3; the post-processor belongs to another vocabulary: make it anew"));
  CHECK(has(with(Json::Object{{"type", "BertProcessing"}}), "post_processor: cls: "));
  CHECK(with(Json::Object{{"type", "Sequence"}, {"processors", Json::Array{whole}}}) == "accepted");
  CHECK(has(with(Json::Object{{"type", "Sequence"}, {"processors", Json::Array{}}}), "type is \"Sequence\""));
  CHECK(has(with(nullptr),
            "tokenizer.json: post_processor is missing or null, so transformers would add neither [CLS] "
            "nor [SEP], expected a \"TemplateProcessing\" that adds both"));
  Json stale = whole;
  stale["special_tokens"]["[CLS]"]["ids"] = Json::Array{101};
  CHECK(has(with(stale),
            "post_processor: special_tokens: gives \"[CLS]\" the id 101, expected its id in the vocabulary, 2"));
  changed.add("tokenizer_config.json", R"({"tokenizer_class": "PreTrainedTokenizerFast"})");
  CHECK(has(with(stale), "gives \"[CLS]\" the id 101"));
  CHECK(has(with(nullptr), "post_processor is missing or null"));
  changed.add("tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer"})");  // has its own template
  CHECK(with(stale) == "accepted");
  CHECK(with(nullptr) == "accepted");
  CHECK(BertTokenizer::from_pretrained(changed.path()).encode("a") == std::vector<token_id>{2, 5, 3});
  std::filesystem::remove(changed.path() / "tokenizer_config.json");
  changed.add("config.json", R"({"model_type": "bert"})");  // its tokenizer is BertTokenizer
  CHECK(with(nullptr) == "accepted");
  changed.add("config.json", R"({"model_type": "roberta"})");
  CHECK(has(with(nullptr), "post_processor is missing or null"));
}

TEST_CASE("beside a tokenizer.json that rules, an added_tokens_decoder adds tokens and changes flags") {
  Changed changed;
  changed["added_tokens"].as_array().push_back(Json::Object{{"id", 8}, {"content", "<x>"}});
  const auto with = [&](const char* rest) {
    changed.add("tokenizer_config.json", core::concat(R"({"tokenizer_class": "PreTrainedTokenizerFast")", rest, "}"));
    return refusal(changed.path());
  };
  CHECK(with(R"(, "added_tokens_decoder": {"8": {"content": "<x>", "special": true}, "9": {"content": "<y>"}})") ==
        "accepted");
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(changed.path());
  CHECK(tokenizer.is_special(8));
  CHECK(tokenizer.convert_tokens_to_ids("<y>") == 9);
  CHECK(has(with(R"(, "added_tokens_decoder": {"8": {"content": "<y>"}})"), "\"<x>\" and \"<y>\" both have the id 8"));
  CHECK(has(with(R"(, "unk_token": "a")"),
            "tokenizer.json: model: unk_token is \"[UNK]\", but \"a\" in "
            "tokenizer_config.json or special_tokens_map.json; make them equal"));
}

TEST_CASE("a Sequence of one component is this component") {
  Changed changed;
  const std::uint64_t fingerprint = BertTokenizer::from_pretrained(changed.path()).fingerprint();
  for (const auto& [name, members] :
       {std::pair("normalizer", "normalizers"), std::pair("pre_tokenizer", "pretokenizers"),
        std::pair("decoder", "decoders"), std::pair("post_processor", "processors")}) {
    const Json component = changed[name];
    changed[name] = Json::Object{{"type", "Sequence"}, {members, Json::Array{component}}};
    CHECK(BertTokenizer::from_pretrained(changed.path()).fingerprint() == fingerprint);
  }
  changed["normalizer"] = Json::Object{{"type", "Sequence"}, {"normalizers", Json::Array{changed["normalizer"]}}};
  CHECK(BertTokenizer::from_pretrained(changed.path()).fingerprint() == fingerprint);
}

TEST_CASE("other normalizers and pre-tokenizers are refused with what was found and the way out") {
  Changed changed;
  const auto type = [](const char* name) { return Json::Object{{"type", name}}; };
  changed["normalizer"] = Json::Object{
      {"type", "Sequence"}, {"normalizers", Json::Array{type("NFD"), type("Lowercase"), type("StripAccents")}}};
  CHECK(
      has(refusal(changed.path()),
          "normalizer: found a Sequence of (NFD, Lowercase, StripAccents), expected \"BertNormalizer\", alone or as "
          "the only member of a Sequence, or the Sequence (Replace, Replace, BertNormalizer) that minibert writes for "
          "keep_joiners; only BERT tokenizers are supported: train a new vocabulary with BertNormalizer"));
  Changed other;
  other["pre_tokenizer"] = type("Whitespace");
  CHECK(has(refusal(other.path()),
            "pre_tokenizer: type is \"Whitespace\", expected \"BertPreTokenizer\"; only BERT "
            "tokenizers are supported: train a new vocabulary with BertPreTokenizer"));
  other["pre_tokenizer"] =
      Json::Object{{"type", "Sequence"}, {"pretokenizers", Json::Array{type("Whitespace"), type("BertPreTokenizer")}}};
  CHECK(has(refusal(other.path()), "pre_tokenizer: type is \"Sequence\", expected \"BertPreTokenizer\""));
}

TEST_CASE("special tokens that only tokenizer_config.json or special_tokens_map.json names") {
  const auto opened = [](bool with_json, const char* config, const char* map) {
    const testing::TemporaryDirectory folder;
    BertTokenizer(kVocabulary).save_pretrained(folder.path());
    std::filesystem::remove(folder / (with_json ? "vocab.txt" : "tokenizer.json"));
    io::write_file(folder / "tokenizer_config.json", config);
    io::write_file(folder / "special_tokens_map.json", map);
    return BertTokenizer::from_pretrained(folder.path());
  };
  const auto ids = [](const BertTokenizer& tokenizer, std::string_view text) {
    return tokenizer.encode(text, {.add_special_tokens = false});
  };
  using Ids = std::vector<token_id>;
  for (const bool with_json : {true, false}) {
    CHECK(ids(opened(with_json, R"({"additional_special_tokens": ["[NEW]", "a"]})", "{}"), "[NEW]a b") == Ids{8, 5, 1});
    CHECK(ids(opened(with_json, R"({"extra_special_tokens": {"foo": "[NEW]"}})", "{}"), "[NEW]a") == Ids{8, 5});
    CHECK(ids(opened(with_json, "{}", R"({"additional_special_tokens": [{"content": "[NEW]", "lstrip": true}]})"),
              "a [NEW]") == Ids{5, 8});
    const BertTokenizer several = opened(
        with_json, R"({"eos_token": "<e>", "mask_token": "<m>", "extra_special_tokens": ["<x>"], "foo_token": "<f>",
                       "add_bos_token": true})",
        R"({"bos_token": {"content": "<b>"}, "extra_special_tokens": ["<x>", "<y>"]})");
    CHECK(ids(several, "<b><e><m><f><x><y>") == Ids{8, 9, 10, 11, 12, 13});
    CHECK(several.vocab_size() == 14);
    CHECK(several.is_special(13));
    const testing::TemporaryDirectory saved;
    several.save_pretrained(saved.path());
    CHECK(BertTokenizer::from_pretrained(saved.path()).fingerprint() == several.fingerprint());
    std::filesystem::remove(saved / "tokenizer.json");
    CHECK(ids(BertTokenizer::from_pretrained(saved.path()), "<b><y>").size() == 2);
  }
}

TEST_CASE("special tokens of the wrong JSON type are errors that name file and key") {
  const testing::TemporaryDirectory folder;
  io::write_file(folder / "vocab.txt", kVocabTxt);
  for (const char* file : {"tokenizer_config.json", "special_tokens_map.json"}) {
    const auto refused = [&](const char* text) {
      io::write_file(folder / file, text);
      const std::string message = refusal(folder.path());
      CHECK(has(message, file));
      return message;
    };
    CHECK(has(refused(R"({"extra_special_tokens": "[NEW]"})"),
              "extra_special_tokens: expected a list of tokens, or an object of named tokens, found \"[NEW]\""));
    CHECK(has(refused(R"({"additional_special_tokens": "[NEW]"})"),
              "additional_special_tokens: expected a list of tokens, "));
    CHECK(has(refused(R"({"additional_special_tokens": ["<x>", 3]})"),
              "additional_special_tokens: [1]: expected a string or an object with a \"content\", found 3"));
    CHECK(has(refused(R"({"extra_special_tokens": {"x": 3}})"), "extra_special_tokens: x: expected a string or an"));
    CHECK(has(refused(R"({"bos_token": 3})"), "bos_token: expected a string or an object"));
    CHECK(has(refused("[]"), "expected an object, found "));
    CHECK(has(refused(""), ":1:"));
    io::write_file(folder / file, "{}");
  }
}

TEST_CASE("added_tokens.json adds tokens, unless there is an added_tokens_decoder") {
  const testing::TemporaryDirectory folder;
  io::write_file(folder / "vocab.txt", kVocabTxt);
  io::write_file(folder / "added_tokens.json", R"({"<y>": 8, "<X>": 7})");
  io::write_file(folder / "special_tokens_map.json", R"({"extra_special_tokens": ["<y>"]})");
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder.path());
  CHECK(tokenizer.encode("<x><y><Y>", {.add_special_tokens = false}) == std::vector<token_id>{7, 8, 1, 1, 1});
  CHECK(tokenizer.is_special(8));
  CHECK_FALSE(tokenizer.is_special(7));
  io::write_file(folder / "added_tokens.json", R"({"<x>": "7"})");
  CHECK(has(refusal(folder.path()), "added_tokens.json: <x>: expected an integer, found \"7\""));
  io::write_file(folder / "added_tokens.json", R"({"<x>": 9})");
  CHECK(has(refusal(folder.path()),
            "\"<x>\" has the id 9, expected 7, the next free id, which Hugging Face gives to it"));
  io::write_file(folder / "tokenizer_config.json", R"({"added_tokens_decoder": {}})");
  CHECK(BertTokenizer::from_pretrained(folder.path()).vocab_size() == 7);
}

TEST_CASE("a damaged tokenizer.json") {
  Changed changed;
  const std::string whole = io::read_file(changed.path() / "tokenizer.json");
  for (std::size_t n = 0; n < whole.size(); n += 61)
    REQUIRE(has(refusal(changed.write(whole.substr(0, n))), "tokenizer.json"));
  CHECK(has(refusal(changed.write("null")), "tokenizer.json"));
  CHECK(has(refusal(changed.write("[]")), "tokenizer.json"));
}

TEST_CASE("vocab.txt: CRLF, no last newline, duplicates, empty lines") {
  const testing::TemporaryDirectory folder;
  const auto opened = [&](std::string_view text) {
    io::write_file(folder / "vocab.txt", text);
    return BertTokenizer::from_pretrained(folder.path());
  };
  CHECK(opened(kVocabTxt).fingerprint() ==
        opened("[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\na\r\n##b").fingerprint());
  const BertTokenizer twice = opened(kVocabTxt + "\na\n");
  CHECK(twice.vocab_size() == 9);
  CHECK(twice.convert_tokens_to_ids("a") == 8);
  CHECK(twice.options().do_lower_case);

  io::write_file(folder / "vocab.txt", kVocabTxt + "\xFF\n");
  CHECK(has(refusal(folder.path()), "vocab.txt: line 8 is not valid UTF-8"));
  io::write_file(folder / "vocab.txt", "[PAD]\n[CLS]\n");
  CHECK(
      has(refusal(folder.path()), "vocab.txt: found 2 tokens, but not the token for unknown words, \"[UNK]\"; add it"));
  io::write_file(folder / "vocab.txt", "");
  CHECK(has(refusal(folder.path()), "vocab.txt: found 0 tokens, but not"));
  io::write_file(folder / "vocab.txt", "[PAD]\r[UNK]\r");
  CHECK(has(refusal(folder.path()), "vocab.txt: found 1 token, but not"));
}

TEST_CASE("special tokens by other names, and added tokens of older files") {
  const testing::TemporaryDirectory folder;
  io::write_file(folder / "vocab.txt", kVocabTxt);
  io::write_file(folder / "special_tokens_map.json", R"({"mask_token": "<m>"})");
  CHECK(BertTokenizer::from_pretrained(folder.path()).mask_token_id() == 7);
  io::write_file(folder / "tokenizer_config.json", R"({"mask_token": {"content": "[MASK]"}, "do_lower_case": false,
    "added_tokens_decoder": {"7": {"content": "<e>", "special": false}}})");
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder.path());
  CHECK(tokenizer.mask_token_id() == 4);
  CHECK(tokenizer.tokenize("a<e>") == std::vector<std::string>{"a", "<e>"});
  CHECK_FALSE(tokenizer.is_special(7));
  io::write_file(folder / "tokenizer_config.json", R"({"added_tokens_decoder": {"x7": {"content": "<e>"}}})");
  CHECK(has(refusal(folder.path()),
            "tokenizer_config.json: added_tokens_decoder: found the key \"x7\", expected the id of a token"));
  io::write_file(folder / "tokenizer_config.json", R"({"added_tokens_decoder": {"7": {"content": 1}}})");
  CHECK(has(refusal(folder.path()), "added_tokens_decoder: 7: content: expected a string, found 1"));
  io::write_file(folder / "tokenizer_config.json", R"({"do_lower_case": "no"})");
  CHECK(has(refusal(folder.path()), "tokenizer_config.json: do_lower_case: expected true or false, found \"no\""));
  io::write_file(folder / "tokenizer_config.json", R"({"truncation_side": "up"})");
  CHECK(has(refusal(folder.path()), "truncation_side: expected \"left\" or \"right\", found \"up\""));
}

TEST_CASE("the flags of added tokens come back") {
  BertTokenizerParts parts{kVocabulary, {}, {}};
  parts.added_tokens = {
      {.id = 8, .content = "<E>", .special = false, .single_word = true, .normalized = true},
      {.id = 9, .content = "<f>", .special = false, .lstrip = true, .rstrip = true},
  };
  const BertTokenizer original(parts);
  CHECK(original.tokenize(" <F> a<e> <e>").back() == "<e>");
  const testing::TemporaryDirectory folder;
  original.save_pretrained(folder.path());
  const BertTokenizer back = BertTokenizer::from_pretrained(folder.path());
  CHECK(back.fingerprint() == original.fingerprint());
  CHECK(back.fingerprint() != BertTokenizer({kVocabulary, {{8, "<E>", false}, {9, "<f>", false}}, {}}).fingerprint());
}

TEST_CASE("what BertTokenizer would read otherwise is saved for transformers' general class, without vocab.txt") {
  const testing::TemporaryDirectory folder;
  BertTokenizer(kVocabulary).save_pretrained(folder.path());
  Tokens vocabulary = kVocabulary;
  vocabulary[6] = "@@b";
  const BertTokenizer original(vocabulary, {.do_lower_case = false, .continuing_subword_prefix = "@@"});
  original.save_pretrained(folder.path());
  CHECK_FALSE(std::filesystem::exists(folder / "vocab.txt"));
  Json config = Json::read(folder / "tokenizer_config.json");
  CHECK(config.at("tokenizer_class") == Json("PreTrainedTokenizerFast"));
  CHECK(config.at("model_input_names").as_array().size() == 3);
  const BertTokenizer back = BertTokenizer::from_pretrained(folder.path());
  CHECK(back.fingerprint() == original.fingerprint());
  CHECK(back.fingerprint() != BertTokenizer(vocabulary, {.do_lower_case = false}).fingerprint());
  CHECK(back.tokenize("abb") == Tokens{"a", "@@b", "@@b"});
  CHECK(back.decode({5, 6, 5}) == "ab a");

  config["tokenizer_class"] = "BertTokenizer";
  io::write_file(folder / "tokenizer_config.json", config.dump());
  CHECK(has(refusal(folder.path()),
            "tokenizer_config.json: tokenizer_class: BertTokenizer uses the prefix \"##\", but "
            "continuing_subword_prefix in tokenizer.json is \"@@\"; to use tokenizer.json as it is, set "
            "tokenizer_class to \"PreTrainedTokenizerFast\""));
  std::filesystem::remove(folder / "tokenizer_config.json");  // all settings now come from tokenizer.json
  CHECK(BertTokenizer::from_pretrained(folder.path()).tokenize("ab") == Tokens{"a", "@@b"});
}

TEST_CASE("joiners that are kept are kept by the files, which go to transformers' general class") {
  const testing::TemporaryDirectory folder;
  Tokens vocabulary = kVocabulary;
  vocabulary.insert(vocabulary.end(), {"##\u200D", "##\u0DC3", "\u200C"});
  const BertTokenizer original(vocabulary, {.do_lower_case = true, .keep_joiners = true});
  CHECK(original.tokenize("\u0DC3\u200D\u0DC3") == Tokens{"\u0DC3", "##\u200D", "##\u0DC3"});
  CHECK(original.tokenize("\u200B\u0DC3\u00AD\u200D \u200C") == Tokens{"\u0DC3", "##\u200D", "\u200C"});
  CHECK(original.decode(original.encode("\u0DC3\u200D\u0DC3"), true) == "\u0DC3\u200D\u0DC3");
  CHECK(original(std::string("\u0DC3\u200D"), {.return_offsets_mapping = true}).offset_mapping.at(2) == CharSpan{1, 2});
  CHECK(BertTokenizer(vocabulary).tokenize("\u0DC3\u200D\u0DC3") == Tokens{"\u0DC3", "##\u0DC3"});
  original.save_pretrained(folder.path());
  CHECK_FALSE(std::filesystem::exists(folder / "vocab.txt"));
  const BertTokenizer back = BertTokenizer::from_pretrained(folder.path());
  CHECK(back.options().keep_joiners);
  CHECK(back.fingerprint() == original.fingerprint());
  CHECK(back.fingerprint() != BertTokenizer(vocabulary).fingerprint());

  Json tokenizer = Json::read(folder / "tokenizer.json"), config = Json::read(folder / "tokenizer_config.json");
  CHECK(config.at("tokenizer_class") == Json("PreTrainedTokenizerFast"));
  config["tokenizer_class"] = "BertTokenizer";
  io::write_file(folder / "tokenizer_config.json", config.dump());
  CHECK(has(refusal(folder.path()), "tokenizer_class: BertTokenizer drops U+200C and U+200D"));
  std::filesystem::remove(folder / "tokenizer_config.json");
  CHECK(BertTokenizer::from_pretrained(folder.path()).fingerprint() == original.fingerprint());
  tokenizer["normalizer"]["normalizers"].as_array().at(1)["content"] = "x";
  io::write_file(folder / "tokenizer.json", tokenizer.dump());
  CHECK(has(refusal(folder.path()),
            "tokenizer.json: normalizer: found a Sequence of (Replace, Replace, BertNormalizer), expected"));
  tokenizer["normalizer"]["normalizers"].as_array().pop_back();
  io::write_file(folder / "tokenizer.json", tokenizer.dump());
  CHECK(has(refusal(folder.path()), "normalizer: found a Sequence of (Replace, Replace), expected \"BertNormalizer\""));
  tokenizer["normalizer"]["normalizers"].as_array().clear();
  io::write_file(folder / "tokenizer.json", tokenizer.dump());
  CHECK(has(refusal(folder.path()), "normalizer: found a Sequence of (), expected \"BertNormalizer\""));
}

TEST_CASE("a missing normalized means not special") {
  const testing::TemporaryDirectory folder;
  io::write_file(folder / "vocab.txt", kVocabTxt);
  io::write_file(folder / "tokenizer_config.json", R"({"added_tokens_decoder":
    {"7": {"content": "<E>"}, "8": {"content": "<F>", "special": true}, "4": {"content": "[MASK]", "lstrip": true,
     "special": true}}, "mask_token": {"content": "[MASK]", "lstrip": true}})");
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder.path());
  CHECK(tokenizer.encode("<e><E><F><f> [MASK]", {.add_special_tokens = false}) ==
        std::vector<token_id>{7, 7, 8, 1, 1, 1, 4});
}

TEST_CASE("flags of a special token that only its name brings count, and outlive saving") {
  const testing::TemporaryDirectory folder, saved;
  io::write_file(folder / "vocab.txt", kVocabTxt);
  io::write_file(folder / "tokenizer_config.json", R"({"mask_token": {"content": "[MASK]", "lstrip": true},
    "sep_token": {"content": "<S>", "normalized": true, "special": false}})");
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder.path());
  CHECK(tokenizer(std::string("a  [MASK]"), {.return_offsets_mapping = true}).offset_mapping[2] == CharSpan{1, 9});
  CHECK(tokenizer.encode("a<s>") == std::vector<token_id>{2, 5, 7, 7});
  CHECK(tokenizer.is_special(7));
  tokenizer.save_pretrained(saved.path());
  CHECK(BertTokenizer::from_pretrained(saved.path()).fingerprint() == tokenizer.fingerprint());
  io::write_file(folder / "special_tokens_map.json", R"({"mask_token": "[MASK]"})");  // has the last word
  CHECK(
      BertTokenizer::from_pretrained(folder.path())("a  [MASK]", {.return_offsets_mapping = true}).offset_mapping[2] ==
      CharSpan{3, 9});
  io::write_file(folder / "special_tokens_map.json", R"({"mask_token": {"content": 1}})");
  CHECK(has(refusal(folder.path()), "special_tokens_map.json: mask_token: "));
  io::write_file(folder / "special_tokens_map.json", "{");
  CHECK(refusal(folder.path()).starts_with((folder / "special_tokens_map.json").string() + ":1:"));
}

TEST_CASE("added_tokens_decoder replaces the added tokens; without it special_tokens_map.json names the special ones") {
  Changed changed;
  changed["added_tokens"].as_array().push_back(Json::Object{{"id", 8}, {"content", "<z>"}});
  changed.add("special_tokens_map.json", R"({"mask_token": "a"})");
  changed.add("tokenizer_config.json", R"({"mask_token": "[MASK]"})");
  const BertTokenizer by_json = BertTokenizer::from_pretrained(changed.path());
  CHECK(by_json.convert_tokens_to_ids("<z>") == 8);
  CHECK(by_json.mask_token_id() == 5);
  changed.add("tokenizer_config.json", R"({"added_tokens_decoder": {"8": {"content": "<E>"}}})");
  const BertTokenizer by_config = BertTokenizer::from_pretrained(changed.path());
  CHECK(by_config.convert_tokens_to_ids("<E>") == 8);
  CHECK(by_config.convert_tokens_to_ids("<z>") == 1);
  CHECK(by_config.mask_token_id() == 4);
}

TEST_CASE("a folder without a tokenizer") {
  const testing::TemporaryDirectory folder;
  CHECK_THROWS_WITH_AS(
      BertTokenizer::from_pretrained(folder.path()),
      (folder.path().string() + ": found no tokenizer, expected tokenizer.json or vocab.txt in it").c_str(), IoError);
  CHECK_THROWS_WITH_AS(
      BertTokenizer::from_pretrained(folder / "none"),
      ((folder / "none").string() + ": found no such folder, expected tokenizer.json or vocab.txt in it").c_str(),
      IoError);
  CHECK_THROWS_WITH_AS(BertTokenizer::from_pretrained("bert-base-uncased"),
                       doctest::Contains("hf download bert-base-uncased"), IoError);
}

TEST_CASE("the published tokenizers: tokenizer.json and vocab.txt say the same") {
  for (const char* name : {"tokenizers/bert-base-cased", "tokenizers/bert-base-uncased"}) {
    const auto source = testing::test_data(name);
    if (!source) return;
    const testing::TemporaryDirectory folder;
    for (const char* file : {"vocab.txt", "tokenizer_config.json"})
      std::filesystem::copy_file(*source / file, folder / file);
    const BertTokenizer whole = BertTokenizer::from_pretrained(*source);
    CHECK(BertTokenizer::from_pretrained(folder.path()).fingerprint() == whole.fingerprint());
    CHECK(whole.model_max_length() == 512);
    CHECK(whole.mask_token_id() == 103);
  }
}
