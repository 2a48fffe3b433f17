// Dropout of a tensor: reads x and writes y (2 passes over memory). The backward kernel costs the same, because it does
// not load the mask, but draws it again.
#include <minibert/kernels/dropout.hpp>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

using namespace minibert;

namespace {

struct Problem {
  Problem(index_t sequences, index_t len, index_t features)
      : batch(std::vector<index_t>(core::usize(sequences), len)),
        d(features),
        x(bench::uniform(batch.num_tokens() * d, 1)),
        y(x.size()) {}
  void run() { kernels::dropout(Sink<float>{y.data()}, x.data(), mask, batch.view(), batch.num_tokens(), d); }

  reference::OwnedSequences batch;
  index_t d;
  kernels::DropoutMask mask = kernels::DropoutMask::of(0.1, random::Key(5));
  bench::Floats x, y;
};

void check(const std::string& name, index_t d) {
  Problem p(3, 7, d);
  p.run();
  reference::Numbers expected;
  for (index_t t = 0; t < p.batch.num_tokens(); ++t)
    for (index_t i = 0; i < d; ++i)
      expected.push_back(
          static_cast<double>(core::at(p.x, t * d + i)) *
          reference::dropout_factor(p.mask.key.fold(core::at(p.batch.global_rows, t / 7)), p.mask.threshold, t % 7, i));
  bench::check_result(name, reference::relative_error(p.y, expected), 1e-6);
}

void add(index_t sequences, index_t len, index_t d) {
  const std::string name = "dropout/" + std::to_string(sequences * len) + "x" + std::to_string(d);
  bench::add_case(name, [=](benchmark::State& state) {
    bench::check_once(name, [&] { check(name, d); });
    auto& p = bench::problem_of<Problem>(name, [=] { return Problem(sequences, len, d); });
    const double bytes = 2 * 4 * static_cast<double>(core::length(p.x));
    bench::run(state, bytes, bench::triad_roof(bytes), [&] { p.run(); });
  });
}

}  // namespace

void bench::register_cases() {
  add(64, 33, 384);
  add(32, 128, 768);
}
