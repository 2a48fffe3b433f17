#include <minibert/tensor/tensor.hpp>

#include <cstdint>

#include <doctest/doctest.h>
#include <Eigen/Core>

using namespace minibert;

TEST_CASE_TEMPLATE("Tensor: begins as zeros, aligned, with a view of its own memory", T, float, double) {
  Tensor<T> x({2, 3, 4});
  CHECK(x.numel() == 24);
  CHECK(x.dim() == 3);
  CHECK(x.size(-1) == 4);
  CHECK(reinterpret_cast<std::uintptr_t>(x.data()) % kAlignment == 0);
  CHECK(x.vector().isZero(0));
  CHECK(x.matrix().rows() == 6);
  CHECK(x.matrix().cols() == 4);
  x.matrix()(5, 1) = 7;
  CHECK(x.data()[21] == 7);
  const Tensor<T>& constant = x;
  CHECK(constant.matrix()(5, 1) == 7);
  CHECK(constant.vector()(21) == 7);
  CHECK(constant.data() == x.data());
}

TEST_CASE("Tensor: values, copies and moves") {
  Tensor<double> x({2, 2}, {1, 2, 3, 4});
  const Tensor<double> copy = x;
  x.data()[0] = 9;
  CHECK(copy.data()[0] == 1);
  CHECK(copy.shape() == Shape{2, 2});
  const double* memory = x.data();
  const Tensor<double> moved = std::move(x);
  CHECK(moved.data() == memory);
  Tensor<double> other;
  CHECK(other.numel() == 0);
  other = moved;
  CHECK(other.data() != memory);
  CHECK(other.data()[0] == 9);
  CHECK(Tensor<double>({2}, moved.data()).data()[1] == 2);
}

TEST_CASE("Tensor: a moved-from tensor is empty, not a shape without memory") {
  Tensor<double> x({2, 2}, {1, 2, 3, 4});
  const Tensor<double> moved = std::move(x);
  CHECK(x.numel() == 0);  // NOLINT: tests the moved-from tensor
  const Tensor<double> copy = x;
  CHECK(copy.numel() == 0);
  x = Tensor<double>({1}, {5});
  CHECK(x.item() == 5);
  Tensor<double> large({100});
  large = std::move(x);  // x is valid but unspecified: its shape must fit its memory
  CHECK(large.item() == 5);
  CHECK(Tensor<double>(x).numel() == x.numel());
}

TEST_CASE("Tensor: scalars and empty ones") {
  const Tensor<float> scalar(Shape{}, {3});
  CHECK(scalar.item() == 3);
  CHECK(scalar.matrix().rows() == 1);
  CHECK(scalar.matrix().cols() == 1);
  CHECK(Tensor<float>({1, 1}, {4}).item() == 4);
  const Tensor<float> none({0, 3}), empty({3, 0});
  CHECK(none.matrix().rows() == 0);
  CHECK(none.matrix().cols() == 3);
  CHECK(empty.matrix().cols() == 0);
  CHECK(Tensor<float>(none).shape() == Shape{0, 3});
}

TEST_CASE("Tensor: errors") {
  CHECK_THROWS_WITH_AS(Tensor<float>({2, 2}, {1, 2, 3}), "Tensor: 3 values for shape (2, 2), expected 4", ShapeError);
  CHECK_THROWS_WITH_AS(Tensor<float>({2}).item(), "item: needs one element, the tensor has shape (2)", ShapeError);
}
