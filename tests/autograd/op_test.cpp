#include <minibert/autograd/op.hpp>

#include <memory>
#include <stdexcept>

#include <doctest/doctest.h>

#include <minibert/kernels/elementwise.hpp>
#include <minibert/ops/functional.hpp>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Inputs;

namespace {

/// A mistake that the author of an op can make. Here the op is `scale`, y = x·w.
enum class Mistake {
  none,
  reads_unlisted,      // reads w.data() without op.input(w)
  forgets_slot,        // calls op.input(w), but gives w no gradient
  forgets_all_slots,   // the backward step does nothing
  lists_after_output,  // calls op.input(w) after output()
  no_output,
  output_twice,
  nested,  // calls another op before record()
  throws,  // throws an exception after all input() calls
};

Variable<double> scale(Variable<double> x, Variable<double> w, Mistake mistake) {
  Op<double> op("scale", x.tape());
  const Input<double> in = op.input(x);
  const double* pw = nullptr;
  Input<double> factor;
  if (mistake == Mistake::reads_unlisted) pw = w.data();
  if (mistake != Mistake::lists_after_output) factor = op.input(w);
  if (mistake == Mistake::nested) F::exp(x);
  if (mistake == Mistake::no_output) return op.record([=](const double*, Gradients<double>&) {});
  double* y = op.output(x.shape());
  if (mistake == Mistake::lists_after_output) factor = op.input(w);
  if (mistake == Mistake::output_twice) y = op.output(x.shape());
  if (mistake == Mistake::throws) throw std::runtime_error("the author's own");
  pw = factor.data();
  const index_t n = in.numel();
  for (index_t i = 0; i < n; ++i) y[i] = in.data()[i] * pw[i];
  return op.record([=](const double* dy, Gradients<double>& g) {
    if (mistake == Mistake::forgets_all_slots) return;
    kernels::generate(g.slot(in), n, [=](index_t i) { return dy[i] * pw[i]; });
    if (mistake == Mistake::forgets_slot) return;
    kernels::generate(g.slot(factor), n, [=](index_t i) { return dy[i] * in.data()[i]; });
  });
}

/// Checks that the op works on this tape, whatever failed on it before.
void check_usable(Tape<double>& tape, Inputs<double>& inputs) {
  inputs.zero_grad();
  const auto x = inputs.on(tape);
  tape.backward(F::sum(scale(x[0], x[1], Mistake::none)));
  CHECK(inputs.grad(0) == inputs.values(1));
  CHECK(inputs.grad(1) == inputs.values(0));
}

}  // namespace

TEST_CASE("Op: values and gradients of an op without a mistake, also of one variable twice") {
  CHECK(testing::gradcheck_op({{3}, {3}}, [](testing::Doubles x) { return scale(x[0], x[1], Mistake::none); }) < 1e-6);
  CHECK(testing::gradcheck_op({{3}}, [](testing::Doubles x) { return scale(x[0], x[0], Mistake::none); }) < 1e-6);
}

TEST_CASE("Op: reading a variable that requires a gradient and is not listed throws, and leaves the tape usable") {
  Inputs<double> inputs{{2}, {2}};
  Tape<double> tape;
  const auto w = inputs.on(tape)[1];
  const auto x = tape.constant(Tensor<double>({2}, {1, 2}));  // so backward() could not find the mistake
  const char* message =
      "scale: reads a variable of shape (2) that requires a gradient and is not listed; list it with Op::input()";
  CHECK_THROWS_WITH_AS(scale(x, w, Mistake::reads_unlisted), message, ValueError);
  Op<double> op("scale", tape);
  op.input(x);
  CHECK_THROWS_WITH_AS(w.data(), message, ValueError);
  CHECK_THROWS_WITH_AS(w.tensor(), message, ValueError);
  CHECK_THROWS_AS(testing::values(tape.parameter(inputs[0])), ValueError);
  CHECK_NOTHROW(w.shape());
  CHECK_NOTHROW(x.data());
  CHECK_NOTHROW(tape.constant(Tensor<double>({2})).data());  // a variable without gradient may be read unlisted
  op.input(w);
  CHECK_NOTHROW(w.data());
  op.output({2});
  CHECK_NOTHROW(w.data());
  CHECK_THROWS_AS(tape.parameter(inputs[0]).data(), ValueError);
  op.record([](const double*, Gradients<double>&) {});
  CHECK_NOTHROW(tape.parameter(inputs[0]).data());
  check_usable(tape, inputs);
}

