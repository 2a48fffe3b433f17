// AdamW (Loshchilov and Hutter, 2017): Adam with weight decay decoupled from the gradient.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/kernels/adamw.hpp>
#include <minibert/optim/optimizer.hpp>
#include <minibert/optim/parameter_chunks.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert::optim {

/// Options of AdamW, with PyTorch's names and Hugging Face's defaults. A parameter group may replace lr and
/// weight_decay.
struct AdamWOptions {
  double lr = 5e-5;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.0;
};

/// Updates parameters as torch.optim.AdamW does. Skips a parameter that has no gradient: the step does not count for
/// the bias correction of this parameter.
template <class T>
class AdamW final : public Optimizer<T> {
 public:
  /// The parameters must outlive the optimizer.
  /// @throws ValueError for options out of range, or for a parameter in two groups
  AdamW(const std::vector<ParameterGroup<T>>& groups, AdamWOptions options);
  /// Puts all parameters into one group. To train BERT, use the two groups of Module::parameter_groups.
  AdamW(const std::vector<Parameter<T>*>& parameters, AdamWOptions options);

  void step(double lr_factor, double gradient_scale) noexcept override;
  void step() noexcept { step(1, 1); }

  const AdamWOptions& options() const noexcept { return options_; }
  /// Returns "adamw" with the common options, then lr and weight_decay of each group.
  std::string name() const override;

  /// Writes a safetensors file with "exp_avg.<name>", "exp_avg_sq.<name>" and "step.<name>" of every parameter.
  void save(const std::filesystem::path& path) const override;

  /// @throws FormatError if a tensor is missing, has another shape, or belongs to no parameter
  /// @throws IoError if the file cannot be read
  void load(const std::filesystem::path& path) override;

 private:
  /// The state of one parameter.
  struct State {
    double lr, weight_decay;  // of the parameter's group
    index_t offset;           // index of the parameter's first element in exp_avg_ and exp_avg_sq_
    index_t steps = 0;        // updates so far
  };

  const std::vector<Parameter<T>*>& parameters() const noexcept { return chunks_.parameters(); }

  static AdamWOptions validated(AdamWOptions o);

  static std::vector<Parameter<T>*> all_of(const std::vector<ParameterGroup<T>>& groups);

  /// Adds 1 to the number of updates of the parameter with index p. Returns the coefficients of this update.
  kernels::AdamWCoefficients<T> coefficients(index_t p, double lr_factor, double gradient_scale) noexcept;

  AdamWOptions options_;
  ParameterChunks<T> chunks_;
  std::vector<State> state_;                                 // per parameter
  std::vector<kernels::AdamWCoefficients<T>> coefficients_;  // per parameter, for the current step
  Tensor<T> exp_avg_, exp_avg_sq_;                           // first and second moments of all parameters
};

}  // namespace minibert::optim

#ifndef MINIBERT_COMPILED
#include <minibert/optim/impl/adamw.ipp>
#endif
