// Definitions of train/output_dir.hpp.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/train/checkpoint.hpp>
#include <minibert/train/output_dir.hpp>

namespace minibert {

namespace train_detail {

inline constexpr const char* kLockName = ".train.lock";

MINIBERT_INLINE bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

/// Returns true if `entry`, or what it links to, lies directly in `folder`.
MINIBERT_INLINE bool is_in(const std::filesystem::path& entry, const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::equivalent(entry.has_parent_path() ? entry.parent_path() : ".", folder, error)) return true;
  const std::filesystem::path full = std::filesystem::canonical(entry, error);
  return !error && std::filesystem::equivalent(full.parent_path(), folder, error);
}

/// Returns the name of a file in output_dir that belongs to another run, or an empty path. Ignores hidden files. If
/// may_have_log, also ignores the training log, because a run that ended before its first checkpoint leaves only its
/// log.
MINIBERT_INLINE std::filesystem::path used_by(const std::filesystem::path& output_dir, bool may_have_log) {
  if (!io::path_exists(output_dir)) return {};
  for (const std::filesystem::path& entry : io::list_folder(output_dir)) {
    const std::string name = entry.filename().string();
    if (!name.starts_with(".") && !(may_have_log && name == kTrainingLogName)) return entry.filename();
  }
  return {};
}

/// Says why a path is not a checkpoint of this library, for a message.
MINIBERT_INLINE std::string why_no_checkpoint(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return "does not exist";
  if (!is_folder(path)) return "is a file, expected the folder of a checkpoint";
  for (const char* name : {"optimizer.pt", "training_args.bin", "scheduler.pt"})
    if (std::filesystem::exists(path / name, ignored))
      return core::concat("is a checkpoint of another program (it contains ", name,
                          "), which cannot be resumed; start a new run with its model instead");
  if (checkpoint_step(path) && std::filesystem::exists(path / kModelName, ignored))
    return core::concat("is not a complete checkpoint: ", kManifestName, " is missing");
  for (const std::filesystem::path& entry : io::list_folder(path))
    if (checkpoint_step(entry) && is_folder(entry))
      return core::concat("contains no checkpoint of this library; ", entry.filename().string(), " ",
                          why_no_checkpoint(entry));
  return core::concat("is neither a checkpoint nor a folder with checkpoints: ", kManifestName, " is missing");
}

/// Returns the end of an error message: a checkpoint that the user may have meant, beside `path` or otherwise in
/// output_dir, or a hint if there is none.
MINIBERT_INLINE std::string suggested(const std::filesystem::path& path, const std::filesystem::path& output_dir) {
  for (const std::filesystem::path& folder : {path.parent_path(), output_dir}) {
    if (folder.empty()) continue;
    if (const auto checkpoints = list_checkpoints(folder); !checkpoints.empty())
      return core::concat("; the newest checkpoint in ", folder.string(), " is ",
                          checkpoints.back().filename().string());
  }
  return "; name a folder that contains checkpoint.json, or a folder of such folders";
}

}  // namespace train_detail

MINIBERT_INLINE std::optional<std::filesystem::path> checkpoint_to_resume(const TrainingArguments& args) {
  if (!args.resume_from_checkpoint) return std::nullopt;
  const bool is_named = !args.resume_from_checkpoint->empty();
  std::filesystem::path place = is_named ? *args.resume_from_checkpoint : args.output_dir;
  if (!place.has_filename() && place.has_parent_path()) place = place.parent_path();  // "checkpoint-3/"
  if (auto found = find_checkpoint(place)) return found;
  core::check<ValueError>(!is_named, "resume_from_checkpoint: ", place.string(), " ",
                          is_named ? train_detail::why_no_checkpoint(place) : "",
                          is_named ? train_detail::suggested(place, args.output_dir) : "");
  const std::filesystem::path used = train_detail::used_by(args.output_dir, true);
  core::check<ValueError>(used.empty() || args.overwrite_output_dir, "output_dir ", args.output_dir.string(),
                          " contains no checkpoint to resume from, but it is not empty (it contains ", used.string(),
                          "): name another output_dir, or set overwrite_output_dir to start again there");
  return std::nullopt;
}

namespace train_detail {

/// Opens the lock file `path`. Creates the file and its folder if they do not exist.
MINIBERT_INLINE io::FileDescriptor open_lock(const std::filesystem::path& path) {
  io::make_directories(path.parent_path());
  return {path, O_RDWR | O_CREAT};
}

/// Returns the name of the process that holds a lock, as this process wrote it to the lock file, or "another process"
/// if it has not written it yet.
MINIBERT_INLINE std::string read_holder(const io::FileDescriptor& file, const std::filesystem::path& path) {
  std::vector<char> buffer(256);
  std::string holder(file.read(buffer, path));
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "another process" : holder;
}

/// Describes this process: the text that it writes to its lock file.
MINIBERT_INLINE std::string this_process() {
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) != 0) host[0] = 0;
  return core::concat("process ", static_cast<index_t>(::getpid()), " on ", host[0] == 0 ? "this host" : host);
}