TEST_CASE("Op: item() of an unlisted variable throws, too; frozen parameters may be read") {
  Inputs<double> inputs{Shape{}, Shape{}};
  inputs[1].requires_grad = false;
  Tape<double> tape;
  const auto x = inputs.on(tape);
  const Op<double> op("op", tape);
  CHECK_THROWS_AS(x[0].item(), ValueError);
  CHECK_NOTHROW(x[1].item());
}

TEST_CASE("Op: a backward step that gives a listed input no gradient") {
  for (const Mistake mistake : {Mistake::forgets_slot, Mistake::forgets_all_slots}) {
    Inputs<double> inputs{{2}, {2}};
    Tape<double> tape;
    const auto x = inputs.on(tape);
    const auto loss = F::sum(scale(x[0], x[1], mistake));
    CHECK_THROWS_WITH_AS(tape.backward(loss),
                         "backward: the step of scale gave no gradient to an input of shape (2); it must call slot() "
                         "or none() for each input",
                         Error);
    tape.reset();
    check_usable(tape, inputs);
  }
  Inputs<double> inputs{{2}, {2}};  // one variable listed twice needs two slots
  Tape<double> tape;
  const auto x = inputs.on(tape)[0];
  CHECK_THROWS_AS(tape.backward(F::sum(scale(x, x, Mistake::forgets_slot))), Error);
  tape.reset();
  inputs[1].requires_grad = false;  // the backward step may ignore an input that requires no gradient
  const auto y = inputs.on(tape);
  CHECK_NOTHROW(tape.backward(F::sum(scale(y[0], y[1], Mistake::forgets_slot))));
}

TEST_CASE("Op: none() states that an input gets no gradient") {
  Inputs<double> inputs{{2}};
  Tape<double> tape;
  Op<double> op("sign", tape);
  const Input<double> in = op.input(inputs.on(tape)[0]);
  *op.output(Shape{}) = in.data()[0] > 0 ? 1 : -1;
  const auto y = op.record([=](const double*, Gradients<double>& g) { g.none(in); });
  CHECK_NOTHROW(tape.backward(y));
  CHECK_FALSE(inputs[0].has_grad);
}

TEST_CASE("Op: other mistakes throw where they are made, and leave the tape usable") {
  Inputs<double> inputs{{2}, {2}};
  Tape<double> tape;
  const auto x = inputs.on(tape);
  const auto make = [&](Mistake mistake) { return scale(x[0], x[1], mistake); };
  CHECK_THROWS_WITH_AS(make(Mistake::lists_after_output),
                       "scale: input() was called after output(); list every input before output()", ValueError);
  check_usable(tape, inputs);
  CHECK_THROWS_WITH_AS(make(Mistake::no_output), "scale: record() was called before output(); call output() first",
                       ValueError);
  check_usable(tape, inputs);
  CHECK_THROWS_WITH_AS(make(Mistake::output_twice), "scale: output() was called twice, expected once", ValueError);
  check_usable(tape, inputs);
  CHECK_THROWS_WITH_AS(make(Mistake::nested), "exp: op scale is still open; call its record() before another op begins",
                       ValueError);
  check_usable(tape, inputs);
  CHECK_THROWS_WITH_AS(make(Mistake::throws), "the author's own", std::runtime_error);
  check_usable(tape, inputs);
}

