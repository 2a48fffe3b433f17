#include <minibert/ops/matmul.hpp>

#include <doctest/doctest.h>
#include <Eigen/Core>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("matmul: values against Eigen, plain and batched", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 2e-6 : 1e-14;
  testing::Inputs<T> inputs{{5, 17}, {17, 9}, {3, 5, 17}, {3, 17, 9}};
  Tape<T> tape;
  const auto x = inputs.on(tape);
  const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> product = x[0].value() * x[1].value();
  const auto c = F::matmul(x[0], x[1]);
  CHECK(c.shape() == Shape{5, 9});
  CHECK((c.value() - product).cwiseAbs().maxCoeff() < tolerance * static_cast<double>(product.cwiseAbs().maxCoeff()));
  const auto batched = F::matmul(x[2], x[3]);
  CHECK(batched.shape() == Shape{3, 5, 9});
  for (index_t b = 0; b < 3; ++b) {
    const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> one =
        ConstMatrixMap<T>(x[2].data() + b * 85, 5, 17) * ConstMatrixMap<T>(x[3].data() + b * 153, 17, 9);
    CHECK((ConstMatrixMap<T>(batched.data() + b * 45, 5, 9) - one).cwiseAbs().maxCoeff() <
          tolerance * static_cast<double>(one.cwiseAbs().maxCoeff()));
  }
}

TEST_CASE("matmul: gradients, sizes of one and nothing to sum over") {
  const auto product = [](Doubles x) { return F::matmul(x[0], x[1]); };
  CHECK(gradcheck_op({{3, 4}, {4, 5}}, product) < 1e-6);
  CHECK(gradcheck_op({{1, 4}, {4, 1}}, product) < 1e-6);
  CHECK(gradcheck_op({{3, 1}, {1, 5}}, product) < 1e-6);
  CHECK(gradcheck_op({{2, 3, 4}, {2, 4, 5}}, product) < 1e-6);
  Tape<double> tape;
  const auto empty = F::matmul(tape.constant(Tensor<double>({2, 0})), tape.constant(Tensor<double>({0, 2})));
  CHECK(testing::values(empty) == std::vector<double>(4, 0));
}

TEST_CASE("matmul: errors") {
  Tape<float> tape;
  const auto a = tape.constant(Tensor<float>({2, 3})), b = tape.constant(Tensor<float>({4, 2}));
  const auto v = tape.constant(Tensor<float>({3})), c = tape.constant(Tensor<float>({1, 2, 3})),
             d = tape.constant(Tensor<float>({2, 3, 2}));
  const std::string expected = ", expected (M, K) and (K, N), or (B, M, K) and (B, K, N)";
  CHECK_THROWS_WITH_AS(F::matmul(a, b), ("matmul: shapes (2, 3) and (4, 2)" + expected).c_str(), ShapeError);
  CHECK_THROWS_WITH_AS(F::matmul(a, v), ("matmul: shapes (2, 3) and (3)" + expected).c_str(), ShapeError);
  CHECK_THROWS_WITH_AS(F::matmul(c, d), ("matmul: shapes (1, 2, 3) and (2, 3, 2)" + expected).c_str(), ShapeError);
}
