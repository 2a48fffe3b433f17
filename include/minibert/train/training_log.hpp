// The training log: a file with one JSON object per line. Each entry is on disk before training continues.
#pragma once

#include <filesystem>

#include <minibert/io/file_descriptor.hpp>
#include <minibert/io/json.hpp>

namespace minibert {

/// Appends entries to a file. Syncs each entry to disk, so the log survives a crash.
class TrainingLog {
 public:
  explicit TrainingLog(std::filesystem::path path);

  void append(const Json& entry);

 private:
  std::filesystem::path path_;
  io::FileDescriptor file_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/training_log.ipp>
#endif
