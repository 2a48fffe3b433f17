#include <cstdio>
#include <minibert/minibert.hpp>
using namespace minibert;

int main() {
  const BertTokenizerOptions options{.do_lower_case = true};
  WordCounter words(options.normalizer());
  words.add_file("text.txt");
  const auto tokenizer = BertTokenizer::train(words.counts(), options, {.vocab_size = 2000});
  const auto lines = TextDataset::from_files({"text.txt"}, tokenizer, 128);
  BertForMaskedLM model({.vocab_size = tokenizer.vocab_size(),
                         .hidden_size = 128,
                         .num_hidden_layers = 2,
                         .num_attention_heads = 2,
                         .intermediate_size = 512,
                         .max_position_embeddings = 128});
  const DataCollatorForLanguageModeling collator(tokenizer);
  Trainer trainer(model, {.output_dir = "model", .learning_rate = 1e-3, .max_steps = 500}, collator, lines);
  trainer.train();
  for (const auto& mask : fill_mask(model, tokenizer, "the quick brown [MASK]"))
    for (const auto& guess : mask) std::printf("%.3f  %s\n", guess.score, guess.sequence.c_str());
}
