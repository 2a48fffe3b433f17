// Module: what PyTorch's nn.Module is to a model: its parameters, by name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/parallel.hpp>
#include <minibert/core/random.hpp>
#include <minibert/nn/scope.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert::nn {

/// What one optimizer step tells a model's forward pass: dropout is keyed by seed and step, and the loss is divided by
/// the number of items (masked tokens, say) in the step's whole batch, of which this may be a part.
struct StepContext {
  std::uint64_t seed = 42;
  index_t step = 0;
  index_t num_items_in_batch = -1;  ///< −1: those of the batch at hand
};

/// Base of models. Movable, not copyable; layers inside refer to parameters whose addresses never change.
template <class T>
class Module {
 public:
  Module(Module&&) noexcept = default;
  Module& operator=(Module&&) noexcept = default;

  /// The module's parameters in ASCII order of their names. Fixes the layout: no layer can be added afterwards.
  const std::vector<Parameter<T>*>& parameters() {
    if (parameters_.empty())
      for (Parameter<T>* p : scope_.store().in_order())
        if (is_below(p->name)) parameters_.push_back(p);
    return parameters_;
  }

  /// Names and parameters, in order; names as they are in this module's files, without the place of the module itself.
  std::vector<std::pair<std::string, Parameter<T>*>> named_parameters() {
    std::vector<std::pair<std::string, Parameter<T>*>> named;
    for (Parameter<T>* p : parameters())
      named.emplace_back(scope_.name().empty() ? p->name : p->name.substr(scope_.name().size() + 1), p);
    return named;
  }

  index_t num_parameters() {
    index_t n = 0;
    for (const Parameter<T>* p : parameters()) n += p->numel();
    return n;
  }

  /// Copies of all parameters.
  std::map<std::string, Tensor<T>> state_dict() {
    std::map<std::string, Tensor<T>> state;
    for (const auto& [name, p] : named_parameters()) state.emplace(name, Tensor<T>(p->shape, p->data));
    return state;
  }

  /// Sets all parameters. @throws ValueError naming a parameter that is missing or unknown; ShapeError
  void load_state_dict(const std::map<std::string, Tensor<T>>& state) {
    const auto named = named_parameters();
    for (const auto& [name, p] : named) {
      const auto entry = state.find(name);
      core::check<ValueError>(entry != state.end(), "load_state_dict: ", name, " is missing");
      core::check<ShapeError>(entry->second.shape() == p->shape, "load_state_dict: ", name, " has shape ",
                              entry->second.shape(), ", expected ", p->shape);
    }
    for (const auto& entry : state) {
      const auto known = [&](const auto& n) { return n.first == entry.first; };
      core::check<ValueError>(std::any_of(named.begin(), named.end(), known), "load_state_dict: there is no parameter ",
                              entry.first);
    }
    for (const auto& [name, p] : named) std::copy_n(state.at(name).data(), p->numel(), p->data);
  }

  /// Forgets all gradients: PyTorch's zero_grad(set_to_none=True).
  void zero_grad() {
    for (Parameter<T>* p : parameters()) p->has_grad = false;
  }

  /// Dropout on or off, for the whole model that this module is part of.
  void train(bool mode = true) { scope_.store().training = mode; }
  void eval() { train(false); }
  bool training() const { return scope_.store().training; }

  /// Draws all parameters anew, see init_parameter.
  void init_weights(double standard_deviation, std::uint64_t seed) {
    for (Parameter<T>* p : parameters()) init_parameter(*p, standard_deviation, seed);
  }

  /// Draws one parameter as Hugging Face does: matrices from a normal distribution with that standard deviation, biases
  /// 0, layer norms 1 and 0, the row of the padding token 0. A function of the seed and the parameter's name.
  static void init_parameter(Parameter<T>& p, double standard_deviation, std::uint64_t seed) {
    if (p.init != Init::normal) {
      std::fill_n(p.data, p.numel(), p.init == Init::ones ? T{1} : T{0});
      return;
    }
    const random::Key key = random::Key(seed).fold(random::site(p.name));
    const index_t n = p.numel();
    parallel_for((n + 1) / 2, 2048, [=, data = p.data](index_t begin, index_t end) {
      for (index_t i = begin; i < end; ++i) {
        const auto pair = key.normal_pair(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i >> 32));
        data[2 * i] = static_cast<T>(standard_deviation * pair[0]);
        if (2 * i + 1 < n) data[2 * i + 1] = static_cast<T>(standard_deviation * pair[1]);
      }
    });
    if (p.zero_row >= 0) std::fill_n(p.data + p.zero_row * p.shape.size(1), p.shape.size(1), T{0});
  }

 protected:
  /// A model of its own, or a part of another.
  Module() = default;
  explicit Module(Scope<T> scope) : scope_(std::move(scope)) {}

  const Scope<T>& scope() const noexcept { return scope_; }

 private:
  bool is_below(std::string_view name) const {
    const std::string& own = scope_.name();
    return own.empty() || (name.size() > own.size() && name.substr(0, own.size()) == own && name[own.size()] == '.');
  }

  Scope<T> scope_;
  std::vector<Parameter<T>*> parameters_;
};

}  // namespace minibert::nn