/// Throws ValueError that says which process holds the lock of the folder.
[[noreturn]] MINIBERT_INLINE void raise_locked(const std::filesystem::path& folder, const io::FileDescriptor& lock) {
  core::raise<ValueError>("output_dir ", folder.string(), " is in use by ", read_holder(lock, folder / kLockName),
                          ": wait until it ends, or set another output_dir");
}

/// Checks that no other process holds the lock of a folder. @throws ValueError naming the process
MINIBERT_INLINE void check_not_locked(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kLockName;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return;
  try {
    const io::FileDescriptor lock(path, O_RDWR);
    if (!lock.try_lock() && errno == EWOULDBLOCK) raise_locked(folder, lock);
  } catch (const IoError&) {  // removed in the meantime; or not ours to open, which OutputDirLock reports
  }
}

/// Checks that output_dir contains no files of another run. @throws ValueError as check_output_dir()
MINIBERT_INLINE void check_contents(const TrainingArguments& args) {
  const std::optional<std::filesystem::path> checkpoint = checkpoint_to_resume(args);
  if (args.output_dir.empty()) return;
  const std::filesystem::path used = used_by(args.output_dir, false);
  const auto may_write = [&] {
    if (used.empty() || args.overwrite_output_dir) return true;
    return args.resume_from_checkpoint && (!checkpoint || is_in(*checkpoint, args.output_dir));
  };
  if (!may_write() && checkpoint)
    core::raise<ValueError>(
        "output_dir ", args.output_dir.string(), " is not empty (it contains ", used.string(),
        "), and the checkpoint to resume from, ", checkpoint->string(),
        ", is in another folder: set output_dir to the folder of the checkpoint or to an empty one, "
        "or set overwrite_output_dir");
  core::check<ValueError>(may_write(), "output_dir ", args.output_dir.string(), " is not empty (it contains ",
                          used.string(),
                          "): set resume_from_checkpoint to continue, or overwrite_output_dir to start again");
}

}  // namespace train_detail

MINIBERT_INLINE void check_output_dir(const TrainingArguments& args) {
  if (!args.output_dir.empty()) train_detail::check_not_locked(args.output_dir);
  train_detail::check_contents(args);
  if (!args.output_dir.empty()) io::check_writable(args.output_dir);
}

MINIBERT_INLINE void prepare_output_dir(const TrainingArguments& args) {
  train_detail::check_contents(args);
  io::make_directories(args.output_dir);
  remove_leftovers(args.output_dir, args.resume_from_checkpoint.has_value());
  const std::optional<std::filesystem::path> checkpoint = checkpoint_to_resume(args);
  if (!args.overwrite_output_dir || (checkpoint && train_detail::is_in(*checkpoint, args.output_dir))) return;
  for (const std::filesystem::path& entry : io::list_folder(args.output_dir))
    if (checkpoint_step(entry)) io::remove_tree(entry);
  io::remove_tree(args.output_dir / kTrainerStateName);
  io::remove_tree(args.output_dir / kTrainingLogName);
}

MINIBERT_INLINE void check_disk_space(const TrainingArguments& args, double bytes, index_t count) {
  const std::optional<std::uintmax_t> available = io::available_space(args.output_dir);
  if (!available) return;
  if (args.save_total_limit > 0) count = std::min(count, args.save_total_limit + 1);
  count = std::max<index_t>(0, count - core::length(list_checkpoints(args.output_dir)));
  const double needed = bytes * static_cast<double>(count), left = static_cast<double>(*available);
  const auto megabytes = [](double number) { return static_cast<index_t>(std::ceil(number / 1e6)); };
  core::check<ValueError>(needed <= left, "output_dir ", args.output_dir.string(), ": the checkpoints need ",
                          megabytes(needed), " MB (", count, " of ", megabytes(bytes), " MB), but the disk has ",
                          megabytes(left),
                          " MB left: free some space, set another output_dir, lower save_total_limit, or set "
                          "save_strategy to no");
}

MINIBERT_INLINE OutputDirLock::OutputDirLock(const std::filesystem::path& folder,
                                             const std::function<void(std::string_view)>& notice)
    : path_(folder / train_detail::kLockName), file_(train_detail::open_lock(path_)) {
  for (;;) {
    const bool is_locked = file_.try_lock();
    if (!is_locked && errno == EWOULDBLOCK) train_detail::raise_locked(folder, file_);
    if (!is_locked) {
      notice(core::concat("output_dir ", folder.string(), " cannot be locked (", std::strerror(errno),
                          "): make sure that no other process writes to it"));
      return;
    }
    if (file_.is_at(path_)) break;
    file_ = train_detail::open_lock(path_);  // the process that held the lock before has removed its file
  }
  file_.truncate(path_);
  file_.write_all(train_detail::this_process() + "\n", path_);
}

MINIBERT_INLINE OutputDirLock::~OutputDirLock() {
  ::unlink(path_.c_str());  // while the lock is held; a process that has just opened this file notices, by is_at()
}

}  // namespace minibert
