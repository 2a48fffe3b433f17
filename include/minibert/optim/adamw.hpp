// AdamW: weight decay apart from the gradient, moments in blocks laid out like the parameters.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/io/safetensors.hpp>
#include <minibert/kernels/adamw.hpp>
#include <minibert/optim/parameter_chunks.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert::optim {

/// PyTorch's names and Hugging Face's defaults.
struct AdamWOptions {
  double lr = 5e-5;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.0;
};

/// Updates parameters as torch.optim.AdamW does: no decay where parameter.decay is false, nothing at all for a
/// parameter without a gradient (whose step count, for the bias correction, then stands still).
template <class T>
class AdamW {
 public:
  /// The parameters outlive the optimizer. ValueError for options out of range.
  AdamW(const std::vector<Parameter<T>*>& parameters, AdamWOptions options)
      : options_(options), chunks_(parameters), steps_(parameters.size()), coefficients_(parameters.size()) {
    core::check<ValueError>(options.beta1 >= 0 && options.beta1 < 1, "adam_beta1 is ", options.beta1,
                            ", expected [0, 1)");
    core::check<ValueError>(options.beta2 >= 0 && options.beta2 < 1, "adam_beta2 is ", options.beta2,
                            ", expected [0, 1)");
    core::check<ValueError>(options.eps > 0, "adam_epsilon is ", options.eps, ", expected more than 0");
    core::check<ValueError>(options.weight_decay >= 0, "weight_decay is ", options.weight_decay,
                            ", expected 0 or more");
    index_t size = 0;
    for (const Parameter<T>* p : parameters) size = std::max(size, p->offset + p->numel());
    exp_avg_ = Tensor<T>(Shape{size});
    exp_avg_sq_ = Tensor<T>(Shape{size});
  }

  /// One update with that learning rate from the gradients times `gradient_scale` (clip_factor, say).
  void step(double learning_rate, double gradient_scale = 1) noexcept {
    for (index_t p = 0; p < core::length(parameters()); ++p)
      if (core::at(parameters(), p)->has_grad)
        core::at(coefficients_, p) = coefficients(p, learning_rate, gradient_scale);
    chunks_.for_each_with_grad([&](index_t p, index_t begin, index_t count) {
      const Parameter<T>& parameter = *core::at(parameters(), p);
      const index_t block = parameter.offset + begin;
      kernels::adamw_step(parameter.data + begin, exp_avg_.data() + block, exp_avg_sq_.data() + block,
                          static_cast<const T*>(parameter.grad + begin), core::at(coefficients_, p), count);
    });
  }
  void step() noexcept { step(options_.lr); }

  const AdamWOptions& options() const noexcept { return options_; }
  /// The pieces of work, for clip_grad_norm_.
  ParameterChunks<T>& chunks() noexcept { return chunks_; }

  /// Writes "exp_avg.<name>", "exp_avg_sq.<name>" and "step.<name>" for every parameter.
  void save(const std::filesystem::path& path) const {
    const std::vector<T> steps(steps_.begin(), steps_.end());
    std::vector<SafetensorsTensor<T>> tensors;
    for (index_t p = 0; p < core::length(parameters()); ++p) {
      const Parameter<T>& parameter = *core::at(parameters(), p);
      const std::vector<index_t> shape = parameter.shape.sizes();
      tensors.push_back({"exp_avg." + parameter.name, shape, exp_avg_.data() + parameter.offset});
      tensors.push_back({"exp_avg_sq." + parameter.name, shape, exp_avg_sq_.data() + parameter.offset});
      tensors.push_back({"step." + parameter.name, {}, &core::at(steps, p)});
    }
    write_safetensors(path, std::move(tensors));
  }

  /// Reads what save() wrote. FormatError when a tensor is missing, has another shape, or belongs to no parameter;
  /// then the state is undefined.
  void load(const std::filesystem::path& path) {
    const SafetensorsReader reader(path);
    core::check<FormatError>(core::length(reader.entries()) == 3 * core::length(parameters()), reader.path(),
                             ": holds ", reader.entries().size(), " tensors, expected three for each of ",
                             parameters().size(), " parameters");
    for (index_t p = 0; p < core::length(parameters()); ++p) {
      const Parameter<T>& parameter = *core::at(parameters(), p);
      reader.read("exp_avg." + parameter.name, parameter.shape, exp_avg_.data() + parameter.offset);
      reader.read("exp_avg_sq." + parameter.name, parameter.shape, exp_avg_sq_.data() + parameter.offset);
      T steps;
      reader.read("step." + parameter.name, Shape{}, &steps);
      core::at(steps_, p) = static_cast<index_t>(steps);
    }
  }

 private:
  const std::vector<Parameter<T>*>& parameters() const noexcept { return chunks_.parameters(); }

  /// Counts a step of parameter p and gives the numbers of its update.
  kernels::AdamWCoefficients<T> coefficients(index_t p, double learning_rate, double gradient_scale) noexcept {
    const double t = static_cast<double>(++core::at(steps_, p));
    const double decay = core::at(parameters(), p)->decay ? options_.weight_decay : 0.0;
    return {.gradient_scale = static_cast<T>(gradient_scale),
            .decay = static_cast<T>(1 - learning_rate * decay),
            .beta2 = static_cast<T>(options_.beta2),
            .one_minus_beta1 = static_cast<T>(1 - options_.beta1),
            .one_minus_beta2 = static_cast<T>(1 - options_.beta2),
            .step_size = static_cast<T>(learning_rate / (1 - std::pow(options_.beta1, t))),
            .denominator_scale = static_cast<T>(1 / std::sqrt(1 - std::pow(options_.beta2, t))),
            .epsilon = static_cast<T>(options_.eps)};
  }

  AdamWOptions options_;
  ParameterChunks<T> chunks_;
  std::vector<index_t> steps_;                               // per parameter
  std::vector<kernels::AdamWCoefficients<T>> coefficients_;  // per parameter, of the step under way
  Tensor<T> exp_avg_, exp_avg_sq_;                           // laid out as the parameters' block
};

}  // namespace minibert::optim
