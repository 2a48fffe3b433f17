// The optimizer interface that the trainer uses.
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

  /// Updates every parameter that has a gradient. Multiplies each group's learning rate by `lr_factor`, the schedule's
  /// factor for this step, and gradients by `gradient_scale`, such as clip_factor().
  virtual void step(double lr_factor, double gradient_scale) = 0;

  /// Saves the state that a resumed run needs. @throws IoError
  virtual void save(const std::filesystem::path& path) const = 0;
  /// Loads the state from a file that save() wrote. @throws IoError, FormatError; the state is then undefined
  virtual void load(const std::filesystem::path& path) = 0;

  /// Names the update rule and its settings, such as "sgd(lr=0.1)". Checkpoints store the name; a run with another name
  /// cannot resume.
  virtual std::string name() const = 0;
};

}  // namespace minibert::optim
