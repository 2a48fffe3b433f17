// Files: mapped for reading, replaced atomically for writing. A program that is killed while it writes leaves the old
// file or the new one, never a mixture. The functions are in minibert::io, because users have a read_file() of their
// own.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/io/file_descriptor.hpp>

namespace minibert {

/// A regular file, mapped read-only. Move-only; the view is valid as long as the mapping.
class MappedFile {
 public:
  /// @throws IoError if the file cannot be opened or is not a regular file; an empty file is fine
  explicit MappedFile(const std::filesystem::path& path) {
    const io::FileDescriptor file(path, O_RDONLY);
    size_ = file.size(path);
    if (size_ == 0) return;
    void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (address == MAP_FAILED) io::raise_errno(path, "map");
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

  /// Gives the mapped pages back to the system. They are read from the file again when they are needed.
  void release() const noexcept {
    if (data_ != nullptr) ::madvise(const_cast<char*>(data_), size_, MADV_DONTNEED);
  }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

namespace io {

/// Returns the contents of a file. @throws IoError if it cannot be read
inline std::string read_file(const std::filesystem::path& path) { return std::string(MappedFile(path).view()); }

/// Returns true if there is a file or folder of this name, or a link to one.
/// @throws IoError if the system cannot tell, for example because the name is too long
inline bool path_exists(const std::filesystem::path& path) {
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  core::check<IoError>(!error, path.string(), ": cannot open: ", error.message());
  return exists;
}

/// Returns the paths of a folder's entries, sorted. @throws IoError if the folder cannot be read
inline std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> entries;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    entries.push_back(entry->path());
  core::check<IoError>(!error, folder.string(), ": cannot list: ", error.message());
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// Makes renames, creations and removals in a folder survive a loss of power. @throws IoError
inline void sync_directory(const std::filesystem::path& path) {
  FileDescriptor(path, O_RDONLY | O_DIRECTORY).sync(path);
}

/// Renames a file or folder, replaces a file of the new name, and makes the change survive a loss of power.
/// @throws IoError
inline void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) raise_errno(from, core::concat("rename to ", to.string()));
  sync_directory(to.parent_path().empty() ? "." : to.parent_path());
}

/// Returns the hidden name beside `path` for a file or folder that is unfinished (".tmp") or going to be removed
/// (".removing"): ".<name><suffix>" in the same folder.
inline std::filesystem::path hidden_sibling(const std::filesystem::path& path, std::string_view suffix) {
  return path.parent_path() / core::concat(".", path.filename().string(), suffix);
}

}  // namespace io

/// A file that appears under its name only when it is complete: commit() syncs and renames a hidden file beside it.
class AtomicFile {
 public:
  /// @throws IoError if the hidden file cannot be created
  explicit AtomicFile(std::filesystem::path path)
      : path_(std::move(path)),
        temporary_(io::hidden_sibling(path_, ".tmp")),
        file_(temporary_, O_WRONLY | O_CREAT | O_TRUNC) {}
  /// For a file that several processes may write. If another process is writing it, calls on_wait() and waits; the file
  /// may exist afterwards. @throws IoError if the hidden file cannot be created or locked
  AtomicFile(std::filesystem::path path, const std::function<void()>& on_wait)
      : path_(std::move(path)), temporary_(io::hidden_sibling(path_, ".tmp")), file_(open_alone(on_wait)) {}
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  /// Removes the hidden file unless commit() has renamed it.
  ~AtomicFile() {
    if (!committed_) ::unlink(temporary_.c_str());
  }

  /// Appends data. @throws IoError
  void write(std::string_view data) { file_.write_all(data, temporary_); }

  /// Makes the data durable and gives the file its name, in place of an older file. @throws IoError
  void commit() {
    file_.sync(temporary_);
    io::rename_durably(temporary_, path_);
    committed_ = true;
  }

 private:
  /// Returns the hidden file, locked and empty. The process that held the lock before has renamed or removed the file,
  /// unless it was killed: then its leftovers are overwritten.
  io::FileDescriptor open_alone(const std::function<void()>& on_wait) const {
    for (;;) {
      io::FileDescriptor file(temporary_, O_WRONLY | O_CREAT);
      file.lock(temporary_, on_wait);
      if (!file.is_at(temporary_)) continue;
      file.truncate(temporary_);
      return file;
    }
  }

  std::filesystem::path path_, temporary_;
  io::FileDescriptor file_;
  bool committed_ = false;
};

namespace io {

/// Creates a file or replaces it atomically. @throws IoError if that fails; an older file is then unchanged
inline void write_file(const std::filesystem::path& path, std::string_view contents) {
  AtomicFile file(path);
  file.write(contents);
  file.commit();
}

/// Creates a folder and its parents, unless they exist. @throws IoError
inline void make_directories(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  core::check<IoError>(!error, path.string(), ": cannot create the folder: ", error.message());
}

/// Removes a file or a folder with its contents; does nothing if there is none. It is renamed to a hidden name first,
/// so a folder under its own name is always complete. @throws IoError
inline void remove_tree(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) return;
  const std::filesystem::path doomed = hidden_sibling(path, ".removing");
  std::filesystem::remove_all(doomed, error);
  rename_durably(path, doomed);
  std::filesystem::remove_all(doomed, error);
  core::check<IoError>(!error, path.string(), ": cannot remove: ", error.message());
}

}  // namespace io

}  // namespace minibert
