// Cross-entropy of the masked tokens' logits: forward reads the logits (1 pass over memory), backward reads them and
// writes their gradient (2 passes).
#include <minibert/kernels/cross_entropy.hpp>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

using namespace minibert;

namespace {

constexpr float kScale = 0.01f;

struct Problem {
  Problem(index_t rows, index_t classes)
      : n(rows),
        d(classes),
        logits(bench::uniform(n * d, 1)),
        dx(logits.size()),
        losses(core::usize(n)),
        lse(core::usize(n)) {
    for (index_t i = 0; i < n; ++i)
      labels.push_back(static_cast<token_id>(random::Key(3).below(d, static_cast<std::uint32_t>(i))));
  }
  void forward() {
    kernels::cross_entropy_forward(losses.data(), lse.data(), logits.data(), labels.data(), -100, n, d);
  }
  void backward() {
    kernels::cross_entropy_backward<float>({dx.data()}, logits.data(), lse.data(), labels.data(), -100, kScale, n, d);
  }

  index_t n, d;
  bench::Floats logits, dx, losses, lse;
  std::vector<token_id> labels;
};

void check(const std::string& name, index_t d) {
  Problem p(20, d);
  p.forward();
  p.backward();
  reference::Numbers lse, losses;
  reference::Numbers gradient = reference::softmax(reference::widen(p.logits), p.n, d, &lse);
  for (index_t i = 0; i < p.n; ++i) {
    const index_t label = i * d + core::at(p.labels, i);
    losses.push_back(core::at(lse, i) - static_cast<double>(core::at(p.logits, label)));
    core::at(gradient, label) -= 1;
  }
  for (double& g : gradient) g *= static_cast<double>(kScale);
  bench::check_result(name + ": losses", reference::relative_error(p.losses, losses), 1e-5);
  bench::check_result(name + ": dx", reference::relative_error(p.dx, gradient), 1e-5);
}

void add(index_t n, index_t d, const char* pass, double passes, void (Problem::*kernel)()) {
  const std::string shape = std::to_string(n) + "x" + std::to_string(d);
  const std::string name = std::string("cross_entropy/") + pass + "/" + shape;
  bench::add_case(name, [=](benchmark::State& state) {
    bench::check_once(name, [&] { check(name, d); });
    auto& p = bench::problem_of<Problem>(shape, [=] { return Problem(n, d); });
    p.forward();  // the backward kernel reads the lse of the forward pass
    const double bytes = passes * 4 * static_cast<double>(n * d);
    bench::run(state, bytes, bench::triad_roof(bytes), [&] { (p.*kernel)(); });
  });
}

}  // namespace

void bench::register_cases() {
  for (const auto& [n, d] : {std::pair<index_t, index_t>{317, 2000}, {614, 30522}}) {
    add(n, d, "forward", 1, &Problem::forward);
    add(n, d, "backward", 2, &Problem::backward);
  }
}
