// Definitions of io/file_descriptor.hpp.
#pragma once

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <minibert/core/error.hpp>
#include <minibert/io/file_descriptor.hpp>

namespace minibert::io {

[[noreturn]] MINIBERT_INLINE void raise_errno(const std::filesystem::path& path, std::string_view action) {
  const int reason = errno;
  core::raise<IoError>(path.string(), ": cannot ", action, ": ", std::strerror(reason));
}

MINIBERT_INLINE FileDescriptor::FileDescriptor(const std::filesystem::path& path, int flags) {
  do {
    // O_NONBLOCK: opening a pipe must not wait for its other end.
    fd_ = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0666);
  } while (fd_ < 0 && errno == EINTR);
  if (fd_ < 0) raise_errno(path, (flags & O_CREAT) != 0 ? "create" : "open");
}

MINIBERT_INLINE FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

MINIBERT_INLINE std::size_t FileDescriptor::size(const std::filesystem::path& path) const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) raise_errno(path, "read the size");
  core::check<IoError>(S_ISREG(status.st_mode), path.string(), ": not a regular file, but a folder, pipe or device");
  return static_cast<std::size_t>(status.st_size);
}

MINIBERT_INLINE std::string_view FileDescriptor::read(std::span<char> buffer, const std::filesystem::path& path) const {
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

MINIBERT_INLINE void FileDescriptor::write_all(std::string_view data, const std::filesystem::path& path) const {
  while (!data.empty()) {
    const ssize_t written = ::write(fd_, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) raise_errno(path, "write");
    core::check<IoError>(written > 0, path.string(),
                         ": cannot write: the system wrote nothing; check that the disk has free space");
    data.remove_prefix(static_cast<std::size_t>(written));
  }
}

MINIBERT_INLINE void FileDescriptor::sync(const std::filesystem::path& path) const {
  while (::fsync(fd_) != 0)
    if (errno != EINTR) raise_errno(path, "sync");
}

MINIBERT_INLINE bool FileDescriptor::try_lock() const noexcept { return ::flock(fd_, LOCK_EX | LOCK_NB) == 0; }

MINIBERT_INLINE void FileDescriptor::lock(const std::filesystem::path& path,
                                          const std::function<void()>& on_wait) const {
  if (try_lock()) return;
  if (errno == EWOULDBLOCK) on_wait();
  while (::flock(fd_, LOCK_EX) != 0)
    if (errno != EINTR) raise_errno(path, "lock");
}

MINIBERT_INLINE bool FileDescriptor::is_at(const std::filesystem::path& path) const {
  struct stat ours {};
  struct stat named {};
  return ::fstat(fd_, &ours) == 0 && ::stat(path.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
         ours.st_ino == named.st_ino;
}

MINIBERT_INLINE void FileDescriptor::truncate(const std::filesystem::path& path) const {
  if (::ftruncate(fd_, 0) != 0) raise_errno(path, "truncate");
}

}  // namespace minibert::io
