// Definitions of optim/adamw.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/io/safetensors.hpp>
#include <minibert/optim/adamw.hpp>

namespace minibert::optim {

template <class T>
AdamW<T>::AdamW(const std::vector<ParameterGroup<T>>& groups, AdamWOptions options)
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

template <class T>
AdamW<T>::AdamW(const std::vector<Parameter<T>*>& parameters, AdamWOptions options)
    : AdamW(std::vector<ParameterGroup<T>>{{.parameters = parameters}}, options) {}

template <class T>
void AdamW<T>::step(double lr_factor, double gradient_scale) noexcept {
  for (index_t p = 0; p < core::length(parameters()); ++p)
    if (core::at(parameters(), p)->has_grad) core::at(coefficients_, p) = coefficients(p, lr_factor, gradient_scale);
  chunks_.for_each_with_grad([&](index_t p, index_t begin, index_t count) {
    const Parameter<T>& parameter = *core::at(parameters(), p);
    const index_t place = core::at(state_, p).offset + begin;
    kernels::adamw_step(parameter.data + begin, exp_avg_.data() + place, exp_avg_sq_.data() + place,
                        static_cast<const T*>(parameter.grad + begin), core::at(coefficients_, p), count);
  });
}

template <class T>
std::string AdamW<T>::name() const {
  std::string name = core::concat("adamw(beta1=", options_.beta1, ", beta2=", options_.beta2, ", eps=", options_.eps);
  for (const State& state : state_) {
    const std::string group = core::concat(", lr=", state.lr, ", weight_decay=", state.weight_decay);
    if (!name.ends_with(group)) name += group;  // parameters of one group are adjacent in state_
  }
  return name + ")";
}

template <class T>
void AdamW<T>::save(const std::filesystem::path& path) const {
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

template <class T>
void AdamW<T>::load(const std::filesystem::path& path) {
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

template <class T>
AdamWOptions AdamW<T>::validated(AdamWOptions o) {
  core::check<ValueError>(o.beta1 >= 0 && o.beta1 < 1, "AdamW: beta1 is ", o.beta1,
                          ", expected at least 0 and less than 1");
  core::check<ValueError>(o.beta2 >= 0 && o.beta2 < 1, "AdamW: beta2 is ", o.beta2,
                          ", expected at least 0 and less than 1");
  core::check<ValueError>(o.eps > 0, "AdamW: eps is ", o.eps, ", expected more than 0");
  core::check<ValueError>(o.weight_decay >= 0, "AdamW: weight_decay is ", o.weight_decay, ", expected 0 or more");
  return o;
}

template <class T>
std::vector<Parameter<T>*> AdamW<T>::all_of(const std::vector<ParameterGroup<T>>& groups) {
  std::vector<Parameter<T>*> all;
  for (const ParameterGroup<T>& group : groups)
    for (Parameter<T>* p : group.parameters) {
      core::check<ValueError>(std::find(all.begin(), all.end(), p) == all.end(), "parameter ", p->name,
                              " is in two parameter groups, expected one");
      all.push_back(p);
    }
  return all;
}

template <class T>
kernels::AdamWCoefficients<T> AdamW<T>::coefficients(index_t p, double lr_factor, double gradient_scale) noexcept {
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

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template class AdamW<T>;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::optim
