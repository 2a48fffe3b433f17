#include <minibert/ops/attention.hpp>

#include <doctest/doctest.h>

#include <minibert/kernels/dropout.hpp>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using reference::widen;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("attention: values, with and without dropout", T, float, double) {
  const reference::OwnedSequences sequences({5, 0, 70, 1}, 8);
  testing::Inputs<T> inputs{{76, 18}, {76, 18}, {76, 18}};
  Tape<T> tape;
  const auto x = inputs.on(tape);
  const random::Key key(3);
  for (const double p : {0.0, 0.25}) {
    const auto y = F::attention(x[0], x[1], x[2], 3, sequences.view(), {.p = p, .key = key});
    const int threshold = kernels::DropoutMask::of(p, key).threshold;
    const auto factor = [&](index_t b, index_t h, index_t query, index_t position) {
      return reference::dropout_factor(key.fold(8 + b).fold(h), threshold, query, position);
    };
    const auto q = widen(inputs.values(0));
    const auto expected = reference::attention(q, widen(inputs.values(1)), widen(inputs.values(2)), q,
                                               1 / std::sqrt(6.0), sequences.view(), sequences.view(), 3, 6, factor);
    CHECK(reference::relative_error(testing::values(y), expected.y) < (std::is_same_v<T, float> ? 2e-6 : 1e-13));
  }
}

TEST_CASE("attention: gradients") {
  const reference::OwnedSequences sequences({3, 0, 5, 1});
  for (const double p : {0.0, 0.3})
    for (const index_t heads : {1, 2, 6}) {
      const auto f = [&](Doubles x) {
        return F::attention(x[0], x[1], x[2], heads, sequences.view(), {.p = p, .key = random::Key(1)});
      };
      CHECK(gradcheck_op({{9, 6}, {9, 6}, {9, 6}}, f) < 1e-6);
      for (const index_t frozen : {0, 1, 2}) {
        testing::Inputs<double> inputs{{9, 6}, {9, 6}, {9, 6}};
        inputs[frozen].requires_grad = false;
        CHECK(gradcheck_op(inputs, f) < 1e-6);
      }
    }
  const reference::OwnedSequences longer({66});  // more than one block of queries; q, k and v are the same variable
  const auto one = [&](Doubles x) { return F::attention(x[0], x[0], x[0], 1, longer.view()); };
  CHECK(gradcheck_op({{66, 2}}, one) < 1e-6);
}

TEST_CASE("attention: gradients where some tokens of each sequence attend") {
  const reference::OwnedSequences keys({3, 2, 5, 0}), queries({2, 0, 4, 0});
  for (const double p : {0.0, 0.3}) {
    const auto f = [&](Doubles x) {
      return F::attention(x[0], x[1], x[2], 2, queries.view(), keys.view(), {.p = p, .key = random::Key(1)});
    };
    CHECK(gradcheck_op({{6, 6}, {10, 6}, {10, 6}}, f) < 1e-6);
  }
}

TEST_CASE("attention: no sequences at all") {
  const reference::OwnedSequences none({});
  CHECK(gradcheck_op({{0, 6}}, [&](Doubles x) { return F::attention(x[0], x[0], x[0], 2, none.view()); }) == 0);
}

TEST_CASE("attention: errors") {
  Tape<float> tape;
  const reference::OwnedSequences sequences({2, 3});
  const auto of = [&](Shape shape) { return tape.constant(Tensor<float>(shape)); };
  const auto x = of({5, 6});
  CHECK_THROWS_WITH_AS(F::attention(x, of({5, 4}), x, 2, sequences.view()),
                       "attention: query, key and value have shapes (5, 6), (5, 4) and (5, 6), expected (tokens, "
                       "features), with equal features, and equal tokens for key and value",
                       ShapeError);
  CHECK_THROWS_WITH_AS(F::attention(x, x, x, 4, sequences.view()),
                       "attention: num_heads is 4, expected a positive divisor of 6, the number of features",
                       ShapeError);
  CHECK_THROWS_AS(F::attention(x, x, x, 0, sequences.view()), ShapeError);
  CHECK_THROWS_WITH_AS(F::attention(x, x, x, 2, sequences.view(), {.p = 1.5, .key = {}}),
                       "attention: the dropout probability is 1.5, expected at least 0 and less than 1", ValueError);
  const auto longer = of({6, 6});
  CHECK_THROWS_WITH_AS(F::attention(longer, longer, longer, 2, sequences.view()),
                       "attention: the sequences have 5 rows, expected 6, the rows of the input", ShapeError);
  Sequences wrong = sequences.view();
  wrong.max_seqlen = 2;
  CHECK_THROWS_WITH_AS(F::attention(x, x, x, 2, wrong),
                       "attention: sequence 1 has 3 rows, expected at most max_seqlen, which is 2", ShapeError);
  const std::vector<index_t> late{1, 5}, backwards{0, 6, 5};
  wrong.cu_seqlens = late.data(), wrong.count = 1, wrong.max_seqlen = 9;
  CHECK_THROWS_WITH_AS(F::attention(x, x, x, 2, wrong), "attention: cu_seqlens begins with 1, expected 0", ShapeError);
  wrong.cu_seqlens = backwards.data(), wrong.count = 2;
  CHECK_THROWS_WITH_AS(F::attention(x, x, x, 2, wrong),
                       "attention: cu_seqlens descends from 6 to 5 at sequence 1, expected ascending offsets",
                       ShapeError);
  wrong.cu_seqlens = nullptr, wrong.count = -1;
  CHECK_THROWS_WITH_AS(F::attention(x, x, x, 2, wrong), "attention: -1 sequences, expected 0 or more", ShapeError);
  const reference::OwnedSequences one({5}), none_in_the_second({5, 0}), asking({2, 1});
  CHECK_THROWS_WITH_AS(F::attention(x, x, x, 2, one.view(), sequences.view()),
                       "attention: 1 sequences of queries and 2 of keys, expected the same number", ShapeError);
  CHECK_THROWS_WITH_AS(F::attention(of({3, 6}), x, x, 2, asking.view(), none_in_the_second.view()),
                       "attention: sequence 1 has queries but no keys, expected at least one key", ValueError);
  Sequences nameless = sequences.view();
  nameless.global_rows = nullptr;
  CHECK_NOTHROW(F::attention(x, x, x, 2, nameless));
  CHECK_THROWS_AS(F::attention(x, x, x, 2, nameless, {.p = 0.1, .key = {}}), ValueError);
}
