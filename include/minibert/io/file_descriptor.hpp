// File descriptors of the operating system, with errors as exceptions. Other parts of the library use this class to
// append to files, lock them or sync them.
#pragma once

#include <fcntl.h>

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <minibert/core/config.hpp>
#include <minibert/core/error.hpp>

namespace minibert::io {

/// Throws IoError "path: cannot <action>: <reason>", with the reason that errno gives.
[[noreturn]] void raise_errno(const std::filesystem::path& path, std::string_view action);

/// Owns an open file; the destructor closes it. Move-only. The constructor opens `path`, and is_at() looks up `path`.
/// All other functions use `path` only in error messages. A failed system call throws IoError, except in try_lock() and
/// is_at(), which then return false.
class FileDescriptor {
 public:
  /// Opens a file with the flags of open(2).
  FileDescriptor(const std::filesystem::path& path, int flags);
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();

  int get() const noexcept { return fd_; }

  /// Returns the size in bytes. @throws IoError if this is not a regular file
  std::size_t size(const std::filesystem::path& path) const;

  /// Reads the next bytes into the buffer and returns them. Fills the whole buffer, except at the end of the file.
  std::string_view read(std::span<char> buffer, const std::filesystem::path& path) const;

  /// Writes all of the data.
  void write_all(std::string_view data, const std::filesystem::path& path) const;

  /// Waits until everything written is on disk, where it survives a loss of power.
  void sync(const std::filesystem::path& path) const;

  /// Takes the file's lock, which is held until the file is closed. Returns false if another process holds it.
  bool try_lock() const noexcept;

  /// Takes the file's lock, which is held until the file is closed. If another process holds it, calls on_wait() and
  /// waits.
  void lock(const std::filesystem::path& path, const std::function<void()>& on_wait) const;

  /// Returns true if `path` still names this file: nobody has renamed, removed or replaced it.
  bool is_at(const std::filesystem::path& path) const;

  /// Empties the file.
  void truncate(const std::filesystem::path& path) const;

 private:
  int fd_ = -1;
};

}  // namespace minibert::io

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/file_descriptor.ipp>
#endif
