// Initialization of parameters: each layer's own rule, and the rule of a whole model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <minibert/autograd/parameter.hpp>
#include <minibert/tensor/shape.hpp>

namespace minibert::nn {

/// The rule by which a layer initializes one parameter: PyTorch's default for the layer.
struct Init {
  enum class Kind { zeros, ones, normal, uniform };
  Kind kind = Kind::zeros;
  double scale = 0;  ///< standard deviation of `normal`; `uniform` draws from [−scale, scale)

  static constexpr Init zeros() noexcept { return {}; }
  static constexpr Init ones() noexcept { return {Kind::ones, 1}; }
  static constexpr Init normal(double standard_deviation) noexcept { return {Kind::normal, standard_deviation}; }
  static constexpr Init uniform(double bound) noexcept { return {Kind::uniform, bound}; }
};

/// What a layer declares about one of its parameters.
struct ParameterSpec {
  std::string name;  ///< relative to the scope of the layer
  Shape shape;
  Init init = Init::zeros();
  bool decay = true;      ///< subject to weight decay; false for biases and layer norms
  index_t zero_row = -1;  ///< row to initialize to zero (the embedding of [PAD]); −1: none
};

/// The initialization of a whole model.
struct WeightInit {
  std::uint64_t seed = 42;
  /// If set, initializes as _init_weights of transformers with this initializer_range: sets biases to 0 and weights of
  /// layer norms to 1, and draws matrices from N(0, standard_deviation²). If unset, each layer's own rule applies.
  std::optional<double> standard_deviation = std::nullopt;
  /// If false, sets all parameters to zero, for a model whose weights are loaded next.
  bool draw = true;
};

/// Initializes one parameter. Random values depend only on the seed and the parameter's full name.
template <class T>
void init_parameter(Parameter<T>& p, const ParameterSpec& spec, const WeightInit& how);

}  // namespace minibert::nn

#ifndef MINIBERT_COMPILED
#include <minibert/nn/impl/init.ipp>
#endif
