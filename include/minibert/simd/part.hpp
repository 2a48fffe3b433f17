// Rows of any length by vectors: whole ones, then a part of one.
#pragma once

#include <minibert/simd/vec.hpp>

namespace minibert::simd {
inline namespace MINIBERT_ARCH {

/// All lanes of a vector count.
struct FullVector {
  template <class V, class T>
  [[gnu::always_inline]] V load(const T* p) const {
    return V::load(p);
  }
  template <class V, class T>
  [[gnu::always_inline]] void store(const V& x, T* p) const {
    x.store(p);
  }
  /// x, with zero in the lanes that do not count.
  template <class V>
  [[gnu::always_inline]] V keep(const V& x) const {
    return x;
  }
};

/// The first n lanes of a vector count; the others load as zero.
struct PartVector {
  index_t n;
  template <class V, class T>
  [[gnu::always_inline]] V load(const T* p) const {
    return V::load(p, n);
  }
  template <class V, class T>
  [[gnu::always_inline]] void store(const V& x, T* p) const {
    x.store(p, n);
  }
  template <class V>
  [[gnu::always_inline]] V keep(const V& x) const {
    V kept{};
    for (index_t i = 0; i < n; ++i) kept.v[i] = x.v[i];
    return kept;
  }
};

/// f(i, part) for i = 0, lanes, 2·lanes, … < n. f is a lambda that is forced inline.
template <class V, class F>
[[gnu::always_inline]] inline void for_vectors(index_t n, F f) {
  index_t i = 0;
  for (; i + V::lanes <= n; i += V::lanes) f(i, FullVector{});
  if (i < n) f(i, PartVector{n - i});
}

/// What is at p, or zeros where `present` is false (p then may be anything). A choice between addresses, not vectors:
/// g++ 12 takes the condition in `present ? x + y : x` within a loop for a mask of lanes, and adds in lane 0 only.
template <class V, class T, class Part>
[[gnu::always_inline]] inline V load_or_zero(const T* p, bool present, Part part) {
  alignas(sizeof(V)) static constexpr T zeros[V::lanes] = {};
  return part.template load<V>(present ? p : zeros);
}

/// Writes x to p, or adds it to what is there.
template <class V, class T, class Part>
[[gnu::always_inline]] inline void store_or_add(const V& x, T* p, bool add, Part part) {
  part.store(x + load_or_zero<V>(p, add, part), p);
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::simd
