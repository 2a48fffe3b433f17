// GELU on the output of a feed-forward layer, exact and approximated by tanh: forward reads x and writes y (2 passes
// over memory), backward reads dy and x and writes dx (3 passes).
#include <minibert/kernels/gelu.hpp>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

using namespace minibert;

namespace {

struct Problem {
  explicit Problem(index_t n) : x(bench::uniform(n, 1)), dy(bench::uniform(n, 2)), y(x.size()), dx(x.size()) {
    for (float& value : x) value *= 4;  // in [−4, 4): the curved part of GELU, and the flat parts beside it
  }
  template <class Activation>
  void forward() {
    kernels::activation_forward<Activation>(y.data(), x.data(), core::length(x));
  }
  template <class Activation>
  void backward() {
    kernels::activation_backward<Activation>(Sink<float>{dx.data()}, dy.data(), x.data(), core::length(x));
  }
  bench::Floats x, dy, y, dx;
};

using Function = double (*)(double);

template <class Activation>
void check(const std::string& name, Function gelu, Function derivative) {
  Problem p(10007);
  p.forward<Activation>();
  p.backward<Activation>();
  reference::Numbers y, dx;
  for (index_t i = 0; i < core::length(p.x); ++i) {
    const auto x = static_cast<double>(core::at(p.x, i));
    y.push_back(gelu(x));
    dx.push_back(static_cast<double>(core::at(p.dy, i)) * derivative(x));
  }
  bench::check_result(name + ": y", reference::relative_error(p.y, y), 1e-5);
  bench::check_result(name + ": dx", reference::relative_error(p.dx, dx), 1e-5);
}

template <class Activation>
void add(index_t n, const std::string& kind, Function gelu, Function derivative) {
  const auto add_pass = [&](const char* pass, double passes, void (Problem::*kernel)()) {
    const std::string name = kind + "/" + pass + "/" + std::to_string(n);
    bench::add_case(name, [=](benchmark::State& state) {
      bench::check_once(name, [&] { check<Activation>(name, gelu, derivative); });
      auto& p = bench::problem_of<Problem>(std::to_string(n), [=] { return Problem(n); });
      const double bytes = passes * 4 * static_cast<double>(n);
      bench::run(state, bytes, bench::triad_roof(bytes), [&] { (p.*kernel)(); });
    });
  };
  add_pass("forward", 2, &Problem::forward<Activation>);
  add_pass("backward", 3, &Problem::backward<Activation>);
}

}  // namespace

void bench::register_cases() {
  for (const index_t n : {2112 * 1024, 4096 * 3072}) {
    add<kernels::GeluExact>(n, "gelu", reference::gelu, reference::gelu_derivative);
    add<kernels::GeluTanh>(n, "gelu_tanh", reference::gelu_tanh, reference::gelu_tanh_derivative);
  }
}
