// Times tokenization and the training of vocabularies, on new text: a process sees no line twice. Prints JSON for
// scripts/bench: {"seconds": …, "MB": …} and counts. bench/peers/tokenizer_speed.py does the same with other libraries.
//   tokenizer_speed encode FOLDER TEXT    only ids, by encode_into
//   tokenizer_speed batch FOLDER TEXT     encodings, by batch_encode
//   tokenizer_speed train TEXT VOCAB_SIZE LOWERCASE FOLDER    a vocabulary from a file, saved in the folder
//   tokenizer_speed memory FOLDER         memory of an open tokenizer
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/parallel.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/json.hpp>
#include <minibert/tokenizers/bert_tokenizer.hpp>
#include <minibert/tokenizers/unicode.hpp>
#include <minibert/tokenizers/word_counts.hpp>
#include <minibert/tokenizers/wordpiece_trainer.hpp>

namespace {

using namespace minibert;

template <class F>
double seconds_of(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Returns the lines of a file: the first tenth for warming up, and the others for measuring.
std::pair<std::vector<std::string>, std::vector<std::string>> lines_of(const char* path) {
  const MappedFile file(path);
  std::string_view text = file.view();
  std::vector<std::string> lines;
  while (!text.empty()) {
    lines.emplace_back(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.size(), lines.back().size() + 1));
  }
  const auto cut = lines.begin() + core::length(lines) / 10;
  return {{lines.begin(), cut}, {cut, lines.end()}};
}

/// Keeps all threads busy until the system has given each thread a core of its own. This takes the system longer than
/// tokenizing a megabyte.
void wake_threads() {
  parallel_for(num_threads(), 1, [](index_t, index_t) {
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(50)) {
    }
  });
}

double megabytes(const std::vector<std::string>& lines) {
  std::size_t bytes = 0;
  for (const std::string& line : lines) bytes += line.size() + 1;
  return static_cast<double>(bytes) / 1e6;
}

Json encode(const char* folder, const char* path) {
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder);
  const auto [warm_up, lines] = lines_of(path);
  constexpr index_t kLinesPerChunk = 64;
  std::vector<std::vector<token_id>> ids;  // by chunk
  const auto make_room =
      [&](const std::vector<std::string>& texts) {  // allocates in advance; a dataset reuses its chunks' memory
        ids.assign(core::usize(num_chunks(core::length(texts), kLinesPerChunk)), {});
        for (index_t i = 0; i < core::length(texts); ++i) {
          std::vector<token_id>& chunk = core::at(ids, i / kLinesPerChunk);
          chunk.resize(chunk.size() + core::at(texts, i).size() + 2);
        }
        for (std::vector<token_id>& chunk : ids) chunk.clear();
      };
  const auto encode_all = [&](const std::vector<std::string>& texts) {
    parallel_for(core::length(texts), kLinesPerChunk, [&](index_t begin, index_t end) {
      std::vector<token_id>& place = core::at(ids, begin / kLinesPerChunk);
      std::vector<token_id> chunk = std::move(place);  // a local vector, so that threads do not write to one cache line
      for (index_t i = begin; i < end; ++i) tokenizer.encode_into(core::at(texts, i), kUnlimited, chunk);
      place = std::move(chunk);
    });
  };
  wake_threads();
  make_room(warm_up);
  encode_all(warm_up);
  make_room(lines);
  const double seconds = seconds_of([&, &lines = lines] { encode_all(lines); });
  index_t count = 0;
  for (const auto& chunk : ids) count += core::length(chunk);
  return Json::Object{{"seconds", seconds}, {"MB", megabytes(lines)}, {"ids", count}};
}

Json batch(const char* folder, const char* path) {
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder);
  const auto [warm_up, lines] = lines_of(path);
  wake_threads();
  tokenizer.batch_encode(warm_up);
  BatchEncoding encoded;
  const double seconds = seconds_of([&, &lines = lines] { encoded = tokenizer.batch_encode(lines); });
  index_t ids = 0;
  for (const Encoding& encoding : encoded.encodings) ids += core::length(encoding.input_ids);
  return Json::Object{{"seconds", seconds}, {"MB", megabytes(lines)}, {"ids", ids}};
}

Json train(const char* path, const char* vocab_size, const char* lowercase, const char* folder) {
  const BertTokenizerOptions options{.do_lower_case = std::string_view(lowercase) == "true"};
  double megabytes = 0;
  const auto make = [&] {
    WordCounter counter(options.normalizer());
    const MappedFile file(path);
    megabytes = static_cast<double>(file.view().size()) / 1e6;
    counter.add_text(file.view());
    return BertTokenizer::train(counter.counts(), options, {.vocab_size = std::stoll(vocab_size)});
  };
  index_t entries = 0;
  const double seconds = seconds_of([&] {
    const BertTokenizer tokenizer = make();
    entries = tokenizer.vocab_size();
    tokenizer.save_pretrained(folder);
  });
  return Json::Object{{"seconds", seconds}, {"MB", megabytes}, {"entries", entries}};
}

Json memory(const char* folder) {
  const auto in_use = [] {
    const auto info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd) / 1e6;
  };
  const double before = in_use();
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder);
  const double tables =
      static_cast<double>(sizeof(unicode::tables::kBlockIndex) + sizeof(unicode::tables::kProperties)) / 1e6;
  return Json::Object{{"memory_MB", in_use() - before + tables}, {"entries", tokenizer.vocab_size()}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  try {
    Json result;
    if (command == "encode" && argc == 4) {
      result = encode(argv[2], argv[3]);
    } else if (command == "batch" && argc == 4) {
      result = batch(argv[2], argv[3]);
    } else if (command == "train" && argc == 6) {
      result = train(argv[2], argv[3], argv[4], argv[5]);
    } else if (command == "memory" && argc == 3) {
      result = memory(argv[2]);
    } else {
      std::cerr << "usage: tokenizer_speed encode|batch FOLDER TEXT, train TEXT VOCAB_SIZE LOWERCASE FOLDER, or memory "
                   "FOLDER\n";
      return 2;
    }
    std::cout << result.dump() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "tokenizer_speed: " << error.what() << '\n';
    return 1;
  }
}
