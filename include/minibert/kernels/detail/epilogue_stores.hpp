// Function objects that store sums of a matrix product, one vector at a time. They are called with the sums, their row,
// their first column and the valid lanes (simd/part.hpp). At run time, an Epilogue selects one of them for each
// micro-tile.
#pragma once

#include <minibert/kernels/detail/gelu_formulas.hpp>
#include <minibert/kernels/epilogue.hpp>
#include <minibert/simd/part.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Stores C = scale·sum; with `accumulate`, C += scale·sum. Rows of C are `stride` elements apart.
template <class T>
struct Store {
  T* c;
  index_t stride;
  bool accumulate = false;
  T scale = T{1};

  template <class V, class Part>
  [[gnu::always_inline]] void operator()(const V& sum, index_t i, index_t j, Part part) const {
    simd::store_or_add(sum * V::broadcast(scale), c + i * stride + j, accumulate, part);
  }
};

/// Stores C = sum + bias[column].
template <class T>
struct StoreBias {
  T* c;
  index_t stride;
  const T* bias;

  template <class V, class Part>
  [[gnu::always_inline]] void operator()(const V& sum, index_t i, index_t j, Part part) const {
    part.store(sum + part.template load<V>(bias + j), c + i * stride + j);
  }
};

/// Stores C = activation(sum + bias[column]). Unless `pre` is null, also stores sum + bias[column] there.
template <class T, class Activation>
struct StoreBiasActivation {
  T* c;
  T* pre;
  index_t stride;
  const T* bias;

  template <class V, class Part>
  [[gnu::always_inline]] void operator()(const V& sum, index_t i, index_t j, Part part) const {
    const V x = sum + part.template load<V>(bias + j);
    if (pre != nullptr) part.store(x, pre + i * stride + j);
    part.store(Activation::forward(x), c + i * stride + j);
  }
};

/// Returns true if the sums can be stored directly from the registers in which they were computed. An activation needs
/// these registers for itself, so its sums are written to memory first.
template <class AnyStore>
constexpr bool stores_from_registers(const AnyStore&) {
  return true;
}
template <class T>
bool stores_from_registers(const Epilogue<T>& e) {
  return e.gelu == Gelu::none;
}

/// Calls f with the function object that stores sums from registers: `store` itself or, for an Epilogue without
/// activation, Store or StoreBias.
template <class AnyStore, class F>
[[gnu::always_inline]] inline void with_register_store(const AnyStore& store, F f) {
  f(store);
}
template <class T, class F>
[[gnu::always_inline]] inline void with_register_store(const Epilogue<T>& e, F f) {
  if (e.bias == nullptr)
    f(Store<T>{e.c, e.stride, e.accumulate});
  else
    f(StoreBias<T>{e.c, e.stride, e.bias});
}

/// Calls f with the function object (Store, StoreBias or StoreBiasActivation) that does what the Epilogue says. Only
/// for sums that are in memory, not for sums in registers.
template <class T, class F>
[[gnu::always_inline]] inline void with_store(const Epilogue<T>& e, F f) {
  switch (e.gelu) {
    case Gelu::none:
      return with_register_store(e, f);
    case Gelu::exact:
      return f(StoreBiasActivation<T, GeluExact>{e.c, e.pre, e.stride, e.bias});
    case Gelu::tanh:
      return f(StoreBiasActivation<T, GeluTanh>{e.c, e.pre, e.stride, e.bias});
  }
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
