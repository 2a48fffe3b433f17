// Clipping of a gradient: the sum of squares reads it (1 pass over memory), scaling reads and writes it (2 passes).
// Each call of a kernel runs on one thread. Threads work on different chunks, as in the optimizer.
#include <minibert/kernels/clip_grad.hpp>

#include <cmath>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

using namespace minibert;

namespace {

struct Problem {
  static constexpr index_t kChunk = 65536;

  explicit Problem(index_t count) : n(count), x(bench::uniform(n, 1)), sums(core::usize(core::ceil_div(n, kChunk))) {}
  void sum_of_squares() {
    parallel_for(n, kChunk, [this](index_t begin, index_t end) {
      kernels::sum_of_squares(&core::at(sums, begin / kChunk), x.data() + begin, end - begin);
    });
  }
  void scale() {
    // The factor is 1, so that repeated calls give neither infinity nor denormal numbers.
    parallel_for(n, kChunk,
                 [this](index_t begin, index_t end) { kernels::scale(x.data() + begin, factor, end - begin); });
  }

  index_t n;
  bench::Floats x;
  std::vector<double> sums;
  float factor = 1;
};

void check(const std::string& name) {
  Problem p(100003);
  p.sum_of_squares();
  double squares = 0, found = 0;
  reference::Numbers scaled;
  for (const float v : p.x) {
    squares += static_cast<double>(v) * static_cast<double>(v);
    scaled.push_back(0.3 * static_cast<double>(v));
  }
  for (const double sum : p.sums) found += sum;
  bench::check_result(name + ": sum of squares", std::abs(found - squares) / squares, 1e-12);
  p.factor = 0.3f;
  p.scale();
  bench::check_result(name + ": scaled", reference::relative_error(p.x, scaled), 1e-6);
}

void add(index_t n, const char* kind, double passes, void (Problem::*kernel)()) {
  const std::string name = std::string("clip_grad/") + kind + "/" + std::to_string(n);
  bench::add_case(name, [=](benchmark::State& state) {
    bench::check_once(name, [&] { check(name); });
    auto& p = bench::problem_of<Problem>(std::to_string(n), [=] { return Problem(n); });
    const double bytes = passes * 4 * static_cast<double>(n);
    bench::run(state, bytes, bench::triad_roof(bytes), [&] { (p.*kernel)(); });
  });
}

}  // namespace

void bench::register_cases() {
  for (const index_t n : {9302864, 109514298}) {  // numbers of parameters of the tutorial's model and of bert-base
    add(n, "sum_of_squares", 1, &Problem::sum_of_squares);
    add(n, "scale", 2, &Problem::scale);
  }
}
