// Initialization of parameters: each layer's own rule, and the rule of a whole model.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include <minibert/autograd/parameter.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/core/random.hpp>

namespace minibert::nn {

/// A layer's rule to initialize one parameter: PyTorch's default for the layer.
struct Init {
  enum class Kind { zeros, ones, normal, uniform };
  Kind kind = Kind::zeros;
  double scale = 0;  ///< standard deviation of `normal`; `uniform` draws from [−scale, scale)

  static constexpr Init zeros() noexcept { return {}; }
  static constexpr Init ones() noexcept { return {Kind::ones, 1}; }
  static constexpr Init normal(double standard_deviation) noexcept { return {Kind::normal, standard_deviation}; }
  static constexpr Init uniform(double bound) noexcept { return {Kind::uniform, bound}; }
};

/// A parameter as its layer declares it: name relative to the layer's scope, shape, initialization and weight decay.
struct ParameterSpec {
  std::string name;
  Shape shape;
  Init init = Init::zeros();
  bool decay = true;      ///< subject to weight decay; false for biases and layer norms
  index_t zero_row = -1;  ///< the row to initialize to zero (the embedding of [PAD]), or −1
};

/// The initialization of a whole model.
struct WeightInit {
  std::uint64_t seed = 42;
  /// If set, initializes as transformers' _init_weights with this initializer_range: matrices from
  /// N(0, standard_deviation²), biases to 0, layer norms to 1 and 0. If unset, each layer's own rule applies.
  std::optional<double> standard_deviation = std::nullopt;
  /// If false, all parameters are zero: for weights that are loaded next.
  bool draw = true;
};

/// Initializes one parameter. Random values depend only on the seed and the parameter's full name.
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

}  // namespace minibert::nn
