// The operating system's files, with errors as exceptions. Other rooms use it where they append, lock or sync.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <minibert/core/error.hpp>

namespace minibert::io {

/// Throws IoError "path: cannot <action>: <reason>", with the reason that errno gives.
[[noreturn]] inline void raise_errno(const std::filesystem::path& path, std::string_view action) {
  const int reason = errno;
  core::raise<IoError>(path.string(), ": cannot ", action, ": ", std::strerror(reason));
}

/// An open file, closed by the destructor. Move-only. The `path` arguments only serve error messages. Every function
/// throws IoError if the system refuses the call.
class FileDescriptor {
 public:
  /// Opens a file with the flags of open(2).
  FileDescriptor(const std::filesystem::path& path, int flags) {
    do {
      // O_NONBLOCK: opening a pipe must not wait for its other end.
      fd_ = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0666);
    } while (fd_ < 0 && errno == EINTR);
    if (fd_ < 0) raise_errno(path, (flags & O_CREAT) != 0 ? "create" : "open");
  }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const noexcept { return fd_; }

  /// Returns the size in bytes. @throws IoError if this is not a regular file
  std::size_t size(const std::filesystem::path& path) const {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) raise_errno(path, "read the size");
    core::check<IoError>(S_ISREG(status.st_mode), path.string(), ": not a regular file, but a folder, pipe or device");
    return static_cast<std::size_t>(status.st_size);
  }

  /// Reads the next bytes into the buffer and returns them: the buffer full, or less at the end of the file.
  std::string_view read(std::span<char> buffer, const std::filesystem::path& path) const {
    std::size_t total = 0;
    while (total < buffer.size()) {
      const ssize_t count = ::read(fd_, buffer.data() + total, buffer.size() - total);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) raise_errno(path, "read");
      if (count == 0) break;
      total += static_cast<std::size_t>(count);
    }
    return {buffer.data(), total};
  }

  /// Writes all of the data.
  void write_all(std::string_view data, const std::filesystem::path& path) const {
    while (!data.empty()) {
      const ssize_t written = ::write(fd_, data.data(), data.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) raise_errno(path, "write");
      data.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  /// Waits until everything written is on disk, where it survives a loss of power.
  void sync(const std::filesystem::path& path) const {
    if (::fsync(fd_) != 0) raise_errno(path, "sync");
  }

  /// Takes the file's lock, which is held until the file is closed. Returns false if another process holds it.
  bool try_lock() const noexcept { return ::flock(fd_, LOCK_EX | LOCK_NB) == 0; }

  /// Takes the file's lock, which is held until the file is closed. If another process holds it, calls on_wait() and
  /// waits.
  void lock(const std::filesystem::path& path, const std::function<void()>& on_wait) const {
    if (try_lock()) return;
    if (errno == EWOULDBLOCK) on_wait();
    while (::flock(fd_, LOCK_EX) != 0)
      if (errno != EINTR) raise_errno(path, "lock");
  }

  /// Returns true if `path` still names this file: nobody has renamed, removed or replaced it.
  bool is_at(const std::filesystem::path& path) const {
    struct stat ours {};
    struct stat named {};
    return ::fstat(fd_, &ours) == 0 && ::stat(path.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
           ours.st_ino == named.st_ino;
  }

  /// Empties the file.
  void truncate(const std::filesystem::path& path) const {
    if (::ftruncate(fd_, 0) != 0) raise_errno(path, "truncate");
  }

 private:
  int fd_ = -1;
};

}  // namespace minibert::io
