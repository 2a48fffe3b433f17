#include <minibert/kernels/attention.hpp>

#include <doctest/doctest.h>

#include "support/kernels.hpp"

using namespace minibert;
using kernels::AttentionShape;
using kernels::DropoutMask;
using reference::widen;

namespace {

template <class T>
struct Result {
  std::vector<T> y, lse, dq, dk, dv;
  bool operator==(const Result&) const = default;
};

/// The inputs of one attention, to run the kernels and the reference on. Each sequence has as many queries as keys,
/// unless asked_lengths contains the numbers of queries.
template <class T>
struct Problem {
  Problem(const std::vector<index_t>& lengths, index_t num_heads, index_t head_size, double p,
          const std::vector<index_t>* asked_lengths = nullptr)
      : sequences(lengths, 3),
        asking(asked_lengths == nullptr ? lengths : *asked_lengths, 3),
        heads(num_heads),
        d(head_size),
        mask(DropoutMask::of(p, random::Key(11))) {}

  index_t size() const { return sequences.num_tokens() * heads * d; }
  index_t query_size() const { return asking.num_tokens() * heads * d; }
  AttentionShape shape() const { return {asking.view(), sequences.view(), heads, d, heads * d}; }

  kernels::AttentionInputs<T> inputs(const AttentionShape& of) const {
    return {q.data(), k.data(), v.data(), scale, mask, of};
  }

  Result<T> run(bool accumulate, Precision precision = Precision::full) const {
    std::vector<T> workspace(core::usize(kernels::attention_workspace<T>(shape(), num_threads())), static_cast<T>(NAN));
    Result<T> r{std::vector<T>(core::usize(query_size())),
                std::vector<T>(core::usize(heads * asking.num_tokens())),
                {},
                {},
                {}};
    kernels::attention_forward(r.y.data(), r.lse.data(), inputs(shape()), workspace.data(), precision);
    testing::Destination<T> dq(query_size(), accumulate), dk(size(), accumulate), dv(size(), accumulate);
    kernels::attention_backward({dq.sink(), dk.sink(), dv.sink()}, dy.data(), r.y.data(), r.lse.data(), inputs(shape()),
                                workspace.data(), precision);
    r.dq = dq.values, r.dk = dk.values, r.dv = dv.values;
    return r;
  }

  reference::AttentionResult twin() const {
    const auto factor = [&](index_t b, index_t h, index_t query, index_t key) {
      return reference::dropout_factor(mask.key.fold(core::at(sequences.global_rows, b)).fold(h), mask.threshold, query,
                                       key);
    };
    return reference::attention(widen(q), widen(k), widen(v), widen(dy), static_cast<double>(scale), asking.view(),
                                sequences.view(), heads, d, factor);
  }

