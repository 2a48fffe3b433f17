#include <minibert/models/bert_for_masked_lm.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/autograd/autocast.hpp>
#include <minibert/autograd/gradcheck.hpp>
#include <minibert/ops/arithmetic.hpp>
#include <minibert/ops/index_select.hpp>
#include <minibert/ops/sum.hpp>
#include <minibert/optim/adamw.hpp>

#include "examples/tutorial_config.hpp"
#include "support/reference.hpp"
#include "support/tiny_bert.hpp"

using namespace minibert;
using testing::gradients;
using testing::tiny_batch;
using testing::tiny_config;

namespace {

template <class T>
std::vector<T> elements(const Variable<T>& x) {
  return {x.data(), x.data() + x.numel()};
}

/// Returns a config with dropout.
BertConfig dropout_config() {
  BertConfig config = tiny_config();
  config.hidden_dropout_prob = 0.2;
  config.attention_probs_dropout_prob = 0.3;
  return config;
}

}  // namespace

TEST_CASE("BertForMaskedLM: the tutorial's model has 9,302,864 parameters") {
  CHECK(BertForMaskedLM(tutorial_config(), std::nullopt).num_parameters() == 9302864);
}

TEST_CASE("BertForMaskedLM: weights are drawn as transformers draws them") {
  BertConfig config = tiny_config();
  config.hidden_size = 48;
  config.initializer_range = 0.02;
  BertForMaskedLM model(config);
  const auto groups = model.parameter_groups(0.1);
  const auto &decayed = groups[0].parameters, &undecayed = groups[1].parameters;
  for (const auto& [name, p] : model.named_parameters()) {
    double mean = 0, square = 0;
    const auto n = static_cast<double>(p->numel());
    for (index_t i = 0; i < p->numel(); ++i) mean += p->data[i] / n, square += p->data[i] * p->data[i] / n;
    if (p->shape.dim() == 1) {
      CHECK(square == doctest::Approx(name.find("LayerNorm.weight") != std::string::npos ? 1 : 0));
      CHECK(std::count(undecayed.begin(), undecayed.end(), p) == 1);
    } else {
      CHECK(std::abs(mean) < 0.02 * 5 / std::sqrt(n));
      CHECK(std::sqrt(square) == doctest::Approx(0.02).epsilon(5 / std::sqrt(n)));
      CHECK(std::count(decayed.begin(), decayed.end(), p) == 1);
    }
  }
  const float* pad = model.bert.embeddings.word_embeddings.weight->data;
  for (index_t j = 0; j < config.hidden_size; ++j) CHECK(pad[j] == 0);
}

TEST_CASE("BertForMaskedLM: gradients of all parameters against finite differences") {
  for (const bool usual : {true, false}) {
    BertConfig config = dropout_config();
    config.hidden_act = usual ? "gelu" : "gelu_new";
    config.tie_word_embeddings = usual;
    BasicBertForMaskedLM<double> model(config);
    const MaskedLMBatch batch = tiny_batch({1, 7, 4});
    const auto loss = [&](Tape<double>& tape) {
      return model.forward(tape, batch, {.training = true, .step = 3}).loss;
    };
    CHECK(gradcheck(*model.parameters().front()->store, loss) < 1e-6);
  }
}

TEST_CASE("BertModel: the hidden state of chosen rows is that of all rows, and so are its gradients") {
  const MaskedLMBatch batch = tiny_batch({3, 10, 1, 6});
  const std::vector<index_t> rows{0, 4, 4, 12, 14, 19};
  for (const index_t layers : {0, 1, 2}) {
    BertConfig config = tiny_config();
    config.num_hidden_layers = layers;
    BasicBertModel<double> model(config, 1, /*add_pooling_layer=*/false);
    const auto run = [&](Tape<double>& tape, bool of_all) {
      return of_all ? functional::index_select<double>(model.forward(tape, batch).last_hidden_state, rows)
                    : model.hidden_state(model.context(tape, batch, {}), rows);
    };
    std::vector<std::vector<double>> values, found;
    for (const bool of_all : {true, false}) {
      Tape<double> tape, other;
      model.zero_grad();
      const auto y = run(tape, of_all);
      values.push_back(elements(y));
      {
        const no_grad no_recording;
        CHECK(elements(run(other, of_all)) == values.back());
      }
      tape.backward(functional::sum(functional::mul(y, y)));
      found.push_back(gradients(model));
    }
    CHECK(values[0] == values[1]);
    CHECK(reference::relative_error(found[0], found[1]) < 1e-12);
  }
}

