#include <minibert/nn/module.hpp>

#include <algorithm>

#include <cmath>
#include <vector>

#include <doctest/doctest.h>
#include <Eigen/Core>

#include <minibert/nn/nn.hpp>

using namespace minibert;

namespace {

/// A user's model.
class Mlp : public nn::Module<float> {
 public:
  Mlp() : first_(scope() / "first", 3, 4), second_(scope() / "second", 4, 2) {}
  Variable<float> forward(Variable<float> x) const { return second_.forward(nn::functional::gelu(first_.forward(x))); }

 private:
  nn::Linear<float> first_, second_;
};

}  // namespace

TEST_CASE("Module: parameters by name, in order") {
  Mlp model;
  const auto named = model.named_parameters();
  REQUIRE(named.size() == 4);
  CHECK(named[0].first == "first.bias");
  CHECK(named[1].first == "first.weight");
  CHECK(named[3].first == "second.weight");
  CHECK(model.num_parameters() == 3 * 4 + 4 + 4 * 2 + 2);
}

TEST_CASE("Module: moving it keeps its layers alive") {
  Mlp model;
  const no_grad no_recording;
  Tape<float> tape;
  const Tensor<float> x(Shape{1, 3}, {1, 2, 3});
  const float before = model.forward(tape.constant(x)).value()(0, 0);
  Mlp moved = std::move(model);
  CHECK(moved.forward(tape.constant(x)).value()(0, 0) == before);
}

TEST_CASE("Module: state_dict and load_state_dict") {
  Mlp a, b;
  b.init_weights(0.1, 2);
  const auto state = a.state_dict();
  REQUIRE(state.size() == 4);
  CHECK(b.state_dict().at("first.weight").matrix() != state.at("first.weight").matrix());
  b.load_state_dict(state);
  for (const auto& [name, p] : b.named_parameters())
    CHECK(std::equal(p->data, p->data + p->numel(), state.at(name).data()));
  auto broken = a.state_dict();
  broken.erase("first.bias");
  CHECK_THROWS_WITH_AS(b.load_state_dict(broken),
                       "load_state_dict: first.bias is missing, expected every parameter of the module", ValueError);
  broken = a.state_dict();
  broken.emplace("third", Tensor<float>(Shape{1}));
  CHECK_THROWS_WITH_AS(b.load_state_dict(broken), "load_state_dict: third is not a parameter of this module; remove it",
                       ValueError);
  broken = a.state_dict();
  broken.at("first.bias") = Tensor<float>(Shape{5});
  CHECK_THROWS_WITH_AS(b.load_state_dict(broken), "load_state_dict: first.bias has shape (5), expected (4)",
                       ShapeError);
}

TEST_CASE("Scope: a name is taken once") {
  const nn::Scope<float> scope;
  const nn::Linear<float> linear(scope / "a", 2, 2);
  CHECK_THROWS_WITH_AS(nn::Linear<float>(scope / "a", 2, 2),
                       "parameter a.weight exists twice; give each parameter its own name", ValueError);
  CHECK_NOTHROW(nn::Linear<float>(scope / "b", 2, 2));  // also after "a" was used
}

TEST_CASE("Embedding: the padding row begins as zeros and gets no gradient from look-ups") {
  class Table : public nn::Module<double> {
   public:
    Table() : embedding(scope(), 4, 2, 1) { init_weights(1, 3); }
    nn::Embedding<double> embedding;
  } table;
  const double* w = table.embedding.weight->data;
  CHECK(w[2] == 0);
  CHECK(w[3] == 0);
  Tape<double> tape;
  const std::vector<token_id> ids{0, 1, 1, 3};
  tape.backward(nn::functional::sum(table.embedding.forward(tape, ids)));
  const double* g = table.embedding.weight->grad;
  CHECK(g[0] == 1);
  CHECK(g[2] == 0);
  CHECK(g[4] == 0);
  CHECK(g[6] == 1);
}