TEST_CASE("Op: an input of another tape, of an earlier step, or without a value") {
  Inputs<double> inputs{{2}};
  Tape<double> tape, other;
  const auto foreign = inputs.on(other)[0], old = inputs.on(tape)[0];
  tape.reset();
  Op<double> op("op", tape);
  CHECK_THROWS_WITH_AS(op.input(foreign), "op: an input belongs to another tape; make all inputs on one tape",
                       ValueError);
  CHECK_THROWS_WITH_AS(
      op.input(old), "a variable was used after its tape was reset; compute it again, or copy its value before reset()",
      ValueError);
  CHECK_THROWS_WITH_AS(op.input(Variable<double>()), "a variable was used before it was given a value", ValueError);
}

TEST_CASE("Op: nothing can be added to an op that record() or the tape's reset() has closed") {
  Inputs<double> inputs{{2}, {2}};
  Tape<double> tape;
  const auto nothing = [](const double*, Gradients<double>&) {};
  Op<double> op("op", tape);
  op.output({2});
  op.record(nothing);
  const std::string message = "() was called after record() or after the tape's reset(); begin a new Op";
  CHECK_THROWS_WITH_AS(op.record(nothing), ("op: record" + message).c_str(), ValueError);
  CHECK_THROWS_WITH_AS(op.output({2}), ("op: output" + message).c_str(), ValueError);
  CHECK_THROWS_WITH_AS(op.input(inputs.on(tape)[0]), ("op: input" + message).c_str(), ValueError);
  Op<double> cut("cut", tape);
  cut.input(inputs.on(tape)[0]);
  cut.output({2});
  tape.reset();
  CHECK_THROWS_WITH_AS(cut.record(nothing), ("cut: record" + message).c_str(), ValueError);
  check_usable(tape, inputs);
}

TEST_CASE("Op: the end of one that is no longer open leaves the open one alone") {
  Inputs<double> inputs{{2}};
  Tape<double> tape;
  const auto w = inputs.on(tape)[0];
  auto first = std::make_unique<Op<double>>("first", tape);
  first->output({2});
  first->record([](const double*, Gradients<double>&) {});
  Op<double> second("second", tape);
  first.reset();
  CHECK_THROWS_AS(w.data(), ValueError);
  CHECK_NOTHROW(second.input(w));
}

TEST_CASE("Op: is_recorded() tells whether a backward step will be kept") {
  Inputs<double> inputs{{2}};
  Tape<double> tape;
  const auto recorded = [&](Variable<double> x) {
    Op<double> op("op", tape);
    op.input(x);
    CHECK_THROWS_WITH_AS(op.is_recorded(), "op: is_recorded() was called before output(); call output() first",
                         ValueError);
    op.output({2});
    return op.is_recorded();
  };
  CHECK(recorded(inputs.on(tape)[0]));
  CHECK_FALSE(recorded(tape.constant(Tensor<double>({2}))));
  const no_grad guard;
  CHECK_FALSE(recorded(inputs.on(tape)[0]));
}

TEST_CASE("Op: no input, and an optional one that is absent") {
  Tape<double> tape;
  Op<double> op("ones", tape);
  *op.output(Shape{}) = 1;
  const auto y = op.record([](const double*, Gradients<double>&) {});
  CHECK(y.item() == 1);
  CHECK_FALSE(y.requires_grad());
  const Input<double> absent;
  CHECK_FALSE(absent);
  CHECK(absent.data() == nullptr);
  CHECK_FALSE(absent.requires_grad());
}

TEST_CASE("Input: shape, number of elements and whether a gradient is wanted") {
  Inputs<double> inputs{{2, 3}};
  Tape<double> tape;
  Op<double> op("op", tape);
  const Input<double> in = op.input(inputs.on(tape)[0]), constant = op.input(tape.constant(Tensor<double>({2})));
  CHECK(in);
  CHECK(in.shape() == Shape{2, 3});
  CHECK(in.numel() == 6);
  CHECK(in.data() == inputs[0].data);
  CHECK(in.requires_grad());
  CHECK_FALSE(constant.requires_grad());
}
