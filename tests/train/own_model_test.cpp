// The code that docs/own_model.md quotes; the last test compares them.
#include <minibert/minibert.hpp>
using namespace minibert;

/// Computes a score for each class: two linear layers with tanh and dropout between them.
template <class T>
struct ClassificationHead {
  ClassificationHead(const nn::Scope<T>& scope, index_t features, index_t num_classes, double dropout_probability)
      : dense(scope / "dense", features, features),
        dropout(scope / "dropout", dropout_probability),
        out(scope / "out", features, num_classes) {}

  /// Returns scores (B, num_classes) for x (B, features).
  Variable<T> forward(Variable<T> x, const nn::Context<T>& context) const {
    return out.forward(dropout.forward(functional::tanh(dense.forward(x)), context));
  }

  nn::Linear<T> dense;
  nn::Dropout<T> dropout;
  nn::Linear<T> out;
};

/// A batch with one label per sequence.
struct LabelledBatch : Batch {
  std::vector<token_id> labels;
  index_t num_items() const noexcept { return core::length(labels); }
};

/// BERT, the mean over the tokens of each text, and a classification head.
class TextClassifier : public nn::Module<float> {
 public:
  static constexpr const char* kArchitecture = "TextClassifier";
  struct Output {
    Variable<float> loss, logits;
  };

  TextClassifier(const BertConfig& config, index_t num_classes, std::uint64_t seed = 42)
      : nn::Module<float>(nn::Scope<float>(weight_init(config, seed))),
        bert(scope() / "bert", config, /*add_pooling_layer=*/false),
        head(scope() / "head", config.hidden_size, num_classes, config.hidden_dropout_prob) {}

  Output forward(Tape<float>& tape, const LabelledBatch& batch, const nn::StepContext& step = {}) const {
    const index_t items = step.num_items_in_batch < 0 ? batch.num_items() : step.num_items_in_batch;
    const auto context = bert.context(tape, batch, step);
    const auto text = functional::mean_pool(bert.hidden_state(context), context.sequences);
    const auto logits = head.forward(text, context);
    return {functional::cross_entropy<float>(logits, batch.labels, items), logits};
  }

  const BertConfig& config() const noexcept { return bert.config(); }
  void save_pretrained(const std::filesystem::path& folder) const { minibert::save_pretrained(*this, folder); }

  BertModel bert;
  ClassificationHead<float> head;
};

/// Texts as ids, each with its class.
struct LabelledTexts {
  void add(const BertTokenizer& tokenizer, std::string_view text, token_id label) {
    tokenizer.encode_into(text, /*max_length=*/128, ids.emplace_back());
    labels.push_back(label);
  }
  index_t size() const { return core::length(ids); }
  index_t num_tokens(index_t example) const { return core::length(core::at(ids, example)); }

  std::vector<std::vector<token_id>> ids;
  std::vector<token_id> labels;
};

/// Makes batches of examples.
struct LabelledCollator {
  using Dataset = LabelledTexts;
  using Batch = LabelledBatch;

  void collate(const Dataset& dataset, std::span<const index_t> examples, const CollateContext& context,
               Batch& batch) const {
    batch.clear();
    batch.labels.clear();
    for (const index_t example : examples) {
      batch.append(core::at(dataset.ids, example), context.first_row + batch.num_sequences());
      batch.labels.push_back(core::at(dataset.labels, example));
    }
  }
};

/// Returns the share of rows whose label has the largest logit.
double accuracy(const EvalPrediction<float>& p) {
  index_t right = 0;
  for (index_t i = 0; i < core::length(p.label_ids); ++i) {
    const float* row = p.predictions.data() + i * p.predictions.size(1);
    right += std::max_element(row, row + p.predictions.size(1)) - row == core::at(p.label_ids, i);
  }
  return static_cast<double>(right) / static_cast<double>(p.label_ids.size());
}

/// Trains the model and returns its accuracy on the test texts.
double train_classifier(TextClassifier& model, const BertTokenizer& tokenizer, const LabelledTexts& train,
                        const LabelledTexts& test, const std::filesystem::path& folder) {
  const LabelledCollator collator;
  Trainer trainer(model, {.output_dir = folder, .learning_rate = 1e-3, .num_train_epochs = 4}, collator, train);
  trainer.set_tokenizer(tokenizer);
  trainer.compute_metrics = [](const EvalPrediction<float>& p) { return Json::Object{{"accuracy", accuracy(p)}}; };
  trainer.train();
  trainer.save_model();
  return trainer.predict(test).metrics.at("test_accuracy").as_number();
}

/// Returns the class of each text. Several threads may call this with one model at the same time.
std::vector<index_t> classes_of(const TextClassifier& model, const LabelledBatch& batch) {
  const no_grad no_recording;
  Tape<float> tape;
  const Tensor<float> logits = model.forward(tape, batch).logits.tensor();
  std::vector<index_t> classes;
  for (const float* row = logits.data(); row != logits.data() + logits.numel(); row += logits.size(1))
    classes.push_back(std::max_element(row, row + logits.size(1)) - row);
  return classes;
}

