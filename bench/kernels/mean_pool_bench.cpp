// The mean of each sequence's rows: forward reads x, backward writes dx (1 pass over memory each; the means themselves
// are negligible).
#include <minibert/kernels/mean_pool.hpp>

#include <array>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

using namespace minibert;

namespace {

struct Problem {
  Problem(index_t sequences, index_t len, index_t features)
      : batch(std::vector<index_t>(core::usize(sequences), len)),
        length(len),
        d(features),
        x(bench::uniform(sequences * len * d, 1)),
        dy(bench::uniform(sequences * d, 2)),
        y(dy.size()),
        dx(x.size()) {}
  void forward() { kernels::mean_pool_forward(y.data(), x.data(), batch.view(), d); }
  void backward() { kernels::mean_pool_backward(Sink<float>{dx.data()}, dy.data(), batch.view(), d); }

  reference::OwnedSequences batch;
  index_t length, d;
  bench::Floats x, dy, y, dx;
};

/// Checks both kernels on three sequences.
void check(const std::string& name, index_t length, index_t d) {
  Problem p(3, length, d);
  p.forward();
  p.backward();
  const auto count = static_cast<double>(length);
  reference::Numbers y(p.y.size()), dx;
  for (index_t i = 0; i < core::length(p.x); ++i) {
    const index_t of_mean = i / (length * d) * d + i % d;
    core::at(y, of_mean) += static_cast<double>(core::at(p.x, i)) / count;
    dx.push_back(static_cast<double>(core::at(p.dy, of_mean)) / count);
  }
  bench::check_result(name + ": y", reference::relative_error(p.y, y), 1e-5);
  bench::check_result(name + ": dx", reference::relative_error(p.dx, dx), 1e-6);
}

void add(index_t sequences, index_t length, index_t d, const char* pass, void (Problem::*kernel)()) {
  const std::string shape = std::to_string(sequences) + "x" + std::to_string(length) + "x" + std::to_string(d);
  const std::string name = std::string("mean_pool/") + pass + "/" + shape;
  bench::add_case(name, [=](benchmark::State& state) {
    bench::check_once(name, [&] { check(name, length, d); });
    auto& p = bench::problem_of<Problem>(shape, [=] { return Problem(sequences, length, d); });
    const double bytes = 4 * static_cast<double>(core::length(p.x));
    bench::run(state, bytes, bench::triad_roof(bytes), [&] { (p.*kernel)(); });
  });
}

}  // namespace

void bench::register_cases() {
  for (const auto& [sequences, length, d] : {std::array<index_t, 3>{64, 33, 384}, {32, 128, 768}}) {
    add(sequences, length, d, "forward", &Problem::forward);
    add(sequences, length, d, "backward", &Problem::backward);
  }
}
