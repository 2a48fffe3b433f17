#include <minibert/ops/embedding.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("embedding: values, one table and the sum of three", T, float, double) {
  Tape<T> tape;
  const auto a = tape.constant(Tensor<T>({3, 2}, {1, 2, 3, 4, 5, 6}));
  const auto b = tape.constant(Tensor<T>({2, 2}, {10, 20, 30, 40}));
  const auto c = tape.constant(Tensor<T>({1, 2}, {100, 200}));
  const std::vector<token_id> ia{2, 0, 2}, ib{0, 1, 1}, ic{0, 0, 0};
  CHECK(F::embedding<T>(a, ia).shape() == Shape{3, 2});
  CHECK(testing::values(F::embedding<T>(a, ia)) == std::vector<T>{5, 6, 1, 2, 5, 6});
  CHECK(testing::values(F::embedding<T>({{a, ia}, {b, ib}, {c, ic}})) == std::vector<T>{115, 226, 131, 242, 135, 246});
  CHECK(F::embedding<T>(a, std::span<const token_id>()).shape() == Shape{0, 2});
}

TEST_CASE("embedding: gradients, the same row often, a table twice") {
  const std::vector<token_id> ia{2, 0, 2, 2, 1}, ib{0, 1, 1, 0, 0};
  CHECK(gradcheck_op({{3, 4}}, [&](Doubles x) { return F::embedding<double>(x[0], ia); }) < 1e-6);
  CHECK(gradcheck_op({{3, 4}, {2, 4}}, [&](Doubles x) {
          return F::embedding<double>({{x[0], ia}, {x[1], ib}});
        }) < 1e-6);
  CHECK(gradcheck_op({{3, 4}, {2, 4}}, [&](Doubles x) {
          return F::embedding<double>({{x[0], ia}, {x[1], ib}, {x[0], ib}});
        }) < 1e-6);
}

TEST_CASE("embedding: the padding row gets no gradient") {
  testing::Inputs<double> inputs{{3, 2}};
  const std::vector<token_id> ids{2, 0, 2};
  Tape<double> tape;
  tape.backward(F::sum(F::embedding<double>(inputs.on(tape)[0], ids, 2)));
  CHECK(inputs.grad(0) == std::vector<double>{1, 1, 0, 0, 0, 0});
}

TEST_CASE("embedding: the indices are copied") {
  testing::Inputs<double> inputs{{3, 1}};
  std::vector<token_id> ids{2, 2};
  Tape<double> tape;
  const auto loss = F::sum(F::embedding<double>(inputs.on(tape)[0], ids));
  ids = {0, 1};
  tape.backward(loss);
  CHECK(inputs.grad(0) == std::vector<double>{0, 0, 2});
}

TEST_CASE("embedding: errors") {
  Tape<float> tape;
  const auto table = tape.constant(Tensor<float>({3, 2})), wide = tape.constant(Tensor<float>({3, 4})),
             scalar = tape.constant(Tensor<float>(Shape{}));
  const std::vector<token_id> good{0, 1}, high{0, 3}, low{-1, 0}, more{0, 0, 0};
  CHECK_THROWS_WITH_AS(F::embedding<float>(table, high),
                       "embedding: index 3 at position 1, expected 0 to 2, the rows of table 0", ValueError);
  CHECK_THROWS_WITH_AS(F::embedding<float>(table, low),
                       "embedding: index -1 at position 0, expected 0 to 2, the rows of table 0", ValueError);
  CHECK_THROWS_WITH_AS(F::embedding<float>({{table, good}, {wide, good}}),
                       "embedding: table 1 has shape (3, 4), expected (rows, 2), as table 0 has", ShapeError);
  CHECK_THROWS_WITH_AS(F::embedding<float>({{table, good}, {table, more}}),
                       "embedding: 3 indices for table 1, expected 2, as for table 0", ShapeError);
  CHECK_THROWS_WITH_AS(F::embedding<float>(scalar, good), "embedding: table 0 has shape (), expected (rows, features)",
                       ShapeError);
  CHECK_THROWS_WITH_AS(F::embedding<float>({{table, good}, {table, good}, {table, good}, {table, good}, {table, good}}),
                       "embedding: 5 lookups, expected 1 to 4", ShapeError);
}
