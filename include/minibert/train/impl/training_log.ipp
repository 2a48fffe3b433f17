// Definitions of train/training_log.hpp.
#pragma once

#include <utility>

#include <minibert/train/training_log.hpp>

namespace minibert {

MINIBERT_INLINE TrainingLog::TrainingLog(std::filesystem::path path)
    : path_(std::move(path)), file_(path_, O_WRONLY | O_CREAT | O_APPEND) {}

MINIBERT_INLINE void TrainingLog::append(const Json& entry) {
  file_.write_all(entry.dump() + "\n", path_);
  file_.sync(path_);
}

}  // namespace minibert
