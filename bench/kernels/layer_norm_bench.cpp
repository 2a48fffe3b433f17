// Layer norm of x + residual, as after attention and after the feed-forward network: forward reads x and the residual
// and writes y (3 passes over memory), backward reads dy, x and the residual and writes both gradients (5 passes).
#include <minibert/kernels/layer_norm.hpp>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

using namespace minibert;

namespace {

struct Problem {
  Problem(index_t rows, index_t features) : n(rows), d(features) {
    int stream = 1;
    for (auto* v : {&x, &residual, &dy}) *v = bench::uniform(n * d, stream++);
    for (auto* v : {&weight, &bias}) *v = bench::uniform(d, stream++);
    for (auto* v : {&y, &dx, &dresidual}) v->resize(core::usize(n * d));
    for (auto* v : {&mean, &rstd}) v->resize(core::usize(n));
    for (auto* v : {&dweight, &dbias}) v->resize(core::usize(d));
    workspace.resize(core::usize(kernels::layer_norm_backward_workspace(n, d)));
  }
  void forward() { kernels::layer_norm_forward(y.data(), mean.data(), rstd.data(), inputs()); }
  void backward() {
    kernels::layer_norm_backward<float>({{dx.data()}, {dresidual.data()}, {dweight.data()}, {dbias.data()}}, dy.data(),
                                        mean.data(), rstd.data(), inputs(), workspace.data());
  }
  kernels::LayerNormInputs<float> inputs() const {
    return {x.data(), residual.data(), weight.data(), bias.data(), 1e-12f, n, d};
  }

  index_t n, d;
  bench::Floats x, residual, dy, weight, bias, y, dx, dresidual, mean, rstd, dweight, dbias, workspace;
};

/// Checks both kernels on 100 rows.
void check(const std::string& name, index_t d) {
  Problem p(100, d);
  p.forward();
  p.backward();
  reference::Numbers sum;
  for (index_t i = 0; i < p.n * d; ++i)
    sum.push_back(static_cast<double>(core::at(p.x, i)) + static_cast<double>(core::at(p.residual, i)));
  const auto weight = reference::widen(p.weight);
  const auto gradients = reference::layer_norm_backward(reference::widen(p.dy), sum, weight, 1e-12, p.n, d);
  const auto compare = [&](const char* what, const bench::Floats& found, const reference::Numbers& expected) {
    bench::check_result(name + ": " + what, reference::relative_error(found, expected), 1e-5);
  };
  compare("y", p.y, reference::layer_norm(sum, weight, reference::widen(p.bias), 1e-12, p.n, d));
  compare("dx", p.dx, gradients.x);
  compare("dresidual", p.dresidual, gradients.x);
  compare("dweight", p.dweight, gradients.weight);
  compare("dbias", p.dbias, gradients.bias);
}

void add(index_t n, index_t d, const char* pass, double passes, void (Problem::*kernel)()) {
  const std::string shape = std::to_string(n) + "x" + std::to_string(d);
  const std::string name = std::string("layer_norm/") + pass + "/" + shape;
  bench::add_case(name, [=](benchmark::State& state) {
    bench::check_once(name, [&] { check(name, d); });
    auto& p = bench::problem_of<Problem>(shape, [=] { return Problem(n, d); });
    p.forward();  // the backward kernel reads the mean and rstd of the forward pass
    const double bytes = passes * 4 * static_cast<double>(n * d);
    bench::run(state, bytes, bench::triad_roof(bytes), [&] { (p.*kernel)(); });
  });
}

}  // namespace

void bench::register_cases() {
  for (const auto& [n, d] : {std::pair<index_t, index_t>{2112, 384}, {4096, 768}}) {
    add(n, d, "forward", 3, &Problem::forward);
    add(n, d, "backward", 5, &Problem::backward);
  }
}
