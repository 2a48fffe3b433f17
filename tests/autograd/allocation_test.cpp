#include <random>

#include <doctest/doctest.h>

#include <minibert/autograd/tape.hpp>
#include <minibert/ops/functional.hpp>

#include "support/count_allocations.hpp"
#include "support/reference.hpp"

using namespace minibert;
namespace F = functional;

namespace {

/// A small BERT: an embedding, one transformer layer, and a decoder that shares the embedding's weights.
class Model {
 public:
  Parameter<float>* declare(const char* name, const Shape& shape) { return &store_.declare(name, shape); }

  Variable<float> loss(Tape<float>& tape, const std::vector<token_id>& ids, const std::vector<index_t>& masked,
                       const std::vector<token_id>& labels, const Sequences& sequences) {
    const auto on = [&](Parameter<float>* p) { return tape.parameter(*p); };
    const random::Key key(5);
    auto x = F::embedding<float>({{on(words), ids}, {on(types), std::span(labels_zero).first(ids.size())}});
    x = F::dropout(F::layer_norm(x, on(weight), on(bias), 1e-12f), 0.1, key.fold(1), sequences);
    for (int layer = 0; layer < 3; ++layer) {
      const auto q = F::linear(x, on(query), on(bias)), k = F::linear(x, on(keys), on(bias));
      const auto attended = F::attention(q, k, x, 2, sequences, {.p = 0.1, .key = key.fold(2)});
      x = F::add_layer_norm(F::dropout(attended, 0.1, key.fold(3), sequences), x, on(weight), on(bias), 1e-12f);
      const auto inner = F::linear_activation(x, on(up), on(up_bias), Activation::gelu);
      x = F::add_layer_norm(F::linear(inner, on(down), on(bias)), x, on(weight), on(bias), 1e-12f);
    }
    const auto rows = F::index_select<float>(x, masked);
    return F::cross_entropy<float>(F::linear(F::gelu(rows), on(words)), labels) +
           F::mean(F::tanh(F::mean_pool(x, sequences)));
  }

  void zero_grad() {
    for (Parameter<float>* p : store_.in_order()) p->has_grad = false;
  }
  void initialize() {
    for (Parameter<float>* p : store_.in_order())
      for (float& x : p->values()) x = 0.01f;
  }

  static constexpr index_t kVocab = 101, kHidden = 32, kInner = 80;
  std::vector<token_id> labels_zero = std::vector<token_id>(10000, 0);

 private:
  ParameterStore<float> store_;
  Parameter<float>*words = declare("words", {kVocab, kHidden}), *types = declare("types", {2, kHidden}),
  *weight = declare("weight", {kHidden}), *bias = declare("bias", {kHidden}),
  *query = declare("query", {kHidden, kHidden}), *keys = declare("keys", {kHidden, kHidden}),
  *up = declare("up", {kInner, kHidden}), *up_bias = declare("up_bias", {kInner}),
  *down = declare("down", {kHidden, kInner});
};

struct Step {
  std::vector<token_id> ids, labels;
  std::vector<index_t> masked;
  reference::OwnedSequences sequences;
};

Step make_step(std::mt19937& random, index_t count, index_t longest, bool full) {
  const auto below = [&](index_t n) { return static_cast<index_t>(random() % static_cast<std::uint32_t>(n)); };
  std::vector<index_t> lengths;
  for (index_t b = 0; b < count; ++b) lengths.push_back(full ? longest : 1 + below(longest));
  Step step{{}, {}, {}, reference::OwnedSequences(lengths)};
  for (index_t t = 0; t < step.sequences.num_tokens(); ++t) {
    step.ids.push_back(static_cast<token_id>(below(Model::kVocab)));
    if (!full && below(6) != 0) continue;
    step.masked.push_back(t);
    step.labels.push_back(static_cast<token_id>(below(Model::kVocab)));
  }
  return step;
}

}  // namespace

TEST_CASE("the counter counts") {
  CHECK(testing::count_allocations([] { ::operator delete(::operator new(4)); }) == 1);
  CHECK(testing::count_allocations([] { AlignedBuffer buffer(100); }) == 1);
  CHECK(testing::count_allocations([] { ::operator delete[](::operator new[](8)); }) == 1);
  CHECK(testing::count_allocations([] {}) == 0);
}

TEST_CASE("training steps make no heap allocation once the largest was seen") {
  std::mt19937 random(1);
  Model model;
  model.initialize();
  Tape<float> tape;
  const auto run = [&](const Step& step) {
    model.zero_grad();
    tape.reset();
    tape.backward(model.loss(tape, step.ids, step.masked, step.labels, step.sequences.view()));
  };
  // The largest step of the test: the most sequences, all of the greatest length, every token masked. After it, the
  // tape has allocated all memory that any of the steps needs.
  const Step largest = make_step(random, 8, 70, true);
  run(largest);
  run(largest);
  for (int i = 0; i < 20; ++i) {
    const Step step = make_step(random, 1 + static_cast<index_t>(random() % 8), 70, false);
    CHECK(testing::count_allocations([&] { run(step); }) == 0);
  }
  CHECK(testing::count_allocations([&] { run(largest); }) == 0);
}

TEST_CASE("a tape that does not record makes no heap allocation in the steady state either") {
  std::mt19937 random(2);
  Model model;
  model.initialize();
  const no_grad guard;
  Tape<float> tape;
  const auto run = [&](const Step& step) {
    tape.reset();
    model.loss(tape, step.ids, step.masked, step.labels, step.sequences.view());
  };
  const Step largest = make_step(random, 8, 70, true);
  run(largest);
  run(largest);
  for (int i = 0; i < 10; ++i) {
    const Step step = make_step(random, 1 + static_cast<index_t>(random() % 8), 70, false);
    CHECK(testing::count_allocations([&] { run(step); }) == 0);
  }
}