TEST_CASE("BertForMaskedLM: logits of rows in any order, some twice") {
  BertForMaskedLM model(tiny_config());
  const no_grad no_recording;
  Tape<float> tape;
  const Batch batch = tiny_batch({3, 10, 6});
  const std::vector<index_t> all{2, 5, 7, 11, 18}, some{11, 2, 18, 11};
  const auto of_all = model.logits(tape, batch, all), of_some = model.logits(tape, batch, some);
  for (index_t i = 0; i < core::length(some); ++i) {
    const index_t place = std::find(all.begin(), all.end(), core::at(some, i)) - all.begin();
    for (index_t j = 0; j < 23; ++j) CHECK(of_some.data()[i * 23 + j] == of_all.data()[place * 23 + j]);
  }
}

TEST_CASE("BertForMaskedLM: a sequence's logits do not depend on what else is in the batch, to the bit") {
  BertForMaskedLM model(tiny_config());
  const no_grad no_recording;
  Tape<float> tape;
  const MaskedLMBatch together = tiny_batch({3, 10, 1, 6});
  const auto all = model.forward(tape, together).logits;
  const std::vector<float> logits(all.data(), all.data() + all.numel());
  index_t at_row = 0;
  for (index_t b = 0; b < together.num_sequences(); ++b) {
    const MaskedLMBatch alone =
        tiny_batch({core::at(together.cu_seqlens, b + 1) - core::at(together.cu_seqlens, b)}, b);
    tape.reset();
    const auto own = model.forward(tape, alone).logits;
    for (index_t i = 0; i < own.numel(); ++i) CHECK(own.data()[i] == core::at(logits, at_row + i));
    at_row += own.numel();
  }
}

TEST_CASE("BertForMaskedLM: micro-batches give the gradient of the whole batch, dropout included") {
  BasicBertForMaskedLM<double> model(dropout_config());
  const auto run = [&](std::vector<MaskedLMBatch> batches) {
    index_t items = 0;
    for (const auto& batch : batches) items += batch.num_items();
    model.zero_grad();
    Tape<double> tape;
    double loss = 0;
    for (const auto& batch : batches) {
      tape.reset();
      const auto output = model.forward(tape, batch, {.seed = 1, .step = 2, .num_items_in_batch = items});
      tape.backward(output.loss);
      loss += output.loss.item();
    }
    auto result = gradients(model);
    result.push_back(loss);
    return result;
  };
  const auto whole = run({tiny_batch({3, 10, 1, 6})});
  CHECK(reference::relative_error(run({tiny_batch({3, 10}), tiny_batch({1, 6}, 2)}), whole) < 1e-12);
  // Without first_row = 2, the second batch has other global_rows, and so other dropout masks.
  CHECK_FALSE(reference::relative_error(run({tiny_batch({3, 10}), tiny_batch({1, 6})}), whole) < 1e-3);
}

TEST_CASE("BertForMaskedLM: dropout depends on seed and step, and is off in evaluation") {
  BertForMaskedLM model(dropout_config());
  const MaskedLMBatch batch = tiny_batch({9, 5});
  const auto loss = [&](const nn::StepContext& step) {
    Tape<float> tape;
    return model.forward(tape, batch, step).loss.item();
  };
  const nn::StepContext one{.training = true, .seed = 1, .step = 1};
  CHECK(loss(one) == loss(one));
  CHECK(loss(one) != loss({.training = true, .seed = 1, .step = 2}));
  CHECK(loss(one) != loss({.training = true, .seed = 2, .step = 1}));
  CHECK(loss(one) != loss({.seed = 1, .step = 1}));
  CHECK(loss({.seed = 1, .step = 1}) == loss({.seed = 2, .step = 2}));
}

