// Definitions of io/file.hpp.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>

namespace minibert {

MINIBERT_INLINE MappedFile::MappedFile(const std::filesystem::path& path) {
  const io::FileDescriptor file(path, O_RDONLY);
  size_ = file.size(path);
  if (size_ == 0) return;
  void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) io::raise_errno(path, "map");
  data_ = static_cast<const char*>(address);
}

MINIBERT_INLINE MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

MINIBERT_INLINE void MappedFile::release() const noexcept {
  if (data_ != nullptr) ::madvise(const_cast<char*>(data_), size_, MADV_DONTNEED);
}

namespace io {

MINIBERT_INLINE std::string read_file(const std::filesystem::path& path) {
  return std::string(MappedFile(path).view());
}

MINIBERT_INLINE bool path_exists(const std::filesystem::path& path) {
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  core::check<IoError>(!error, path.string(), ": cannot open: ", error.message());
  return exists;
}

MINIBERT_INLINE std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> entries;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    entries.push_back(entry->path());
  core::check<IoError>(!error, folder.string(), ": cannot list: ", error.message());
  std::sort(entries.begin(), entries.end());
  return entries;
}

MINIBERT_INLINE void sync_directory(const std::filesystem::path& path) {
  const FileDescriptor folder(path, O_RDONLY | O_DIRECTORY);
  while (::fsync(folder.get()) != 0) {
    if (errno == EINVAL || errno == ENOTSUP) return;  // this file system cannot sync folders
    if (errno != EINTR) raise_errno(path, "sync");
  }
}

MINIBERT_INLINE void sync_parent(const std::filesystem::path& path) {
  try {
    sync_directory(path.parent_path().empty() ? "." : path.parent_path());
  } catch (const IoError& error) {
    core::raise<IoError>(path.string(), ": is complete, but may not survive a loss of power: ", error.what());
  }
}

MINIBERT_INLINE void move_path(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) raise_errno(from, core::concat("rename to ", to.string()));
}

MINIBERT_INLINE void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  move_path(from, to);
  sync_parent(to);
}

MINIBERT_INLINE std::filesystem::path hidden_sibling(const std::filesystem::path& path, std::string_view suffix) {
  return path.parent_path() / core::concat(".", path.filename().string(), suffix);
}

}  // namespace io

MINIBERT_INLINE AtomicFile::AtomicFile(std::filesystem::path path)
    : path_(std::move(path)),
      temporary_(io::hidden_sibling(path_, ".tmp")),
      file_(temporary_, O_WRONLY | O_CREAT | O_TRUNC) {}

MINIBERT_INLINE AtomicFile::AtomicFile(std::filesystem::path path, const std::function<void()>& on_wait)
    : path_(std::move(path)), temporary_(io::hidden_sibling(path_, ".tmp")), file_(open_alone(on_wait)) {}

MINIBERT_INLINE AtomicFile::~AtomicFile() {
  if (!committed_) ::unlink(temporary_.c_str());
}

MINIBERT_INLINE void AtomicFile::write(std::string_view data) { file_.write_all(data, temporary_); }

MINIBERT_INLINE void AtomicFile::commit() {
  file_.sync(temporary_);
  io::move_path(temporary_, path_);
  committed_ = true;  // from here on, another process may own a hidden file of this name
  io::sync_parent(path_);
}

MINIBERT_INLINE io::FileDescriptor AtomicFile::open_alone(const std::function<void()>& on_wait) const {
  for (;;) {
    io::FileDescriptor file(temporary_, O_WRONLY | O_CREAT);
    file.lock(temporary_, on_wait);
    if (!file.is_at(temporary_)) continue;
    file.truncate(temporary_);
    return file;
  }
}

namespace io {

MINIBERT_INLINE void write_file(const std::filesystem::path& path, std::string_view contents) {
  AtomicFile file(path);
  file.write(contents);
  file.commit();
}

MINIBERT_INLINE void make_directories(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  core::check<IoError>(!error, path.string(), ": cannot create the folder: ", error.message());
}

MINIBERT_INLINE void check_writable(const std::filesystem::path& folder) {
  std::filesystem::path place = folder;
  std::error_code error;
  const auto is_absent = [&] {
    return std::filesystem::status(place, error).type() == std::filesystem::file_type::not_found;
  };
  while (!place.empty() && is_absent()) place = place.parent_path();
  if (place.empty()) place = ".";
  core::check<IoError>(std::filesystem::is_directory(place, error), place.string(),
                       ": is not a folder, so nothing can be saved in ", folder.string());
  // access() would not do: root may write everywhere, but not in /proc.
  std::string probe = place / ".minibert-XXXXXX";
  if (::mkdtemp(probe.data()) == nullptr)
    core::raise<IoError>("cannot write to ", folder.string(), ": ", place.string(), ": ", std::strerror(errno));
  ::rmdir(probe.c_str());
}

MINIBERT_INLINE std::optional<std::uintmax_t> available_space(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(folder, error);
  return error || space.capacity == 0 ? std::nullopt : std::optional(space.available);
}

MINIBERT_INLINE void remove_tree(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) return;
  const std::filesystem::path doomed = hidden_sibling(path, ".removing");
  std::filesystem::remove_all(doomed, error);
  move_path(path, doomed);
  sync_directory(path.parent_path().empty() ? "." : path.parent_path());
  std::filesystem::remove_all(doomed, error);
  core::check<IoError>(!error, path.string(), ": cannot remove: ", error.message());
}

}  // namespace io

}  // namespace minibert
