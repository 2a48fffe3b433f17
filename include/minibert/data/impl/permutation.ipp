// Definitions of data/permutation.hpp.
#pragma once

#include <algorithm>
#include <cmath>

#include <minibert/data/permutation.hpp>

namespace minibert {

MINIBERT_INLINE RandomPermutation::RandomPermutation(index_t n, random::Key key) noexcept
    : n_(n),
      a_(std::max(index_t{1}, static_cast<index_t>(std::ceil(std::sqrt(static_cast<double>(n)))))),
      b_(core::ceil_div(n, a_)),
      key_(key) {}

MINIBERT_INLINE index_t RandomPermutation::operator()(index_t place) const noexcept {
  do {
    index_t x = place % a_, y = place / a_;
    for (std::uint32_t round = 0; round < kRounds; round += 2) {
      x = (x + draw(a_, y, round)) % a_;
      y = (y + draw(b_, x, round + 1)) % b_;
    }
    place = y * a_ + x;
  } while (place >= n_);
  return place;
}

MINIBERT_INLINE index_t RandomPermutation::place_of(index_t number) const noexcept {
  do {
    index_t x = number % a_, y = number / a_;
    for (std::uint32_t round = kRounds; round > 0; round -= 2) {
      y = (y + b_ - draw(b_, x, round - 1)) % b_;
      x = (x + a_ - draw(a_, y, round - 2)) % a_;
    }
    number = y * a_ + x;
  } while (number >= n_);
  return number;
}

}  // namespace minibert
