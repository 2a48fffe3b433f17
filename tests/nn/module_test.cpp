#include <minibert/nn/module.hpp>

#include <algorithm>

#include <doctest/doctest.h>

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
  CHECK_THROWS_WITH_AS(b.load_state_dict(broken), "load_state_dict: first.bias is missing", ValueError);
  broken = a.state_dict();
  broken.emplace("third", Tensor<float>(Shape{1}));
  CHECK_THROWS_WITH_AS(b.load_state_dict(broken), "load_state_dict: third is not a parameter of this module",
                       ValueError);
  broken = a.state_dict();
  broken.at("first.bias") = Tensor<float>(Shape{5});
  CHECK_THROWS_WITH_AS(b.load_state_dict(broken), "load_state_dict: first.bias has shape (5), expected (4)",
                       ShapeError);
}

TEST_CASE("Scope: a name is taken once") {
  const nn::Scope<float> scope;
  const nn::Linear<float> linear(scope / "a", 2, 2);
  CHECK_THROWS_WITH_AS(nn::Linear<float>(scope / "a", 2, 2), "parameter a.weight exists twice", ValueError);
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

TEST_CASE("Dropout: a layer of a user's own, off in evaluation") {
  const nn::Scope<float> scope;
  const nn::Dropout<float> dropout(scope / "dropout", 0.5);
  Tape<float> tape;
  const index_t cu_seqlens[] = {0, 2}, rows[] = {0};
  nn::Context<float> context{tape, {cu_seqlens, rows, 1, 2}, true, random::Key(1)};
  Tensor<float> ones(Shape{2, 100});
  ones.vector().setOnes();
  const Variable<float> x = tape.constant(ones), y = dropout.forward(x, context);
  CHECK(std::count(y.value().data(), y.value().data() + 200, 0.0f) > 50);
  CHECK(std::count(y.value().data(), y.value().data() + 200, 2.0f) > 50);
  context.training = false;
  CHECK(dropout.forward(x, context).value().data() == x.value().data());
}
