// Files: mapped into memory for reading, replaced as a whole for writing. Whoever is killed in the middle of a write
// leaves the old file or the new one, never a mixture.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
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
#include <minibert/core/types.hpp>

namespace minibert {

namespace detail {

/// Throws IoError "path: cannot do: reason", the reason taken from errno.
[[noreturn]] inline void raise_io(const std::filesystem::path& path, std::string_view action) {
  const int reason = errno;
  core::raise<IoError>(path.string(), ": cannot ", action, ": ", std::strerror(reason));
}

/// An open file descriptor, closed at the end of its life.
class FileDescriptor {
 public:
  FileDescriptor(const std::filesystem::path& path, int flags) {
    do {
      fd_ = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0666);  // a pipe is refused, not waited for
    } while (fd_ < 0 && errno == EINTR);
    if (fd_ < 0) raise_io(path, (flags & O_CREAT) != 0 ? "create" : "open");
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

  /// The size of a regular file; IoError for anything else.
  std::size_t size(const std::filesystem::path& path) const {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) raise_io(path, "read the size");
    core::check<IoError>(S_ISREG(status.st_mode), path.string(), ": not a regular file");
    return static_cast<std::size_t>(status.st_size);
  }

  /// The next bytes, as many as the buffer takes; fewer at the end of the file only.
  std::string_view read(std::span<char> buffer, const std::filesystem::path& path) const {
    std::size_t total = 0;
    while (total < buffer.size()) {
      const ssize_t count = ::read(fd_, buffer.data() + total, buffer.size() - total);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) raise_io(path, "read");
      if (count == 0) break;
      total += static_cast<std::size_t>(count);
    }
    return {buffer.data(), total};
  }

  /// Writes everything, however often the system takes a part only.
  void write_all(std::string_view data, const std::filesystem::path& path) const {
    while (!data.empty()) {
      const ssize_t written = ::write(fd_, data.data(), data.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) raise_io(path, "write");
      data.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  /// Returns when what was written would survive a loss of power.
  void sync(const std::filesystem::path& path) const {
    if (::fsync(fd_) != 0) raise_io(path, "sync");
  }

  /// Takes the file's lock until the file is closed, unless another process holds it.
  bool try_lock() const noexcept { return ::flock(fd_, LOCK_EX | LOCK_NB) == 0; }

  /// Waits until no other process holds the file's lock, having called on_wait if one does, and holds it until the
  /// file is closed.
  void lock(const std::filesystem::path& path, const std::function<void()>& on_wait) const {
    if (try_lock()) return;
    if (errno == EWOULDBLOCK) on_wait();
    while (::flock(fd_, LOCK_EX) != 0)
      if (errno != EINTR) raise_io(path, "lock");
  }

  /// Whether this file is (still) the one of that name.
  bool is_at(const std::filesystem::path& path) const {
    struct stat ours {};
    struct stat named {};
    return ::fstat(fd_, &ours) == 0 && ::stat(path.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
           ours.st_ino == named.st_ino;
  }

  /// Makes the file empty.
  void truncate(const std::filesystem::path& path) const {
    if (::ftruncate(fd_, 0) != 0) raise_io(path, "truncate");
  }

 private:
  int fd_ = -1;
};

/// The name beside `path` that marks it as unfinished or on its way out: hidden, and told apart by the suffix.
inline std::filesystem::path hidden_sibling(const std::filesystem::path& path, std::string_view suffix) {
  return path.parent_path() / core::concat(".", path.filename().string(), suffix);
}

}  // namespace detail

/// A regular file, mapped read-only. Move-only; views of it end with it.
class MappedFile {
 public:
  /// IoError when the file cannot be opened or is not a regular file. An empty file is fine.
  explicit MappedFile(const std::filesystem::path& path) {
    const detail::FileDescriptor file(path, O_RDONLY);
    size_ = file.size(path);
    if (size_ == 0) return;
    void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (address == MAP_FAILED) detail::raise_io(path, "map");
    data_ = static_cast<const char*>(address);
  }
  MappedFile(MappedFile&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~MappedFile() {
    if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
  }

  std::string_view view() const noexcept { return {data_, size_}; }

  /// Gives the memory back that reading took; what is read again comes from the file again.
  void release() const noexcept {
    if (data_ != nullptr) ::madvise(const_cast<char*>(data_), size_, MADV_DONTNEED);
  }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The whole contents of a file. IoError when it cannot be read.
inline std::string read_file(const std::filesystem::path& path) { return std::string(MappedFile(path).view()); }

/// Makes renames, creations and removals in a folder survive a loss of power.
inline void sync_directory(const std::filesystem::path& path) {
  detail::FileDescriptor(path, O_RDONLY | O_DIRECTORY).sync(path);
}

/// Renames a file or folder, replacing a file of that name, and makes the change last.
inline void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) detail::raise_io(from, core::concat("rename to ", to.string()));
  sync_directory(to.parent_path().empty() ? "." : to.parent_path());
}

/// A file that appears under its name only when it is complete: written beside it, synced and renamed by commit().
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path)
      : path_(std::move(path)),
        temporary_(detail::hidden_sibling(path_, ".tmp")),
        file_(temporary_, O_WRONLY | O_CREAT | O_TRUNC) {}
  /// For a file that several processes may want to write: waits until no other one writes it, having called on_wait if
  /// one does. Look then whether it is there by now.
  AtomicFile(std::filesystem::path path, const std::function<void()>& on_wait)
      : path_(std::move(path)), temporary_(detail::hidden_sibling(path_, ".tmp")), file_(open_alone(on_wait)) {}
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  /// Without commit() nothing stays.
  ~AtomicFile() {
    if (!committed_) ::unlink(temporary_.c_str());
  }

  void write(std::string_view data) { file_.write_all(data, temporary_); }

  void commit() {
    file_.sync(temporary_);
    rename_durably(temporary_, path_);
    committed_ = true;
  }

 private:
  /// The temporary file, locked. Whoever held the lock before has renamed or removed it, unless it was killed: then we
  /// write over what it left.
  detail::FileDescriptor open_alone(const std::function<void()>& on_wait) const {
    for (;;) {
      detail::FileDescriptor file(temporary_, O_WRONLY | O_CREAT);
      file.lock(temporary_, on_wait);
      if (!file.is_at(temporary_)) continue;
      file.truncate(temporary_);
      return file;
    }
  }

  std::filesystem::path path_, temporary_;
  detail::FileDescriptor file_;
  bool committed_ = false;
};

/// Writes or replaces a file as a whole. IoError when that fails; then the old file, if any, is still there.
inline void write_file(const std::filesystem::path& path, std::string_view contents) {
  AtomicFile file(path);
  file.write(contents);
  file.commit();
}

/// Makes a folder and those above it, unless they exist.
inline void make_directories(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  core::check<IoError>(!error, path.string(), ": cannot create the folder: ", error.message());
}

/// Removes a file or folder with all it holds. It is renamed away first, so nobody ever finds a half of it under its
/// name. Absent is fine.
inline void remove_tree(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) return;
  const std::filesystem::path doomed = detail::hidden_sibling(path, ".removing");
  std::filesystem::remove_all(doomed, error);
  rename_durably(path, doomed);
  std::filesystem::remove_all(doomed, error);
  core::check<IoError>(!error, path.string(), ": cannot remove: ", error.message());
}

}  // namespace minibert