TEST_CASE("layers draw their own weights, as PyTorch does, by seed and name") {
  const auto weights = [](const char* name, std::uint64_t seed) {
    const nn::Scope<double> scope(nn::WeightInit{.seed = seed});
    const nn::Linear<double> linear(scope / name, 64, 50);
    return std::vector<double>(linear.weight->values().begin(), linear.weight->values().end());
  };
  CHECK(weights("a", 1) == weights("a", 1));
  CHECK(weights("a", 1) != weights("a", 2));
  CHECK(weights("a", 1) != weights("b", 1));
  const nn::Scope<double> scope;
  const nn::Linear<double> linear(scope / "linear", 64, 5000);
  const nn::Embedding<double> embedding(scope / "embedding", 200, 500);
  const nn::LayerNorm<double> norm(scope / "norm", 3, 1e-5);
  const auto check_draw = [](const Parameter<double>& p, double bound, double deviation) {
    double square = 0, mean = 0;
    for (const double x : p.values()) {
      CHECK(std::abs(x) <= bound);
      mean += x / static_cast<double>(p.numel());
      square += x * x / static_cast<double>(p.numel());
    }
    CHECK(std::abs(mean) < 0.05 * deviation);
    CHECK(std::sqrt(square) == doctest::Approx(deviation).epsilon(0.05));
  };
  check_draw(*linear.weight, 1.0 / 8, 1.0 / 8 / std::sqrt(3.0));  // uniform in ±1/√in
  check_draw(*linear.bias, 1.0 / 8, 1.0 / 8 / std::sqrt(3.0));
  check_draw(*embedding.weight, 7, 1);
  for (index_t i = 0; i < 3; ++i) CHECK((norm.weight->data[i] == 1 && norm.bias->data[i] == 0));
}

TEST_CASE("Linear without a bias, and with an activation") {
  const nn::Scope<double> scope;
  const nn::Linear<double> plain(scope / "plain", 3, 2, {.bias = false});
  CHECK(plain.bias == nullptr);
  CHECK(scope.store().in_order().size() == 1);
  Tape<double> tape;
  const auto x = tape.constant(Tensor<double>({1, 3}, {1.0, -2.0, 0.5}));
  const auto y = plain.forward(x), activated = plain.forward(x, Activation::gelu);
  const double* w = plain.weight->data;
  CHECK(y.value()(0, 1) == doctest::Approx(w[3] - 2 * w[4] + 0.5 * w[5]));
  CHECK(activated.value()(0, 1) == doctest::Approx(functional::gelu(y).value()(0, 1)));
}

TEST_CASE("Module: parameter groups, as transformers' trainer makes them") {
  Mlp model;
  const auto groups = model.parameter_groups(0.1);
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].weight_decay == 0.1);
  CHECK(groups[1].weight_decay == 0.0);
  REQUIRE(groups[0].parameters.size() == 2);
  CHECK(groups[0].parameters[0]->name == "first.weight");
  CHECK(groups[1].parameters[1]->name == "second.bias");
}

TEST_CASE("Dropout: rows that are tokens, sequences, or anything") {
  const nn::Scope<float> scope;
  const nn::Dropout<float> dropout(scope / "dropout", 0.5);
  Tape<float> tape;
  const index_t cu_seqlens[] = {0, 2, 5}, numbers[] = {3, 4}, cu_alone[] = {0, 3}, alone[] = {4};
  const nn::Context<float> context{tape, {cu_seqlens, numbers, 2, 3}, true, random::Key(1)};
  const nn::Context<float> second{tape, {cu_alone, alone, 1, 3}, true, random::Key(1)};
  const auto mask = [&](index_t rows, const nn::Context<float>& in) {
    Tensor<float> ones(Shape{rows, 100});
    ones.vector().setOnes();
    return dropout.forward(tape.constant(ones), in).tensor();
  };
  const Tensor<float> tokens = mask(5, context), pooled = mask(2, context), others = mask(7, context);
  for (const Tensor<float>* m : {&tokens, &pooled, &others})
    CHECK(m->vector().sum() == doctest::Approx(static_cast<double>(m->numel())).epsilon(0.25));
  // A sequence has the same dropout mask in a pass with other sequences and in a pass of its own.
  CHECK(mask(3, second).matrix() == tokens.matrix().bottomRows(3));
  CHECK(mask(1, second).matrix() == pooled.matrix().bottomRows(1));
  CHECK(mask(7, second).matrix() != others.matrix());  // passes of one step draw different masks
}

TEST_CASE("Dropout: a probability out of range is refused when the layer is made") {
  const nn::Scope<float> scope;
  CHECK_THROWS_WITH_AS(nn::Dropout<float>(scope / "drop", 1.0),
                       "drop: the dropout probability is 1, expected at least 0 and less than 1", ValueError);
}

TEST_CASE("Dropout: a layer of a user's own, off in evaluation") {
  const nn::Scope<float> scope;
  const nn::Dropout<float> dropout(scope / "dropout", 0.5);
  Tape<float> tape;
  const index_t cu_seqlens[] = {0, 2}, rows[] = {0};
  nn::Context<float> context{tape, {cu_seqlens, rows, 1, 2}, true, random::Key(1)};
  Tensor<float> ones(Shape{2, 100});
  ones.vector().setOnes();
  const Variable<float> x = tape.constant(ones), y = dropout.forward(x, context);
  CHECK(std::count(y.data(), y.data() + 200, 0.0f) > 50);
  CHECK(std::count(y.data(), y.data() + 200, 2.0f) > 50);
  context.training = false;
  CHECK(dropout.forward(x, context).data() == x.data());
}
