// AdamW (Loshchilov and Hutter, 2017): Adam with weight decay decoupled from the gradient.
#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/io/safetensors.hpp>
#include <minibert/kernels/adamw.hpp>
#include <minibert/optim/optimizer.hpp>
#include <minibert/optim/parameter_chunks.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert::optim {

/// Options of AdamW, with PyTorch's names and Hugging Face's defaults. Parameter groups may override lr and
/// weight_decay.
struct AdamWOptions {
  double lr = 5e-5;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.0;
};

/// Updates parameters as torch.optim.AdamW does. Skips parameters without a gradient, and does not count the step for
/// their bias correction.
template <class T>
class AdamW final : public Optimizer<T> {
 public:
  /// The parameters must outlive the optimizer. @throws ValueError for options out of range, or for a parameter in two
  /// groups
  AdamW(const std::vector<ParameterGroup<T>>& groups, AdamWOptions options)
      : options_(validated(options)), chunks_(all_of(groups)), coefficients_(parameters().size()) {
    index_t size = 0;
    for (const ParameterGroup<T>& group : groups) {
      const double lr = group.lr.value_or(options.lr), weight_decay = group.weight_decay.value_or(options.weight_decay);
      core::check<ValueError>(lr >= 0, "lr of a parameter group is ", lr, ", expected 0 or more");
      core::check<ValueError>(weight_decay >= 0, "weight_decay of a parameter group is ", weight_decay,
                              ", expected 0 or more");
      for (const Parameter<T>* p : group.parameters) {
        state_.push_back({.lr = lr, .weight_decay = weight_decay, .offset = size});
        size += core::round_up(p->numel(), static_cast<index_t>(kAlignment / sizeof(T)));
      }
    }
    exp_avg_ = Tensor<T>(Shape{size});
    exp_avg_sq_ = Tensor<T>(Shape{size});
  }
  /// Puts all parameters into one group. (Module::parameter_groups returns the two groups for training BERT.)
  AdamW(const std::vector<Parameter<T>*>& parameters, AdamWOptions options)
      : AdamW(std::vector<ParameterGroup<T>>{{.parameters = parameters}}, options) {}

  void step(double lr_factor, double gradient_scale) noexcept override {
    for (index_t p = 0; p < core::length(parameters()); ++p)
      if (core::at(parameters(), p)->has_grad) core::at(coefficients_, p) = coefficients(p, lr_factor, gradient_scale);
    chunks_.for_each_with_grad([&](index_t p, index_t begin, index_t count) {
      const Parameter<T>& parameter = *core::at(parameters(), p);
      const index_t place = core::at(state_, p).offset + begin;
      kernels::adamw_step(parameter.data + begin, exp_avg_.data() + place, exp_avg_sq_.data() + place,
                          static_cast<const T*>(parameter.grad + begin), core::at(coefficients_, p), count);
    });
  }
  void step() noexcept { step(1, 1); }

  const AdamWOptions& options() const noexcept { return options_; }
  std::string name() const override { return "adamw"; }

  /// Writes "exp_avg.<name>", "exp_avg_sq.<name>" and "step.<name>" for every parameter.
  void save(const std::filesystem::path& path) const override {
    std::vector<T> steps;
    for (const State& state : state_) steps.push_back(static_cast<T>(state.steps));
    std::vector<SafetensorsTensor<T>> tensors;
    for (index_t p = 0; p < core::length(parameters()); ++p) {
      const Parameter<T>& parameter = *core::at(parameters(), p);
      const std::vector<index_t> shape = parameter.shape.sizes();
      const index_t offset = core::at(state_, p).offset;
      tensors.push_back({"exp_avg." + parameter.name, shape, exp_avg_.data() + offset});
      tensors.push_back({"exp_avg_sq." + parameter.name, shape, exp_avg_sq_.data() + offset});
      tensors.push_back({"step." + parameter.name, {}, &core::at(steps, p)});
    }
    write_safetensors(path, std::move(tensors));
  }

  /// @throws FormatError if a tensor is missing, has another shape, or belongs to no parameter
  void load(const std::filesystem::path& path) override {
    const SafetensorsReader reader(path);
    core::check<FormatError>(core::length(reader.entries()) == 3 * core::length(parameters()), reader.path(),
                             ": contains ", reader.entries().size(), " tensors, expected three for each of ",
                             parameters().size(), " parameters");
    for (index_t p = 0; p < core::length(parameters()); ++p) {
      const Parameter<T>& parameter = *core::at(parameters(), p);
      const index_t offset = core::at(state_, p).offset;
      reader.read("exp_avg." + parameter.name, parameter.shape, exp_avg_.data() + offset);
      reader.read("exp_avg_sq." + parameter.name, parameter.shape, exp_avg_sq_.data() + offset);
      T steps;
      reader.read("step." + parameter.name, Shape{}, &steps);
      core::at(state_, p).steps = static_cast<index_t>(steps);
    }
  }

 private:
  /// The state of one parameter.
  struct State {
    double lr, weight_decay;  // from the group
    index_t offset;           // of the moments in exp_avg_ and exp_avg_sq_
    index_t steps = 0;
  };

  const std::vector<Parameter<T>*>& parameters() const noexcept { return chunks_.parameters(); }

  static AdamWOptions validated(AdamWOptions o) {
    core::check<ValueError>(o.beta1 >= 0 && o.beta1 < 1, "adam_beta1 is ", o.beta1, ", expected [0, 1)");
    core::check<ValueError>(o.beta2 >= 0 && o.beta2 < 1, "adam_beta2 is ", o.beta2, ", expected [0, 1)");
    core::check<ValueError>(o.eps > 0, "adam_epsilon is ", o.eps, ", expected more than 0");
    core::check<ValueError>(o.weight_decay >= 0, "weight_decay is ", o.weight_decay, ", expected 0 or more");
    return o;
  }

  static std::vector<Parameter<T>*> all_of(const std::vector<ParameterGroup<T>>& groups) {
    std::vector<Parameter<T>*> all;
    for (const ParameterGroup<T>& group : groups)
      for (Parameter<T>* p : group.parameters) {
        core::check<ValueError>(std::find(all.begin(), all.end(), p) == all.end(), "parameter ", p->name,
                                " is in two parameter groups, expected one");
        all.push_back(p);
      }
    return all;
  }

  /// Counts a step of parameter p and returns the coefficients of its update.
  kernels::AdamWCoefficients<T> coefficients(index_t p, double lr_factor, double gradient_scale) noexcept {
    State& state = core::at(state_, p);
    const double t = static_cast<double>(++state.steps), lr = state.lr * lr_factor;
    return {.gradient_scale = static_cast<T>(gradient_scale),
            .decay = static_cast<T>(1 - lr * state.weight_decay),
            .beta2 = static_cast<T>(options_.beta2),
            .one_minus_beta1 = static_cast<T>(1 - options_.beta1),
            .one_minus_beta2 = static_cast<T>(1 - options_.beta2),
            .step_size = static_cast<T>(lr / (1 - std::pow(options_.beta1, t))),
            .denominator_scale = static_cast<T>(1 / std::sqrt(1 - std::pow(options_.beta2, t))),
            .epsilon = static_cast<T>(options_.eps)};
  }

  AdamWOptions options_;
  ParameterChunks<T> chunks_;
  std::vector<State> state_;                                 // per parameter
  std::vector<kernels::AdamWCoefficients<T>> coefficients_;  // per parameter, for the current step
  Tensor<T> exp_avg_, exp_avg_sq_;                           // moments of all parameters, each at its offset
};

}  // namespace minibert::optim
