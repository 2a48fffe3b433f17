#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <minibert/optim/adamw.hpp>
#include <minibert/optim/clip_grad.hpp>

#include "support/reference.hpp"
#include "support/test_data.hpp"

namespace {

using namespace minibert;
using optim::AdamW;
using optim::AdamWOptions;

/// Parameters of many sizes: below a vector, between vectors, and of several pieces of work.
template <class T>
void declare_parameters(ParameterStore<T>& store) {
  store.declare({.name = "a.weight", .shape = {300, 131}});
  store.declare({.name = "b.bias", .shape = {17}, .decay = false});
  store.declare({.name = "c.weight", .shape = {1}});
  store.declare({.name = "d.frozen", .shape = {5}});
  const std::vector<T> values = reference::normal<T>(static_cast<index_t>(store.flat_values().size()), 1);
  for (Parameter<T>* p : store.in_order()) std::copy_n(values.data() + p->offset, p->numel(), p->data);
  store.flat_grads();
}

/// New gradients for all parameters that may have one.
template <class T>
void set_gradients(ParameterStore<T>& store, int step) {
  const std::vector<T> values = reference::normal<T>(static_cast<index_t>(store.flat_values().size()), 100 + step);
  for (Parameter<T>* p : store.in_order()) {
    p->has_grad = p->name != "d.frozen" && !(p->name == "b.bias" && step == 0);
    std::copy_n(values.data() + p->offset, p->numel(), p->grad);
  }
}

/// AdamW on one parameter, in double, as the paper and PyTorch write it.
struct SlowAdamW {
  std::vector<double> w, m, v;
  int t = 0;
  void step(const std::vector<double>& g, double lr, double decay, const AdamWOptions& o) {
    ++t;
    for (std::size_t i = 0; i < w.size(); ++i) {
      w[i] *= 1 - lr * decay;
      m[i] = o.beta1 * m[i] + (1 - o.beta1) * g[i];
      v[i] = o.beta2 * v[i] + (1 - o.beta2) * g[i] * g[i];
      const double m_hat = m[i] / (1 - std::pow(o.beta1, t)), v_hat = v[i] / (1 - std::pow(o.beta2, t));
      w[i] -= lr * m_hat / (std::sqrt(v_hat) + o.eps);
    }
  }
};

template <class T>
std::vector<double> in_double(const T* values, index_t n) {
  return std::vector<double>(values, values + n);
}

TEST_CASE_TEMPLATE("twenty steps equal the formulas in double", T, float, double) {
  ParameterStore<T> store;
  declare_parameters(store);
  const AdamWOptions options{.beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6, .weight_decay = 0.1};
  AdamW<T> optimizer(store.in_order(), options);
  std::vector<SlowAdamW> slow;
  for (const Parameter<T>* p : store.in_order()) {
    const std::vector<double> zeros(core::usize(p->numel()));
    slow.push_back({in_double(p->data, p->numel()), zeros, zeros});
  }
  for (int step = 0; step < 20; ++step) {
    const double lr = 0.01 / (1 + step);
    set_gradients(store, step);
    for (index_t i = 0; i < core::length(slow); ++i) {
      const Parameter<T>& p = *core::at(store.in_order(), i);
      if (p.has_grad) core::at(slow, i).step(in_double(p.grad, p.numel()), lr, p.decay ? 0.1 : 0.0, options);
    }
    optimizer.step(lr);
  }
  for (index_t i = 0; i < core::length(slow); ++i) {
    const Parameter<T>& p = *core::at(store.in_order(), i);
    INFO(p.name);
    CHECK(reference::relative_error(std::vector<T>(p.data, p.data + p.numel()), core::at(slow, i).w) <
          (sizeof(T) == 4 ? 1e-6 : 1e-14));
  }
}

TEST_CASE("PyTorch's numbers: decay groups, a missing gradient, clipping") {
  ParameterStore<double> store;
  store.declare({.name = "b", .shape = {1}, .decay = false});
  store.declare({.name = "w", .shape = {3}});
  Parameter<double>&b = *store.in_order()[0], &w = *store.in_order()[1];
  store.flat_grads();
  b.data[0] = 0.25;
  std::copy_n(std::vector{1.0, -2.0, 0.5}.data(), 3, w.data);
  AdamW<double> optimizer(store.in_order(), {.lr = 0.01, .beta2 = 0.99, .eps = 1e-6, .weight_decay = 0.1});
  const std::vector<std::vector<double>> gradients = {{0.1, -0.3, 1e-4}, {0.2, 0.5, 0.0}, {-1.0, 0.25, 3.0}};
  const double b_gradients[] = {0.0, 2.0, -0.5}, norms[] = {0.3162277818282258, 2.071231517720798, 3.2113081446662823};
  for (std::size_t step = 0; step < 3; ++step) {
    std::copy_n(gradients[step].data(), 3, w.grad);
    b.grad[0] = b_gradients[step];
    w.has_grad = true;
    b.has_grad = step > 0;
    CHECK(optim::clip_grad_norm_(optimizer.chunks(), 0.75) == doctest::Approx(norms[step]).epsilon(1e-14));
    optimizer.step();
  }
  const double expected[] = {0.9793409837115911, -1.9817450837258526, 0.47564488517813786};
  for (index_t i = 0; i < 3; ++i) CHECK(w.data[i] == doctest::Approx(expected[i]).epsilon(1e-14));
  CHECK(b.data[0] == doctest::Approx(0.23455842692138876).epsilon(1e-14));
}

TEST_CASE_TEMPLATE("a scale of the gradients is the same as scaled gradients, which stay as they are", T, float,
                   double) {
  ParameterStore<T> scaled, plain;
  for (ParameterStore<T>* store : {&scaled, &plain}) declare_parameters(*store);
  AdamW<T> one_pass(plain.in_order(), {.weight_decay = 0.1}), two_passes(scaled.in_order(), {.weight_decay = 0.1});
  for (int step = 0; step < 5; ++step) {
    for (ParameterStore<T>* store : {&scaled, &plain}) set_gradients(*store, step);
    const std::vector<T> before(plain.flat_grads().begin(), plain.flat_grads().end());
    const double norm = optim::clip_grad_norm_(two_passes.chunks(), 0.5);
    two_passes.step(0.01);
    CHECK(norm == optim::grad_norm(one_pass.chunks()));
    one_pass.step(0.01, optim::clip_factor(norm, 0.5));
    CHECK(std::equal(before.begin(), before.end(), plain.flat_grads().begin()));
  }
  const auto values = [](ParameterStore<T>& store) {
    return std::vector<T>(store.flat_values().begin(), store.flat_values().end());
  };
  CHECK(reference::relative_error(values(plain), values(scaled)) < (sizeof(T) == 4 ? 1e-6 : 1e-14));
}

TEST_CASE("moments of zero and tiny gradients stay finite") {
  ParameterStore<float> store;
  store.declare({.name = "w", .shape = {37}});
  store.flat_grads();
  Parameter<float>& w = *store.in_order()[0];
  AdamW<float> optimizer(store.in_order(), {.lr = 1e-3});
  w.has_grad = true;
  for (int step = 0; step < 3; ++step) {
    for (index_t i = 0; i < 37; ++i) w.grad[i] = i % 3 == 0 ? 0.0f : i % 3 == 1 ? 1e-30f : 1e-22f;
    optimizer.step();
  }
  for (index_t i = 0; i < 37; ++i) {
    CHECK(std::isfinite(w.data[i]));
    if (i % 3 == 0) CHECK(w.data[i] == 0.0f);
  }
}

TEST_CASE("any number of threads gives the same bits") {
  const auto trained = [](int threads) {
    const int before = num_threads();
    set_num_threads(threads);
    ParameterStore<float> store;
    declare_parameters(store);
    AdamW<float> optimizer(store.in_order(), {.weight_decay = 0.1});
    for (int step = 0; step < 5; ++step) {
      set_gradients(store, step);
      optim::clip_grad_norm_(optimizer.chunks(), 1.0);
      optimizer.step(0.01);
    }
    set_num_threads(before);
    return std::vector<float>(store.flat_values().begin(), store.flat_values().end());
  };
  CHECK(trained(1) == trained(3));
}

TEST_CASE_TEMPLATE("a saved state goes on with the same bits", T, float, double) {
  const minibert::testing::TemporaryDirectory folder;
  ParameterStore<T> first, second;
  declare_parameters(first);
  AdamW<T> uninterrupted(first.in_order(), {.weight_decay = 0.1});
  for (int step = 0; step < 3; ++step) set_gradients(first, step), uninterrupted.step(0.01);
  uninterrupted.save(folder / "optimizer.safetensors");
  declare_parameters(second);
  std::copy(first.flat_values().begin(), first.flat_values().end(), second.flat_values().begin());
  AdamW<T> resumed(second.in_order(), {.weight_decay = 0.1});
  resumed.load(folder / "optimizer.safetensors");
  for (int step = 3; step < 6; ++step) {
    set_gradients(first, step), uninterrupted.step(0.01);
    set_gradients(second, step), resumed.step(0.01);
  }
  CHECK(std::equal(first.flat_values().begin(), first.flat_values().end(), second.flat_values().begin()));
}

TEST_CASE("a state of other parameters is refused by name") {
  const minibert::testing::TemporaryDirectory folder;
  const auto refusal = [&](const char* name, Shape shape, bool one_more) -> std::string {
    ParameterStore<float> saved, other;
    saved.declare({.name = "w", .shape = {2, 3}});
    other.declare({.name = name, .shape = shape});
    if (one_more) other.declare({.name = "x", .shape = {1}});
    AdamW<float>(saved.in_order(), {}).save(folder / "optimizer.safetensors");
    try {
      AdamW<float>(other.in_order(), {}).load(folder / "optimizer.safetensors");
    } catch (const FormatError& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK(refusal("w", {2, 3}, false) == "accepted");
  CHECK(refusal("v", {2, 3}, false).find("the tensor exp_avg.v is missing") != std::string::npos);
  CHECK(refusal("w", {3, 2}, false).find("exp_avg.w has shape (2, 3), expected (3, 2)") != std::string::npos);
  CHECK(refusal("w", {2, 3}, true).find("holds 3 tensors, expected three for each of 2") != std::string::npos);
}

TEST_CASE("options out of range are refused by name") {
  const std::vector<Parameter<float>*> none;
  CHECK_THROWS_WITH_AS(AdamW<float>(none, {.beta1 = 1}), "adam_beta1 is 1, expected [0, 1)", ValueError);
  CHECK_THROWS_AS(AdamW<float>(none, {.beta2 = -0.1}), ValueError);
  CHECK_THROWS_AS(AdamW<float>(none, {.eps = 0}), ValueError);
  CHECK_THROWS_AS(AdamW<float>(none, {.weight_decay = NAN}), ValueError);
}

}  // namespace
