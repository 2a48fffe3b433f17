// What the trainer asks of an optimizer.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <minibert/autograd/parameter.hpp>

namespace minibert::optim {

/// Base of optimizers. Derive from it to train with an update rule of your own (Trainer::set_optimizer).
template <class T>
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Updates every parameter that has a gradient. The learning rate of each group is its own times `lr_factor`, the
  /// schedule's factor for this step; gradients count times `gradient_scale` (clip_factor, say).
  virtual void step(double lr_factor, double gradient_scale) = 0;

  /// Writes the state that a resumed run needs. @throws IoError
  virtual void save(const std::filesystem::path& path) const = 0;
  /// Reads what save() wrote. @throws IoError, FormatError; the state is undefined afterwards
  virtual void load(const std::filesystem::path& path) = 0;

  /// Names the update rule and its settings, "adamw" say. Kept in checkpoints: a run with another one does not resume.
  virtual std::string name() const = 0;
};

}  // namespace minibert::optim
