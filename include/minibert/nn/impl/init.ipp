// Definitions of nn/init.hpp.
#pragma once

#include <algorithm>

#include <minibert/core/parallel.hpp>
#include <minibert/core/random.hpp>
#include <minibert/nn/init.hpp>

namespace minibert::nn {

template <class T>
void init_parameter(Parameter<T>& p, const ParameterSpec& spec, const WeightInit& how) {
  using Kind = Init::Kind;
  Init init = spec.init;
  if (how.standard_deviation && init.kind != Kind::ones)
    init = p.shape.dim() >= 2 && init.kind != Kind::zeros ? Init::normal(*how.standard_deviation) : Init::zeros();
  if (!how.draw) init = Init::zeros();
  const random::Key key = random::Key(how.seed).fold(random::site(p.name));
  const index_t n = p.numel();
  if (init.kind == Kind::zeros || init.kind == Kind::ones) {
    std::fill_n(p.data, n, init.kind == Kind::ones ? T{1} : T{0});
  } else {
    parallel_for((n + 1) / 2, 2048, [=, data = p.data](index_t begin, index_t end) {
      for (index_t i = begin; i < end; ++i) {
        const auto c0 = static_cast<std::uint32_t>(i), c1 = static_cast<std::uint32_t>(i >> 32);
        const auto pair = init.kind == Kind::normal ? key.normal_pair(c0, c1) : key.uniform_pair(c0, c1);
        data[2 * i] = static_cast<T>(init.scale * pair[0]);
        if (2 * i + 1 < n) data[2 * i + 1] = static_cast<T>(init.scale * pair[1]);
      }
    });
  }
  if (spec.zero_row >= 0) std::fill_n(p.data + spec.zero_row * p.shape.size(1), p.shape.size(1), T{0});
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) \
  template void init_parameter(Parameter<T>& p, const ParameterSpec& spec, const WeightInit& how);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::nn
