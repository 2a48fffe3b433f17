#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <minibert/optim/adamw.hpp>
#include <minibert/optim/clip_grad.hpp>

#include "support/parameters.hpp"
#include "support/reference.hpp"
#include "support/test_data.hpp"

namespace {

using namespace minibert;
using optim::AdamW;
using optim::AdamWOptions;

constexpr index_t kNumel = 300 * 131 + 17 + 1 + 5;

/// Declares parameters of several sizes: smaller than a SIMD vector, not a multiple of one, and larger than a chunk.
template <class T>
void declare_parameters(ParameterStore<T>& store) {
  store.declare("a.weight", {300, 131});
  store.declare("b.bias", {17});
  store.declare("c.weight", {1});
  store.declare("d.frozen", {5});
  testing::set_values(store, reference::normal<T>(kNumel, 1));
}

/// Returns two groups. The bias has no weight decay.
template <class T>
std::vector<ParameterGroup<T>> groups(ParameterStore<T>& store, double weight_decay) {
  std::vector<ParameterGroup<T>> two{{.parameters = {}, .weight_decay = weight_decay},
                                     {.parameters = {}, .weight_decay = 0.0}};
  for (Parameter<T>* p : store.in_order()) two[p->name == "b.bias" ? 1 : 0].parameters.push_back(p);
  return two;
}

/// Sets new gradients, which depend on the step. d.frozen never has a gradient, and b.bias has none in step 0.
template <class T>
void set_gradients(ParameterStore<T>& store, int step) {
  testing::set_gradients(store, reference::normal<T>(kNumel, 100 + step));
  for (Parameter<T>* p : store.in_order()) p->has_grad = p->name != "d.frozen" && !(p->name == "b.bias" && step == 0);
}

/// A reference: AdamW on one parameter, in double, by the formulas of the paper and of PyTorch.
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
  const AdamWOptions options{.lr = 0.01, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6};
  AdamW<T> optimizer(groups(store, 0.1), options);
  std::vector<SlowAdamW> slow;
  for (const Parameter<T>* p : store.in_order()) {
    const std::vector<double> zeros(core::usize(p->numel()));
    slow.push_back({in_double(p->data, p->numel()), zeros, zeros});
  }
  for (int step = 0; step < 20; ++step) {
    const double factor = 1.0 / (1 + step);
    set_gradients(store, step);
    for (index_t i = 0; i < core::length(slow); ++i) {
      const Parameter<T>& p = *core::at(store.in_order(), i);
      if (p.has_grad)
        core::at(slow, i).step(in_double(p.grad, p.numel()), 0.01 * factor, p.name == "b.bias" ? 0.0 : 0.1, options);
    }
    optimizer.step(factor, 1);
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
  Parameter<double>&b = store.declare("b", {1}), &w = store.declare("w", {3});
  for (Parameter<double>* p : {&b, &w}) store.allocate_gradient(*p);
  b.data[0] = 0.25;
  std::copy_n(std::vector{1.0, -2.0, 0.5}.data(), 3, w.data);
  AdamW<double> optimizer({{.parameters = {&w}, .weight_decay = 0.1}, {.parameters = {&b}}},
                          {.lr = 0.01, .beta2 = 0.99, .eps = 1e-6});
  optim::ParameterChunks<double> all(store.in_order());
  const std::vector<std::vector<double>> gradients = {{0.1, -0.3, 1e-4}, {0.2, 0.5, 0.0}, {-1.0, 0.25, 3.0}};
  const double b_gradients[] = {0.0, 2.0, -0.5}, norms[] = {0.3162277818282258, 2.071231517720798, 3.2113081446662823};
  for (std::size_t step = 0; step < 3; ++step) {
    std::copy_n(gradients[step].data(), 3, w.grad);
    b.grad[0] = b_gradients[step];
    w.has_grad = true;
    b.has_grad = step > 0;
    CHECK(optim::clip_grad_norm_(all, 0.75) == doctest::Approx(norms[step]).epsilon(1e-14));
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
  AdamW<T> one_pass(plain.in_order(), {.lr = 0.01}), two_passes(scaled.in_order(), {.lr = 0.01});
  optim::ParameterChunks<T> of_plain(plain.in_order()), of_scaled(scaled.in_order());
  for (int step = 0; step < 5; ++step) {
    for (ParameterStore<T>* store : {&scaled, &plain}) set_gradients(*store, step);
    const std::vector<T> before = testing::gradients(plain);
    const double norm = optim::clip_grad_norm_(of_scaled, 0.5);
    two_passes.step();
    CHECK(norm == optim::grad_norm(of_plain));
    one_pass.step(1, optim::clip_factor(norm, 0.5));
    CHECK(testing::gradients(plain) == before);
  }
  CHECK(reference::relative_error(testing::values(plain), testing::values(scaled)) < (sizeof(T) == 4 ? 1e-6 : 1e-14));
}

TEST_CASE("moments of zero and tiny gradients stay finite") {
  ParameterStore<float> store;
  Parameter<float>& w = store.declare("w", {37});
  store.allocate_gradient(w);
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
    AdamW<float> optimizer(store.in_order(), {.lr = 0.01, .weight_decay = 0.1});
    optim::ParameterChunks<float> all(store.in_order());
    for (int step = 0; step < 5; ++step) {
      set_gradients(store, step);
      optim::clip_grad_norm_(all, 1.0);
      optimizer.step();
    }
    set_num_threads(before);
    return testing::values(store);
  };
  CHECK(trained(1) == trained(3));
}

TEST_CASE_TEMPLATE("a saved state goes on with the same bits", T, float, double) {
  const testing::TemporaryDirectory folder;
  ParameterStore<T> first, second;
  declare_parameters(first);
  AdamW<T> uninterrupted(first.in_order(), {.lr = 0.01, .weight_decay = 0.1});
  for (int step = 0; step < 3; ++step) set_gradients(first, step), uninterrupted.step();
  uninterrupted.save(folder / "optimizer.safetensors");
  declare_parameters(second);
  testing::set_values(second, testing::values(first));
  AdamW<T> resumed(second.in_order(), {.lr = 0.01, .weight_decay = 0.1});
  resumed.load(folder / "optimizer.safetensors");
  for (int step = 3; step < 6; ++step) {
    set_gradients(first, step), uninterrupted.step();
    set_gradients(second, step), resumed.step();
  }
  CHECK(testing::values(first) == testing::values(second));
}

TEST_CASE("a state of other parameters is refused by name") {
  const testing::TemporaryDirectory folder;
  const auto refusal = [&](const char* name, Shape shape, bool one_more) -> std::string {
    ParameterStore<float> saved, other;
    saved.declare("w", {2, 3});
    other.declare(name, shape);
    if (one_more) other.declare("x", {1});
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
  CHECK(refusal("w", {2, 3}, true).find("contains 3 tensors, expected three for each of 2") != std::string::npos);
}

TEST_CASE("groups have learning rates of their own") {
  ParameterStore<float> store;
  Parameter<float>&slow = store.declare("slow", {2}), &fast = store.declare("fast", {2}),
  &usual = store.declare("usual", {2});
  for (Parameter<float>* p : store.in_order()) {
    store.allocate_gradient(*p);
    std::fill_n(p->grad, 2, 1.0f);
    p->has_grad = true;
  }
  AdamW<float> optimizer(
      {{.parameters = {&slow}, .lr = 0.001}, {.parameters = {&fast}, .lr = 0.1}, {.parameters = {&usual}}},
      {.lr = 0.01});
  optimizer.step(0.5, 1);  // the first step moves each weight by its learning rate times lr_factor, 0.5
  CHECK(slow.data[1] == doctest::Approx(-0.0005));
  CHECK(fast.data[1] == doctest::Approx(-0.05));
  CHECK(usual.data[1] == doctest::Approx(-0.005));
}

TEST_CASE("options out of range are refused by name") {
  const std::vector<Parameter<float>*> none;
  ParameterStore<float> store;
  Parameter<float>& w = store.declare("w", {1});
  using Groups = std::vector<ParameterGroup<float>>;
  CHECK_THROWS_WITH_AS(AdamW<float>(Groups{{.parameters = {&w}}, {.parameters = {&w}}}, {}),
                       "parameter w is in two parameter groups, expected one", ValueError);
  CHECK_THROWS_WITH_AS(AdamW<float>(Groups{{.parameters = {&w}, .lr = -1.0}}, {}),
                       "lr of a parameter group is -1, expected 0 or more", ValueError);
  CHECK_THROWS_WITH_AS(AdamW<float>(none, {.beta1 = 1}), "AdamW: beta1 is 1, expected at least 0 and less than 1",
                       ValueError);
  CHECK_THROWS_AS(AdamW<float>(none, {.beta2 = -0.1}), ValueError);
  CHECK_THROWS_AS(AdamW<float>(none, {.eps = 0}), ValueError);
  CHECK_THROWS_AS(AdamW<float>(none, {.weight_decay = NAN}), ValueError);
}

}  // namespace
