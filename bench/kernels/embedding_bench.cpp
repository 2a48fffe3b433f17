// Looks up n rows of d elements in a table by random indices. Forward reads and writes each of these rows (2 passes
// over n·d elements). Backward reads dy and writes the gradient of the whole table, which is mostly zero if the table
// has many rows. Backward counts as n·d + rows·d elements, even if the kernel reads some elements twice.
#include <minibert/kernels/embedding.hpp>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

using namespace minibert;

namespace {

struct Problem {
  Problem(index_t tokens, index_t table_rows, index_t features)
      : n(tokens),
        rows(table_rows),
        d(features),
        table(bench::uniform(rows * d, 1)),
        dy(bench::uniform(n * d, 2)),
        y(dy.size()),
        dtable(table.size()) {
    for (index_t t = 0; t < n; ++t)  // smaller ids are more frequent, as in a text
      index.push_back(static_cast<token_id>(
          std::pow(static_cast<double>(rows), random::Key(3).uniform(static_cast<std::uint32_t>(t))) - 1));
  }
  void forward() { kernels::gather_rows(Sink<float>{y.data()}, table.data(), index.data(), n, d); }
  void backward() {
    kernels::scatter_rows(Sink<float>{dtable.data()}, dy.data(), index.data(), index_t{0}, n, rows, d);
  }

  index_t n, rows, d;
  bench::Floats table, dy, y, dtable;
  std::vector<token_id> index;
};

void check(const std::string& name, Problem& p) {
  p.forward();
  p.backward();
  reference::Numbers y, dtable(p.table.size());
  for (index_t t = 0; t < p.n; ++t)
    for (index_t i = 0; i < p.d; ++i) {
      const index_t element = core::at(p.index, t) * p.d + i;
      y.push_back(static_cast<double>(core::at(p.table, element)));
      if (core::at(p.index, t) != 0) core::at(dtable, element) += static_cast<double>(core::at(p.dy, t * p.d + i));
    }
  bench::check_result(name + ": y", reference::relative_error(p.y, y), 1e-7);
  bench::check_result(name + ": dtable", reference::relative_error(p.dtable, dtable), 1e-5);
}

void add(index_t n, index_t rows, index_t d, const char* pass, double elements, void (Problem::*kernel)()) {
  const std::string shape = std::to_string(n) + "of" + std::to_string(rows) + "x" + std::to_string(d);
  const std::string name = std::string("embedding/") + pass + "/" + shape;
  bench::add_case(name, [=](benchmark::State& state) {
    auto& p = bench::problem_of<Problem>(shape, [=] { return Problem(n, rows, d); });
    bench::check_once(name, [&] { check(name, p); });
    bench::run(state, 4 * elements, bench::triad_roof(4 * elements), [&] { (p.*kernel)(); });
  });
}

}  // namespace

void bench::register_cases() {
  const index_t shapes[][3] = {{2112, 2000, 384}, {16384, 2000, 384}, {4096, 30522, 768}, {16384, 30522, 768}};
  for (const auto& [n, rows, d] : shapes) {
    add(n, rows, d, "forward", static_cast<double>(2 * n * d), &Problem::forward);
    add(n, rows, d, "backward", static_cast<double>((n + rows) * d), &Problem::backward);
  }
}
