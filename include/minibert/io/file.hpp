// Files: mapped for reading, replaced atomically for writing. A program that is killed while it writes leaves the old
// file or the new one, never a mixture. The functions are in minibert::io, because many users have a read_file() of
// their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/io/file_descriptor.hpp>

namespace minibert {

/// Maps a regular file read-only. Move-only. The text that view() returns is valid until the mapping is destroyed.
class MappedFile {
 public:
  /// @throws IoError if the file cannot be opened or is not a regular file; an empty file is fine
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~MappedFile();

  std::string_view view() const noexcept { return {data_, size_}; }

  /// Gives the mapped pages back to the system. They are read from the file again when they are needed.
  void release() const noexcept;

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

namespace io {

/// Returns the contents of a file. @throws IoError if it cannot be read
std::string read_file(const std::filesystem::path& path);

/// Returns true if there is a file or folder of this name, or a link to one.
/// @throws IoError if the system cannot tell, for example because the name is too long
bool path_exists(const std::filesystem::path& path);

/// Returns the paths of a folder's entries, sorted. @throws IoError if the folder cannot be read
std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder);

/// Makes renames, creations and removals in a folder survive a loss of power. @throws IoError if that fails
void sync_directory(const std::filesystem::path& path);

/// Syncs the folder that contains `path`. Call this after `path` was created, renamed or replaced. @throws IoError if
/// that fails
void sync_parent(const std::filesystem::path& path);

/// Renames a file or folder, replacing a file that has the new name. @throws IoError if that fails
void move_path(const std::filesystem::path& from, const std::filesystem::path& to);

/// Does move_path(), and makes the change survive a loss of power.
/// @throws IoError if that fails; if only the sync failed, the message says so and the new name is in place
void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

/// Returns the path of ".<name><suffix>" in the folder of `path`, where <name> is the file name of `path`. suffix:
/// ".tmp" for an unfinished file or folder, ".removing" for one that is about to be removed.
std::filesystem::path hidden_sibling(const std::filesystem::path& path, std::string_view suffix);

}  // namespace io

/// Writes a file that appears under its name only when it is complete. Data go to a hidden file in the same folder;
/// commit() syncs and renames the hidden file.
class AtomicFile {
 public:
  /// @throws IoError if the hidden file cannot be created
  explicit AtomicFile(std::filesystem::path path);
  /// For a file that several processes may write. If another process is writing it, calls on_wait() and waits until
  /// that process has finished; the file may exist then. @throws IoError if the hidden file cannot be created or locked
  AtomicFile(std::filesystem::path path, const std::function<void()>& on_wait);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  /// Removes the hidden file unless commit() has renamed it.
  ~AtomicFile();

  /// Appends data. @throws IoError if they cannot be written
  void write(std::string_view data);

  /// Makes the data survive a loss of power, and gives the file its name, in place of an older file.
  /// @throws IoError if that fails. An older file is then unchanged, unless only the sync of the folder failed; the
  /// message says so.
  void commit();

 private:
  /// Returns the hidden file, locked and empty. Tries again if the process that held the lock before has renamed or
  /// removed the file. Empties the file, because a process that was killed may have left data in it.
  io::FileDescriptor open_alone(const std::function<void()>& on_wait) const;

  std::filesystem::path path_, temporary_;
  io::FileDescriptor file_;
  bool committed_ = false;
};

namespace io {

/// Creates a file or replaces it atomically. @throws IoError if that fails; an older file is then unchanged, unless
/// only the sync of the folder failed
void write_file(const std::filesystem::path& path, std::string_view contents);

/// Creates a folder and its parents, unless they exist. @throws IoError if that fails
void make_directories(const std::filesystem::path& path);

/// Checks that files can be created in a folder, or that the folder can be created. Leaves nothing behind.
/// @throws IoError naming the folder or parent that does not allow it
void check_writable(const std::filesystem::path& folder);

/// Returns the number of bytes that can be written to the disk of a folder, or nullopt if the system cannot tell.
std::optional<std::uintmax_t> available_space(const std::filesystem::path& folder);

/// Removes a file, or a folder with its contents; does nothing if there is none. Renames it to a hidden name first, so
/// that a folder with some of its files missing is never found under the original name. @throws IoError if that fails
void remove_tree(const std::filesystem::path& path);

}  // namespace io

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/file.ipp>
#endif