/// Trains the head with ten times the learning rate of BERT, and halves both rates at step 1,000.
template <class Trainer>
void use_own_groups(Trainer& trainer, TextClassifier& model) {
  std::vector<ParameterGroup<float>> groups(2);
  for (const auto& [name, parameter] : model.named_parameters())
    groups[name.starts_with("head.") ? 1 : 0].parameters.push_back(parameter);
  groups[0].lr = 1e-4;
  groups[1].lr = 1e-3;
  trainer.set_optimizer(std::make_shared<optim::AdamW<float>>(groups, optim::AdamWOptions{.weight_decay = 0.01}));
  trainer.set_lr_lambda([](index_t step) { return step < 1000 ? 1.0 : 0.5; });
}

#include <algorithm>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "support/quotes.hpp"

namespace {

BertTokenizer letters() {
  std::vector<std::string> vocabulary{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (char c = 'a'; c <= 'z'; ++c) vocabulary.emplace_back(1, c);
  return BertTokenizer(vocabulary);
}

/// Returns texts of random letters. The class is 1 if more than half are from the first half of the alphabet.
LabelledTexts texts(const BertTokenizer& tokenizer, index_t count, std::uint64_t seed) {
  LabelledTexts made;
  const random::Key key(seed);
  for (index_t i = 0; i < count; ++i) {
    std::string text;
    token_id early = 0;
    for (std::uint32_t place = 0; place < 7; ++place) {
      const index_t letter = key.below(26, static_cast<std::uint32_t>(i), place);
      early += letter < 13;
      text += std::string(1, static_cast<char>('a' + letter)) + ' ';
    }
    made.add(tokenizer, text, early > 3);
  }
  return made;
}

BertConfig small(double dropout = 0.1) {
  return {.vocab_size = 31,
          .hidden_size = 16,
          .num_hidden_layers = 1,
          .num_attention_heads = 2,
          .intermediate_size = 32,
          .hidden_dropout_prob = dropout,
          .max_position_embeddings = 16};
}

struct Folder {
  Folder() { std::filesystem::remove_all(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path = std::filesystem::temp_directory_path() / "minibert_own_model";
};

LabelledBatch batch_of(const LabelledTexts& data) {
  std::vector<index_t> all;
  for (index_t i = 0; i < data.size(); ++i) all.push_back(i);
  LabelledBatch batch;
  LabelledCollator().collate(data, all, {}, batch);
  return batch;
}

}  // namespace

TEST_CASE("a user-defined model learns, is saved and loaded, and serves several threads") {
  const BertTokenizer tokenizer = letters();
  const LabelledTexts train = texts(tokenizer, 1500, 1), test = texts(tokenizer, 200, 2);
  const Folder folder;
  TextClassifier model(small(), 2);
  CHECK(train_classifier(model, tokenizer, train, test, folder.path) > 0.9);

  const LabelledBatch batch = batch_of(test);
  const std::vector<index_t> classes = classes_of(model, batch);
  TextClassifier opened(BertConfig::from_pretrained(folder.path), 2, /*seed=*/7);
  CHECK(classes_of(opened, batch) != classes);
  load_pretrained(opened, folder.path);
  CHECK(classes_of(opened, batch) == classes);
  CHECK(BertTokenizer::from_pretrained(folder.path).vocab_size() == 31);

  std::vector<std::vector<index_t>> found(3);
  std::vector<std::thread> threads;
  for (auto& mine : found) threads.emplace_back([&] { mine = classes_of(model, batch); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : found) CHECK(mine == classes);
}

TEST_CASE("a user-defined model: one pass of eight texts has the loss of two passes of four") {
  const LabelledTexts data = texts(letters(), 8, 3);
  TextClassifier model(small(0.3), 2);
  const std::vector<index_t> first{0, 1, 2, 3}, second{4, 5, 6, 7};
  std::vector<LabelledBatch> halves(2);
  LabelledCollator().collate(data, first, {}, halves[0]);
  LabelledCollator().collate(data, second, {.first_row = 4}, halves[1]);
  const std::vector<LabelledBatch> whole{batch_of(data)};
  Tape<float> tape;
  const auto loss = [&](const std::vector<LabelledBatch>& passes) {
    return accumulate_gradients(model, tape, std::span<const LabelledBatch>(passes), 42, 0).loss;
  };
  CHECK(loss(halves) == doctest::Approx(loss(whole)));
}

TEST_CASE("a user-defined model: parameter groups have their own learning rates") {
  const LabelledTexts data = texts(letters(), 16, 4);
  TextClassifier model(small(), 2), untrained(small(), 2);
  const LabelledCollator collator;
  Trainer trainer(model, {.max_grad_norm = 0, .max_steps = 1}, collator, data);
  use_own_groups(trainer, model);
  trainer.train();
  const auto largest_change = [&](const std::string& name) {
    const Tensor<float> after = model.state_dict().at(name), before = untrained.state_dict().at(name);
    double largest = 0;
    for (index_t i = 0; i < after.numel(); ++i)
      largest = std::max(largest, std::abs(static_cast<double>(after.data()[i] - before.data()[i])));
    return largest;
  };
  CHECK(largest_change("head.out.weight") == doctest::Approx(1e-3).epsilon(0.1));
  CHECK(largest_change("bert.encoder.layer.0.output.dense.weight") == doctest::Approx(1e-4).epsilon(0.1));
}

TEST_CASE("docs/own_model.md quotes the code above") {
  const std::string code = testing::repository_file("tests/train/own_model_test.cpp");
  const auto blocks = testing::cpp_blocks("docs/own_model.md");
  CHECK(blocks.size() == 6);
  for (const std::string& block : blocks) CHECK(code.find(block) != std::string::npos);
}
