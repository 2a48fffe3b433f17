#include <minibert/autograd/parameter.hpp>

#include <doctest/doctest.h>

#include <minibert/autograd/tape.hpp>
#include <minibert/ops/arithmetic.hpp>
#include <minibert/ops/sum.hpp>

using namespace minibert;

TEST_CASE("ParameterStore: a declared parameter is complete, zero, and never moves") {
  ParameterStore<float> store;
  Parameter<float>& first = store.declare("b", {2, 3});
  float* const data = first.data;
  CHECK(first.name == "b");
  CHECK(first.shape == Shape{2, 3});
  CHECK(first.store == &store);
  CHECK(first.requires_grad);
  CHECK_FALSE(first.has_grad);
  CHECK(first.values().size() == 6);
  for (const float x : first.values()) CHECK(x == 0);
  for (int i = 0; i < 100; ++i) store.declare("c" + std::to_string(i), {100, 100});
  store.declare("a", Shape{});
  CHECK(first.data == data);
  CHECK(store.in_order().size() == 102);
  CHECK(store.in_order()[0]->name == "a");
  CHECK(store.in_order()[1] == &first);
  CHECK(store.in_order()[4]->name == "c10");  // ASCII order: c0, c1, c10
}

TEST_CASE("ParameterStore: a name is taken once") {
  ParameterStore<float> store;
  store.declare("x", {2});
  CHECK_THROWS_WITH_AS(store.declare("x", {3}), "parameter x exists twice; give each parameter its own name",
                       ValueError);
  CHECK(store.in_order().size() == 1);
}

TEST_CASE("Parameter: the gradient has no memory until a backward pass reaches the parameter") {
  ParameterStore<double> store;
  Parameter<double>&x = store.declare("x", {2}), &frozen = store.declare("frozen", {2});
  frozen.requires_grad = false;
  CHECK(x.gradient().empty());
  Tape<double> tape;
  const auto loss = functional::sum(tape.parameter(x) + tape.parameter(frozen));
  CHECK(x.gradient().empty());  // recording writes nothing to parameters, so threads can share them
  tape.backward(loss);
  CHECK(x.gradient().size() == 2);
  for (const double g : x.gradient()) CHECK(g == 1);
  CHECK(frozen.gradient().empty());
  double* const gradient = x.grad;
  store.allocate_gradient(x);
  CHECK(x.grad == gradient);
}
