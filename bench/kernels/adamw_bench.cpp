// The optimizer's part of a step: gradient norm, clipping, AdamW. It must move at least 32 bytes per parameter: the
// norm reads the gradient; the update reads weight, both moments and gradient, and writes all of them but the gradient.
#include <minibert/optim/adamw.hpp>
#include <minibert/optim/clip_grad.hpp>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

using namespace minibert;

namespace {

/// One parameter, with a gradient whose norm is far above 1.
struct Problem {
  explicit Problem(index_t n) {
    store = std::make_unique<ParameterStore<float>>();
    parameter = &store->declare("weight", {n});
    optimizer =
        std::make_unique<optim::AdamW<float>>(store->in_order(), optim::AdamWOptions{.lr = 1e-3, .weight_decay = 0.01});
    chunks = std::make_unique<optim::ParameterChunks<float>>(store->in_order());
    store->allocate_gradient(*parameter);
    weight = bench::uniform(n, 1);
    gradient = bench::uniform(n, 2);
    std::copy(weight.begin(), weight.end(), parameter->data);
    std::copy(gradient.begin(), gradient.end(), parameter->grad);
    parameter->has_grad = true;
  }
  void step() {
    optim::clip_grad_norm_(*chunks, 1.0);
    optimizer->step();
  }

  std::unique_ptr<ParameterStore<float>> store;
  Parameter<float>* parameter;
  std::unique_ptr<optim::AdamW<float>> optimizer;
  std::unique_ptr<optim::ParameterChunks<float>> chunks;
  bench::Floats weight, gradient;
};

/// Checks the first step. After the bias corrections, the result is w·(1 − lr·λ) − lr·g/(|g| + ε), where g is the
/// clipped gradient.
void check(const std::string& name) {
  Problem p(100003);
  p.step();
  double squares = 0;
  for (const float g : p.gradient) squares += std::pow(static_cast<double>(g), 2);
  reference::Numbers expected;
  for (index_t i = 0; i < core::length(p.weight); ++i) {
    const double g = static_cast<double>(core::at(p.gradient, i)) / (std::sqrt(squares) + 1e-6);
    expected.push_back(static_cast<double>(core::at(p.weight, i)) * (1 - 1e-5) - 1e-3 * g / (std::abs(g) + 1e-8));
  }
  bench::check_result(
      name,
      reference::relative_error(bench::Floats(p.parameter->data, p.parameter->data + core::length(p.weight)), expected),
      1e-6);
}

void add(const char* model, index_t n) {
  const std::string name = std::string("adamw/") + model;
  bench::add_case(name, [=](benchmark::State& state) {
    bench::check_once(name, [&] { check(name); });
    auto& p = bench::problem_of<Problem>(name, [=] { return Problem(n); });
    const double bytes = 32 * static_cast<double>(n);
    bench::run(state, bytes, bench::triad_roof(bytes), [&] { p.step(); });
  });
}

}  // namespace

void bench::register_cases() {
  add("tutorial", 9302864);
  add("bert-base", 109514298);
}