TEST_CASE("BertForMaskedLM: the same bits for any number of threads") {
  const int before = num_threads();
  for (const Precision precision : {Precision::full, Precision::bf16}) {
    const autocast guard(precision);
    std::vector<float> first;
    for (const int threads : {1, 2, 3, 4}) {
      set_num_threads(threads);
      BertConfig config = dropout_config();
      config.max_position_embeddings = 100;
      BertForMaskedLM model(config);
      optim::AdamW<float> optimizer(model.parameters(), {.lr = 1e-3});
      Tape<float> tape;
      std::vector<float> result;
      for (index_t step = 0; step < 20; ++step) {
        tape.reset();
        model.zero_grad();
        const auto output = model.forward(tape, tiny_batch({50, 1, 17, 33}, step), {.training = true, .step = step});
        result.push_back(output.loss.item());
        tape.backward(output.loss);
        optimizer.step();
      }
      for (const float g : gradients(model)) result.push_back(g);
      for (const auto* p : model.parameters()) result.insert(result.end(), p->data, p->data + p->numel());
      if (first.empty()) first = result;
      CHECK(result == first);
      CHECK(std::isfinite(result[19]));
    }
  }
  set_num_threads(before);
}

TEST_CASE("BertForMaskedLM: a batch without a masked token has loss 0 and no gradient") {
  BertForMaskedLM model(tiny_config());
  MaskedLMBatch batch = tiny_batch({4, 5});
  batch.masked_indices.clear();
  batch.labels.clear();
  Tape<float> tape;
  const auto output = model.forward(tape, batch);
  CHECK(output.loss.item() == 0);
  tape.backward(output.loss);
  for (const auto* p : model.parameters()) CHECK_FALSE(p->has_grad);
}

TEST_CASE("BertForMaskedLM: what does not fit is refused") {
  BertForMaskedLM model(tiny_config());
  Tape<float> tape;
  MaskedLMBatch batch = tiny_batch({11});
  CHECK_THROWS_WITH_AS(model.forward(tape, batch),
                       "batch: sequence 0 has 11 tokens, expected at most max_position_embeddings, 10; truncate it",
                       ValueError);
  batch = tiny_batch({4});
  batch.input_ids[2] = 23;
  CHECK_THROWS_WITH_AS(model.forward(tape, batch),
                       "embedding: index 23 at position 2, expected 0 to 22, the rows of table 0", ValueError);
  batch = tiny_batch({4});
  batch.masked_indices[0] = 4;
  CHECK_THROWS_WITH_AS(model.forward(tape, batch), "indices[0] is 4, expected ascending token numbers below 4",
                       ValueError);
  const std::vector<index_t> backwards{2, 1};
  CHECK_THROWS_AS(model.bert.hidden_state(model.bert.context(tape, batch, {}), backwards), ValueError);
  batch = tiny_batch({4});
  batch.labels[0] = -1;
  CHECK_THROWS_AS(model.forward(tape, batch), ValueError);
  batch = tiny_batch({4});
  batch.cu_seqlens.back() = 3;
  CHECK_THROWS_WITH_AS(model.forward(tape, batch), "batch: cu_seqlens ends with 3, expected 4, the number of input_ids",
                       ValueError);
  batch = tiny_batch({4});
  batch.cu_seqlens.front() = 1;
  CHECK_THROWS_WITH_AS(model.forward(tape, batch), "batch: cu_seqlens begins with 1, expected 0", ValueError);
  batch = tiny_batch({2, 2, 2});
  batch.cu_seqlens[2] = 1;
  CHECK_THROWS_WITH_AS(model.forward(tape, batch), "batch: cu_seqlens[2] is 1, expected at least cu_seqlens[1], 2",
                       ValueError);
  batch = tiny_batch({4});
  batch.cu_seqlens.clear();
  CHECK_THROWS_WITH_AS(model.forward(tape, batch),
                       "batch: cu_seqlens has 0 entries, expected 2, one more than global_rows", ValueError);
  BertConfig config = tiny_config();
  config.num_attention_heads = 3;
  CHECK_THROWS_AS(BertForMaskedLM{config}, ValueError);
}

TEST_CASE("BertModel: inference reuses its memory layer by layer") {
  BertConfig config = tiny_config();
  const auto capacity = [&](index_t layers) {
    config.num_hidden_layers = layers;
    config.hidden_size = 64;
    config.max_position_embeddings = 300;
    BertModel model(config);
    const no_grad no_recording;
    Tape<float> tape;
    model.forward(tape, tiny_batch({300, 300, 300, 300}));
    return tape.capacity();
  };
  CHECK(capacity(12) == capacity(2));
}
