// Compiled once for each set of -m flags, with every header of the library; UNIT is the name of the one at hand.
#include "all_headers.hpp"

#include "unit.hpp"

namespace {

namespace simd = minibert::simd;

struct Exponentials {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, const T* x, minibert::index_t n) {
    using V = typename Arch::template vec<T>;
    for (minibert::index_t i = 0; i < n; i += V::lanes) {
      const minibert::index_t rest = n - i;
      if (rest < V::lanes) {
        exp(V::load(x + i, rest)).store(y + i, rest);
      } else {
        exp(V::load(x + i)).store(y + i);
      }
    }
  }
};

minibert::Tensor<float> exponentials(const minibert::Tensor<float>& x) {
  minibert::Tensor<float> y(x.shape());
  simd::dispatch<Exponentials>(y.data(), x.data(), x.numel());
  return y;
}

#define MINIBERT_TEXT_OF(name) #name
#define MINIBERT_TEXT(name) MINIBERT_TEXT_OF(name)

}  // namespace

extern const Unit UNIT;
const Unit UNIT = {
    .arch = MINIBERT_TEXT(MINIBERT_ARCH),
    .random_bits = [](std::uint64_t seed) { return minibert::random::Key(seed).bits(1, 2); },
    .exponentials = exponentials,
    .free = [](minibert::Tensor<float>&& tensor) { minibert::Tensor<float>{std::move(tensor)}; },
};
