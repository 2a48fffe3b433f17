// Softmax of rows: forward reads x and writes y (2 passes over memory), backward reads dy and y and writes dx (3
// passes).
#include <minibert/kernels/softmax.hpp>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

using namespace minibert;

namespace {

struct Problem {
  Problem(index_t rows, index_t columns)
      : n(rows), d(columns), x(bench::uniform(n * d, 1)), dy(bench::uniform(n * d, 2)), y(x.size()), dx(x.size()) {}
  void forward() { kernels::softmax_forward(y.data(), x.data(), n, d); }
  void backward() { kernels::softmax_backward(Sink<float>{dx.data()}, dy.data(), y.data(), n, d); }

  index_t n, d;
  bench::Floats x, dy, y, dx;
};

/// Checks both kernels on 20 rows.
void check(const std::string& name, index_t d) {
  Problem p(20, d);
  p.forward();
  p.backward();
  const auto y = reference::softmax(reference::widen(p.x), p.n, d);
  bench::check_result(name + ": y", reference::relative_error(p.y, y), 1e-5);
  const auto dx = reference::softmax_backward(reference::widen(p.dy), y, p.n, d);
  bench::check_result(name + ": dx", reference::relative_error(p.dx, dx), 1e-5);
}

void add(index_t n, index_t d, const char* pass, double passes, void (Problem::*kernel)()) {
  const std::string shape = std::to_string(n) + "x" + std::to_string(d);
  const std::string name = std::string("softmax/") + pass + "/" + shape;
  bench::add_case(name, [=](benchmark::State& state) {
    bench::check_once(name, [&] { check(name, d); });
    auto& p = bench::problem_of<Problem>(shape, [=] { return Problem(n, d); });
    p.forward();  // the backward kernel reads y
    const double bytes = passes * 4 * static_cast<double>(n * d);
    bench::run(state, bytes, bench::triad_roof(bytes), [&] { (p.*kernel)(); });
  });
}

}  // namespace

void bench::register_cases() {
  for (const auto& [n, d] : {std::pair<index_t, index_t>{2112, 256}, {317, 2000}}) {
    add(n, d, "forward", 2, &Problem::forward);
    add(n, d, "backward", 3, &Problem::backward);
  }
}
