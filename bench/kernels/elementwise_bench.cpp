// Elementwise kernels with broadcasting, for y = x + bias. generate() computes y: it reads x and writes y (2 passes
// over memory). generate_reduced() computes the gradient of the bias: it sums dy over the rows (1 pass).
#include <minibert/kernels/elementwise.hpp>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

using namespace minibert;

namespace {

struct Problem {
  Problem(index_t rows, index_t columns)
      : n(rows),
        d(columns),
        x(bench::uniform(n * d, 1)),
        bias(bench::uniform(d, 2)),
        y(x.size()),
        dbias(bias.size()),
        workspace(core::usize(kernels::reduced_workspace(d, n * d))) {}
  kernels::BroadcastMap of_bias() const { return {.dim = 2, .sizes = {n, d}, .strides = {0, 1}}; }
  void generate() {
    const float *from = x.data(), *added = bias.data();
    const auto map = of_bias();
    kernels::generate(Sink<float>{y.data()}, n * d, [=](index_t i) { return from[i] + added[map(i)]; });
  }
  void generate_reduced() {
    const float* dy = x.data();
    kernels::generate_reduced(
        Sink<float>{dbias.data()}, d, of_bias(), n * d, [=](index_t i) { return dy[i]; }, workspace.data());
  }

  index_t n, d;
  bench::Floats x, bias, y, dbias;
  std::vector<double> workspace;
};

void check(const std::string& name, Problem& p) {
  p.generate();
  p.generate_reduced();
  reference::Numbers y, dbias(p.dbias.size());
  for (index_t i = 0; i < p.n * p.d; ++i) {
    y.push_back(static_cast<double>(core::at(p.x, i)) + static_cast<double>(core::at(p.bias, i % p.d)));
    core::at(dbias, i % p.d) += static_cast<double>(core::at(p.x, i));
  }
  bench::check_result(name + ": y", reference::relative_error(p.y, y), 1e-6);
  bench::check_result(name + ": dbias", reference::relative_error(p.dbias, dbias), 1e-6);
}

void add(index_t n, index_t d, const char* kind, double passes, void (Problem::*kernel)()) {
  const std::string shape = std::to_string(n) + "x" + std::to_string(d);
  const std::string name = std::string("elementwise/") + kind + "/" + shape;
  bench::add_case(name, [=](benchmark::State& state) {
    auto& p = bench::problem_of<Problem>(shape, [=] { return Problem(n, d); });
    bench::check_once(name, [&] { check(name, p); });
    const double bytes = passes * 4 * static_cast<double>(n * d);
    bench::run(state, bytes, bench::triad_roof(bytes), [&] { (p.*kernel)(); });
  });
}

}  // namespace

void bench::register_cases() {
  for (const auto& [n, d] : {std::pair<index_t, index_t>{2112, 384}, {4096, 768}}) {
    add(n, d, "generate", 2, &Problem::generate);
    add(n, d, "generate_reduced", 1, &Problem::generate_reduced);
  }
}