  reference::OwnedSequences sequences, asking;
  index_t heads, d;
  DropoutMask mask;
  T scale = static_cast<T>(0.6);
  std::vector<T> q = reference::normal<T>(query_size(), 1), k = reference::normal<T>(size(), 2),
                 v = reference::normal<T>(size(), 3), dy = reference::normal<T>(query_size(), 4);
};

template <class T>
void compare(const std::vector<index_t>& lengths, index_t heads, index_t d, double p,
             const std::vector<index_t>* asking = nullptr) {
  INFO("heads=", heads, " head size=", d, " p=", p);
  const Problem<T> problem(lengths, heads, d, p, asking);
  const auto expected = problem.twin();
  const double allowed = 5 * testing::tolerance<T>();
  for (const bool accumulate : {false, true}) {
    const Result<T> found = problem.run(accumulate);
    const testing::Destination<T> to(0, accumulate);
    CHECK(reference::relative_error(found.y, expected.y) < allowed);
    CHECK(reference::relative_error(found.lse, expected.lse) < allowed);
    CHECK(reference::relative_error(found.dq, to.after(expected.dq)) < allowed);
    CHECK(reference::relative_error(found.dk, to.after(expected.dk)) < allowed);
    CHECK(reference::relative_error(found.dv, to.after(expected.dv)) < allowed);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("attention: forward and backward against the twin, lengths around the tiles' sizes", T, float,
                   double) {
  for (const double p : {0.0, 0.3}) {
    compare<T>({0, 1, 63, 64, 65, 130, 0}, 2, 16, p);
    compare<T>({5}, 1, 1, p);
    compare<T>({3, 7, 70}, 3, 5, p);
    compare<T>({2, 20}, 2, 33, p);
  }
  compare<T>({0, 0}, 2, 4, 0.0);
  compare<T>({}, 2, 4, 0.0);
}

TEST_CASE_TEMPLATE("attention: some tokens of each sequence ask", T, float, double) {
  const std::vector<index_t> lengths{5, 1, 70, 9, 0, 400}, asking{2, 1, 11, 0, 0, 30};
  for (const double p : {0.0, 0.3}) {
    compare<T>(lengths, 2, 16, p, &asking);
    compare<T>(asking, 2, 5, p, &asking);
  }
  const std::vector<index_t> nobody{0, 0, 0, 0, 0, 0}, more{300, 2, 1, 1, 0, 7};
  compare<T>(lengths, 1, 3, 0.0, &nobody);
  compare<T>(lengths, 1, 3, 0.0, &more);
}

TEST_CASE("attention: several blocks and pieces of keys and queries") {
  for (const double p : {0.0, 0.3}) {
    compare<float>({191, 193, 385, 17}, 1, 3, p);
    compare<float>({1025, 3}, 1, 2, p);
  }
  compare<double>({1540}, 1, 1, 0.1);
}

TEST_CASE("attention: bf16 is attention but for rounding, and double ignores it") {
  for (const double p : {0.0, 0.3}) {
    const Problem<float> problem({1, 33, 200}, 2, 40, p);
    const auto expected = problem.twin();
    const auto found = problem.run(false, Precision::bf16);
    const auto differs_as_bf16_does = [](const auto& a, const auto& b) {
      const double error = reference::relative_error(a, b);
      return error > 1e-4 && error < 2e-2;
    };
    CHECK(differs_as_bf16_does(found.y, expected.y));
    CHECK(differs_as_bf16_does(found.dq, expected.dq));
    CHECK(differs_as_bf16_does(found.dk, expected.dk));
    CHECK(differs_as_bf16_does(found.dv, expected.dv));
  }
  const Problem<double> problem({3, 9}, 2, 5, 0.1);
  CHECK(problem.run(false, Precision::bf16) == problem.run(false));
}

TEST_CASE("attention: without lse, and with gradients for some inputs only") {
  const Problem<double> problem({4, 70}, 2, 6, 0.2);
  const Result<double> all = problem.run(false);
  const AttentionShape shape = AttentionShape::self(problem.sequences.view(), 2, 6);
  std::vector<double> workspace(core::usize(kernels::attention_workspace<double>(shape, num_threads())));
  std::vector<double> y(core::usize(problem.size())), gradient(y.size());
  kernels::attention_forward<double>(y.data(), nullptr, problem.inputs(shape), workspace.data());
  CHECK(y == all.y);
  const auto backward = [&](int wanted) {
    const auto sink = [&](int i) { return i == wanted ? Sink<double>{gradient.data()} : Sink<double>{}; };
    kernels::attention_backward({sink(0), sink(1), sink(2)}, problem.dy.data(), all.y.data(), all.lse.data(),
                                problem.inputs(shape), workspace.data());
    return gradient;
  };
  CHECK(backward(0) == all.dq);
  CHECK(backward(1) == all.dk);
  CHECK(backward(2) == all.dv);
}

TEST_CASE("attention: scores far apart do not overflow") {
  Problem<float> problem({40}, 1, 8, 0);
  problem.scale = 1000;
  const auto expected = problem.twin();
  const auto found = problem.run(false);
  CHECK(reference::relative_error(found.y, expected.y) < 1e-3);
  for (const float x : found.dq) CHECK(std::isfinite(x));
}

TEST_CASE("attention: the same bits for any number of threads, and whatever else is in the batch") {
  const Problem<float> problem({10, 150, 64, 1, 390}, 3, 4, 0.1);
  for (const Precision precision : {Precision::full, Precision::bf16})
    testing::on_any_threads([&] { return problem.run(false, precision); });
  Problem<float> first({10}, 3, 4, 0.1);
  std::copy_n(problem.q.begin(), first.size(), first.q.begin());
  std::copy_n(problem.k.begin(), first.size(), first.k.begin());
  std::copy_n(problem.v.begin(), first.size(), first.v.begin());
  const auto all = problem.run(false);
  CHECK(first.run(false).y == std::vector<float>(all.y.begin(), all.y.begin() + first.size()));
}
