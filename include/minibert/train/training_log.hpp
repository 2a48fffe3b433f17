// The training log: one JSON object per line. Each entry is on disk before training continues.
#pragma once

#include <filesystem>

#include <minibert/io/file_descriptor.hpp>
#include <minibert/io/json.hpp>

namespace minibert {

/// Appends entries to a file and syncs each to disk, so the log survives a crash.
class TrainingLog {
 public:
  explicit TrainingLog(std::filesystem::path path)
      : path_(std::move(path)), file_(path_, O_WRONLY | O_CREAT | O_APPEND) {}

  void append(const Json& entry) {
    file_.write_all(entry.dump() + "\n", path_);
    file_.sync(path_);
  }

 private:
  std::filesystem::path path_;
  io::FileDescriptor file_;
};

}  // namespace minibert
