#include <minibert/tensor/shape.hpp>

#include <sstream>

#include <doctest/doctest.h>

using namespace minibert;

TEST_CASE("Shape: sizes from either end, number of elements, text") {
  const Shape shape{2, 3, 4};
  CHECK(shape.dim() == 3);
  CHECK(shape.size(0) == 2);
  CHECK(shape.size(-1) == 4);
  CHECK(shape.size(-3) == 2);
  CHECK(shape.numel() == 24);
  CHECK(to_string(shape) == "(2, 3, 4)");
  CHECK(Shape{}.dim() == 0);
  CHECK(Shape{}.numel() == 1);
  CHECK(to_string(Shape{}) == "()");
  CHECK(shape_text(std::vector<index_t>{2, 3, 4}) == "(2, 3, 4)");
  CHECK(Shape{3, 0, 2}.numel() == 0);
  CHECK(Shape{1, 1, 1, 1, 1, 1}.dim() == Shape::kMaxDim);
}

TEST_CASE("Shape: equality looks at the dimensions there are") {
  CHECK(Shape{2, 3} == Shape{2, 3});
  CHECK(Shape{2, 3} != Shape{3, 2});
  CHECK(Shape{2} != Shape{2, 1});
  CHECK(Shape{} != Shape{0});
  CHECK(Shape{} == Shape());
}

TEST_CASE("Shape: without a dimension, and with another size") {
  CHECK(Shape{2, 3, 4}.without(1) == Shape{2, 4});
  CHECK(Shape{2}.without(0) == Shape{});
  Shape shape{2, 3};
  shape.size(-1) = 7;
  CHECK(shape == Shape{2, 7});
}

TEST_CASE("Shape: errors") {
  CHECK_THROWS_WITH_AS((Shape{2, -1}), "Shape: size -1 of dimension 1 is negative, expected 0 or more", ShapeError);
  CHECK_THROWS_WITH_AS((Shape{1, 1, 1, 1, 1, 1, 1}), "Shape: 7 dimensions, expected at most 6", ShapeError);
  CHECK_THROWS_WITH_AS((Shape{2, 3}.size(2)), "Shape: found dimension 2, expected -2 to 1 for shape (2, 3)",
                       ShapeError);
  CHECK_THROWS_WITH_AS((Shape{2, 3}.size(-3)), "Shape: found dimension -3, expected -2 to 1 for shape (2, 3)",
                       ShapeError);
  CHECK_THROWS_AS(Shape{}.size(-1), ShapeError);
  constexpr index_t kLarge = index_t{1} << 40;
  CHECK_THROWS_WITH_AS((Shape{kLarge, kLarge}),
                       "Shape: (1099511627776, 1099511627776) has too many elements, expected less than 2^63",
                       ShapeError);
  CHECK_THROWS_AS(Shape{kLarge}.with_front(kLarge), ShapeError);
  CHECK(Shape{kLarge, 0}.numel() == 0);
}

TEST_CASE("Shape: written to a stream") {
  std::ostringstream out;
  out << Shape{2, 3};
  CHECK(out.str() == "(2, 3)");
}
