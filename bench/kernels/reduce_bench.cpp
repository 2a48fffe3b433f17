// Sums in a fixed order. One kernel sums the rows of a matrix, as for the gradient of a bias; the other sums an array
// of doubles. Both kernels read their input once (1 pass over memory).
#include <minibert/kernels/reduce.hpp>

#include <cmath>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

using namespace minibert;

namespace {

struct Problem {
  Problem(index_t rows, index_t columns) : n(rows), d(columns), x(bench::uniform(n * d, 1)), sums(core::usize(d)) {
    for (float& v : x) v = std::abs(v);  // positive, so that the sums do not cancel
  }
  void sum_rows() { kernels::sum_rows(Sink<float>{sums.data()}, x.data(), d, n, d); }
  void sum() { total = kernels::sum(x.data(), n * d); }

  index_t n, d;
  bench::Floats x, sums;
  double total = 0;
};

void check(const std::string& name, Problem& p) {
  p.sum_rows();
  p.sum();
  reference::Numbers sums(p.sums.size());
  double total = 0;
  for (index_t i = 0; i < p.n * p.d; ++i) {
    core::at(sums, i % p.d) += static_cast<double>(core::at(p.x, i));
    total += static_cast<double>(core::at(p.x, i));
  }
  bench::check_result(name + ": sums of columns", reference::relative_error(p.sums, sums), 1e-5);
  bench::check_result(name + ": sum", std::abs(p.total - total) / total, 1e-12);
}

void add(index_t n, index_t d, const char* kind, void (Problem::*kernel)()) {
  const std::string shape = std::to_string(n) + "x" + std::to_string(d);
  const std::string name = std::string("reduce/") + kind + "/" + shape;
  bench::add_case(name, [=](benchmark::State& state) {
    auto& p = bench::problem_of<Problem>(shape, [=] { return Problem(n, d); });
    bench::check_once(name, [&] { check(name, p); });
    const double bytes = 4 * static_cast<double>(n * d);
    bench::run(state, bytes, bench::triad_roof(bytes), [&] { (p.*kernel)(); });
  });
}

}  // namespace

void bench::register_cases() {
  for (const auto& [n, d] : {std::pair<index_t, index_t>{2112, 384}, {2112, 1024}, {4096, 3072}})
    add(n, d, "sum_rows", &Problem::sum_rows);
  add(317, 1, "sum", &Problem::sum);  // as many numbers as a batch has losses
}
