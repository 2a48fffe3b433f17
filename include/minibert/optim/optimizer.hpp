// The interface through which the trainer uses an optimizer.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <minibert/autograd/parameter.hpp>
#include <minibert/core/error.hpp>

namespace minibert::optim {

/// Base of optimizers. Derive from it to train with a custom update rule (Trainer::set_optimizer).
template <class T>
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Updates every parameter that has a gradient. Multiplies each learning rate by `lr_factor`, the schedule's factor
  /// for this step. Multiplies the gradients by `gradient_scale`, such as the result of clip_factor().
  virtual void step(double lr_factor, double gradient_scale) = 0;

  /// Saves the state that a resumed run needs. @throws IoError if the file cannot be written
  virtual void save(const std::filesystem::path& path) const = 0;
  /// Loads the state from a file that save() wrote.
  /// @throws IoError if the file cannot be read; FormatError if it does not fit the parameters. The optimizer's state
  /// is then undefined.
  virtual void load(const std::filesystem::path& path) = 0;

  /// Returns the name of the update rule and its settings, such as "sgd(lr=0.1)". Checkpoints contain the name of an
  /// optimizer that was set with Trainer::set_optimizer. A run with another optimizer name cannot resume from them.
  virtual std::string name() const = 0;
};

}  // namespace minibert::optim
