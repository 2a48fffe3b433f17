#include <minibert/tensor/print.hpp>

#include <cmath>
#include <sstream>

#include <doctest/doctest.h>

using namespace minibert;

namespace {

/// Returns torch.arange(numel).reshape(shape)·scale + offset.
Tensor<float> range(const Shape& shape, float scale, float offset = 0) {
  Tensor<float> x(shape);
  for (index_t i = 0; i < x.numel(); ++i) x.data()[i] = static_cast<float>(i) * scale + offset;
  return x;
}

}  // namespace

// The expected texts are PyTorch's, except that PyTorch prints whole floats as "1.".
TEST_CASE_TEMPLATE("print: numbers, scalars, empty tensors", T, float, double) {
  CHECK(to_string(Tensor<T>({2, 2}, {1, 2, 3, 4})) == "tensor([[1.0000, 2.0000],\n        [3.0000, 4.0000]])");
  CHECK(to_string(Tensor<T>({3}, {T(-0.5), 12, T(1.25)})) == "tensor([-0.5000, 12.0000,  1.2500])");
  CHECK(to_string(Tensor<T>(Shape{}, {T(3.25)})) == "tensor(3.2500)");
  CHECK(to_string(Tensor<T>({2})) == "tensor([0.0000, 0.0000])");
  CHECK(to_string(Tensor<T>({0})) == "tensor([])");
  CHECK(to_string(Tensor<T>({0, 3})) == "tensor([], size=(0, 3))");
}

TEST_CASE("print: an empty line between matrices, two between blocks of them") {
  CHECK(to_string(range({2, 2, 2}, 0.125f, 0.5f)) ==
        "tensor([[[0.5000, 0.6250],\n"
        "         [0.7500, 0.8750]],\n"
        "\n"
        "        [[1.0000, 1.1250],\n"
        "         [1.2500, 1.3750]]])");
  CHECK(to_string(range({2, 1, 1, 1}, 0.5f)) == "tensor([[[[0.0000]]],\n\n\n        [[[0.5000]]]])");
}

TEST_CASE("print: NaN and infinity") {
  const double nan = std::nan("");
  CHECK(to_string(Tensor<double>({3}, {1.5, nan, -HUGE_VAL})) == "tensor([1.5000,    nan,   -inf])");
  CHECK(to_string(Tensor<double>({2}, {-nan, HUGE_VAL})) == "tensor([nan, inf])");
}

TEST_CASE("print: an exponent where one format would lose digits") {
  CHECK(to_string(Tensor<double>({4}, {1.5, std::nan(""), -HUGE_VAL, 1e-9})) ==
        "tensor([1.5000e+00,        nan,       -inf, 1.0000e-09])");
  CHECK(to_string(Tensor<double>({1}, {2e8})) == "tensor([2.0000e+08])");
  CHECK(to_string(Tensor<double>({2}, {0.5, 501})) == "tensor([5.0000e-01, 5.0100e+02])");
  CHECK(to_string(Tensor<double>({2}, {0.5, 499})) == "tensor([  0.5000, 499.0000])");
  CHECK(to_string(Tensor<double>({1}, {std::numeric_limits<double>::max()})) == "tensor([1.7977e+308])");
}

TEST_CASE("print: long rows are broken") {
  CHECK(to_string(range({30}, 0.125f)) ==
        "tensor([0.0000, 0.1250, 0.2500, 0.3750, 0.5000, 0.6250, 0.7500, 0.8750, 1.0000,\n"
        "        1.1250, 1.2500, 1.3750, 1.5000, 1.6250, 1.7500, 1.8750, 2.0000, 2.1250,\n"
        "        2.2500, 2.3750, 2.5000, 2.6250, 2.7500, 2.8750, 3.0000, 3.1250, 3.2500,\n"
        "        3.3750, 3.5000, 3.6250])");
}

TEST_CASE("print: more than 1000 elements are summarized") {
  CHECK(to_string(range({1000}, 1)).find("...") == std::string::npos);
  CHECK(to_string(range({2000}, 1 / 3.0f)) ==
        "tensor([0.0000e+00, 3.3333e-01, 6.6667e-01,  ..., 6.6567e+02, 6.6600e+02,\n        6.6633e+02])");
  CHECK(to_string(range({2, 20, 30}, 1 / 7.0f, 0.5f)) ==
        "tensor([[[  0.5000,   0.6429,   0.7857,  ...,   4.3571,   4.5000,   4.6429],\n"
        "         [  4.7857,   4.9286,   5.0714,  ...,   8.6429,   8.7857,   8.9286],\n"
        "         [  9.0714,   9.2143,   9.3571,  ...,  12.9286,  13.0714,  13.2143],\n"
        "         ...,\n"
        "         [ 73.3571,  73.5000,  73.6429,  ...,  77.2143,  77.3571,  77.5000],\n"
        "         [ 77.6429,  77.7857,  77.9286,  ...,  81.5000,  81.6429,  81.7857],\n"
        "         [ 81.9286,  82.0714,  82.2143,  ...,  85.7857,  85.9286,  86.0714]],\n"
        "\n"
        "        [[ 86.2143,  86.3571,  86.5000,  ...,  90.0714,  90.2143,  90.3571],\n"
        "         [ 90.5000,  90.6429,  90.7857,  ...,  94.3571,  94.5000,  94.6429],\n"
        "         [ 94.7857,  94.9286,  95.0714,  ...,  98.6429,  98.7857,  98.9286],\n"
        "         ...,\n"
        "         [159.0714, 159.2143, 159.3571,  ..., 162.9286, 163.0714, 163.2143],\n"
        "         [163.3571, 163.5000, 163.6429,  ..., 167.2143, 167.3571, 167.5000],\n"
        "         [167.6429, 167.7857, 167.9286,  ..., 171.5000, 171.6429, 171.7857]]])");
  Tensor<float> x = range({2000}, 0);  // an element that is not shown does not change the format
  x.data()[1000] = 1e20f;
  CHECK(to_string(x) == "tensor([0.0000, 0.0000, 0.0000,  ..., 0.0000, 0.0000, 0.0000])");
}

TEST_CASE("print: truth values and whole numbers") {
  CHECK(to_string(Tensor<bool>({2}, {true, false})) == "tensor([ True, False])");
  CHECK(to_string(Tensor<token_id>({2}, {-3, 10})) == "tensor([-3, 10])");
}

TEST_CASE("print: on a stream, and in an error's message") {
  const Tensor<float> x({2}, {0.5f, 1});
  std::ostringstream text;
  text << x << '!';
  CHECK(text.str() == "tensor([0.5000, 1.0000])!");
  CHECK(core::concat("x = ", x) == "x = tensor([0.5000, 1.0000])");
}
