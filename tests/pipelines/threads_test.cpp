// Several threads use one const model. Each must compute the same bits as a single thread. CI also runs this test under
// ThreadSanitizer.
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/io/file.hpp>
#include <minibert/pipelines/fill_mask.hpp>
#include <minibert/train/evaluation.hpp>

#include "support/number_lines.hpp"
#include "support/test_data.hpp"
#include "support/tiny_bert.hpp"

using namespace minibert;

namespace {

/// Returns a BertTokenizer with the ids of testing::NumberTokenizer: from 5 on, id i is the word "w<i>".
BertTokenizer tokenizer_of(index_t vocab_size) {
  std::vector<std::string> vocabulary{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  while (core::length(vocabulary) < vocab_size) vocabulary.push_back("w" + std::to_string(vocabulary.size()));
  return BertTokenizer(vocabulary);
}

/// The results of everything that a const model can do, as numbers and bytes.
struct Results {
  std::vector<double> numbers;
  std::string bytes;
  bool operator==(const Results&) const = default;
};

Results use(const BertForMaskedLM& model, const BertTokenizer& tokenizer, const TextDataset& lines,
            const std::filesystem::path& folder) {
  Results results;
  Tape<float> tape;
  {
    const no_grad no_recording;
    for (int i = 0; i < 3; ++i) {
      tape.reset();
      const MaskedLMBatch batch = testing::tiny_batch({3, 10, 6}, i);
      const auto logits = model.logits(tape, batch, batch.masked_indices);
      results.numbers.insert(results.numbers.end(), logits.data(), logits.data() + logits.numel());
      const auto hidden = model.bert.forward(tape, batch).last_hidden_state;
      results.numbers.insert(results.numbers.end(), hidden.data(), hidden.data() + hidden.numel());
    }
  }
  for (const char* text : {"w5 [MASK] w6", "[MASK] [MASK]"})
    for (const auto& mask : fill_mask(model, tokenizer, text))
      for (const FillMaskPrediction& guess : mask) {
        results.numbers.push_back(guess.score);
        results.bytes += guess.sequence + "\n";
      }
  try {
    fill_mask(model, tokenizer, "no mask");
  } catch (const ValueError& error) {  // an error must not affect later results
    results.bytes += error.what();
  }
  tape.reset();
  const MaskedLMBatch recorded = testing::tiny_batch({4, 4}, 7);
  results.numbers.push_back(model.forward(tape, recorded).loss.item());  // recording changes no shared state
  const DataCollatorForLanguageModeling collator(tokenizer);
  results.numbers.push_back(evaluate(model, collator, lines, 4, tape).loss);
  results.numbers.push_back(static_cast<double>(model.num_parameters()));
  for (const auto& [name, tensor] : model.state_dict())
    results.numbers.insert(results.numbers.end(), tensor.data(), tensor.data() + tensor.numel());
  model.save_pretrained(folder);
  results.bytes += io::read_file(folder / "model.safetensors");
  return results;
}

}  // namespace

TEST_CASE("four threads use one const model with the bits of one thread") {
  const testing::TemporaryDirectory folder;
  BertConfig config = testing::tiny_config();
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1;  // has no effect without training
  config.max_position_embeddings = 16;
  config.vocab_size = 30;
  const BertForMaskedLM model(config);
  const BertTokenizer tokenizer = tokenizer_of(config.vocab_size);
  const TextDataset lines = testing::number_lines(12);
  const Results expected = use(model, tokenizer, lines, folder / "alone");
  std::vector<Results> found(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < found.size(); ++i)
    threads.emplace_back(
        [&, i] { found[i] = use(model, tokenizer, lines, folder.path() / ("thread " + std::to_string(i))); });
  for (std::thread& thread : threads) thread.join();
  for (const Results& results : found) CHECK((results == expected));
}
