// Definitions of train/checkpoint.hpp.
#pragma once

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/file_descriptor.hpp>
#include <minibert/io/fingerprint.hpp>
#include <minibert/io/safetensors.hpp>
#include <minibert/train/checkpoint.hpp>

namespace minibert {

MINIBERT_INLINE std::filesystem::path checkpoint_path(const std::filesystem::path& output_dir, index_t step) {
  return output_dir / core::concat(train_detail::kCheckpointPrefix, step);
}

MINIBERT_INLINE std::optional<index_t> checkpoint_step(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(train_detail::kCheckpointPrefix)) return std::nullopt;
  const char *begin = name.data() + train_detail::kCheckpointPrefix.size(), *end = name.data() + name.size();
  index_t step = 0;
  const auto [stop, error] = std::from_chars(begin, end, step);
  return error == std::errc() && stop == end && step >= 0 ? std::optional(step) : std::nullopt;
}

MINIBERT_INLINE bool is_checkpoint(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path / train_detail::kManifestName, ignored);
}

MINIBERT_INLINE std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& folder) {
  std::vector<std::pair<index_t, std::filesystem::path>> found;
  std::error_code ignored;
  if (std::filesystem::is_directory(folder, ignored))
    for (const std::filesystem::path& entry : io::list_folder(folder))
      if (const auto step = checkpoint_step(entry); step && is_checkpoint(entry)) found.emplace_back(*step, entry);
  std::sort(found.begin(), found.end());
  std::vector<std::filesystem::path> checkpoints;
  for (auto& entry : found) checkpoints.push_back(std::move(entry.second));
  return checkpoints;
}

MINIBERT_INLINE std::optional<std::filesystem::path> find_checkpoint(const std::filesystem::path& path) {
  if (is_checkpoint(path)) return path;
  const std::vector<std::filesystem::path> checkpoints = list_checkpoints(path);
  return checkpoints.empty() ? std::nullopt : std::optional(checkpoints.back());
}

namespace train_detail {

/// The end of the hidden name of a checkpoint while another one takes its place.
inline constexpr std::string_view kReplaced = ".replaced";

/// Removes a hidden folder with its contents, if it exists.
MINIBERT_INLINE void remove_hidden(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  core::check<IoError>(!error, folder.string(), ": cannot remove: ", error.message());
}

}  // namespace train_detail

MINIBERT_INLINE CheckpointWriter::CheckpointWriter(std::filesystem::path path)
    : path_(std::move(path)), folder_(io::hidden_sibling(path_, ".tmp")) {
  train_detail::remove_hidden(folder_);
  io::make_directories(folder_);
}

MINIBERT_INLINE void CheckpointWriter::commit(Json manifest) {
  Json files = Json::object();
  for (const std::filesystem::path& file : io::list_folder(folder_)) {
    files[file.filename().string()] = file_fingerprint(file).hex();
    io::FileDescriptor(file, O_RDONLY).sync(file);
  }
  manifest["files"] = std::move(files);
  io::write_file(folder_ / train_detail::kManifestName, manifest.dump(2) + "\n");
  committed_ = true;  // complete from here on, so the destructor must not remove it
  const std::filesystem::path old = io::hidden_sibling(path_, train_detail::kReplaced);
  const bool replaces = io::path_exists(path_);
  if (replaces) {
    train_detail::remove_hidden(old);
    io::move_path(path_, old);
  }
  io::rename_durably(folder_, path_);
  if (replaces) train_detail::remove_hidden(old);
}

MINIBERT_INLINE CheckpointWriter::~CheckpointWriter() {
  std::error_code ignored;
  if (!committed_) std::filesystem::remove_all(folder_, ignored);
}

namespace train_detail {

MINIBERT_INLINE void check_fingerprint(const std::filesystem::path& checkpoint, const Json& manifest,
                                       const std::string& name, const std::string& found) {
  try {
    const std::string& expected = manifest.at("files").at(name).as_string();
    core::check<FormatError>(found == expected, name, " is damaged: its fingerprint is ", found, ", expected ",
                             expected, "; resume from another checkpoint");
  } catch (const FormatError& error) {
    core::raise<FormatError>(checkpoint.string(), ": ", error.what());
  }
}

}  // namespace train_detail

MINIBERT_INLINE Json read_checkpoint(const std::filesystem::path& path) {
  Json manifest = Json::read(path / train_detail::kManifestName);
  for (const Json::Member& file : manifest.at("files").as_object())
    train_detail::check_fingerprint(path, manifest, file.first, file_fingerprint(path / file.first).hex());
  return manifest;
}

namespace train_detail {

/// Returns the checkpoint's name for a hidden folder that is a complete and undamaged checkpoint, if no folder has this
/// name yet. Otherwise returns an empty path.
MINIBERT_INLINE std::filesystem::path committed_name(const std::filesystem::path& hidden, std::string_view suffix) {
  const std::string name = hidden.filename().string();
  if (!is_checkpoint(hidden)) return {};
  const std::filesystem::path shown = hidden.parent_path() / name.substr(1, name.size() - 1 - suffix.size());
  if (!checkpoint_step(shown) || io::path_exists(shown)) return {};
  try {
    read_checkpoint(hidden);
    return shown;
  } catch (const Error&) {  // half removed
    return {};
  }
}

}  // namespace train_detail

MINIBERT_INLINE void remove_leftovers(const std::filesystem::path& folder, bool recovers) {
  const std::vector<std::filesystem::path> entries = io::list_folder(folder);
  // A crash in commit() may leave the new checkpoint (.tmp) and the one that it replaces. The new one goes first.
  for (const std::string_view suffix :
       {std::string_view(".tmp"), train_detail::kReplaced, std::string_view(".removing")})
    for (const std::filesystem::path& entry : entries) {
      const std::string name = entry.filename().string();
      if (!name.starts_with(core::concat(".", train_detail::kCheckpointPrefix)) || !name.ends_with(suffix)) continue;
      const bool may_recover = recovers && suffix != ".removing";
      if (const auto shown = may_recover ? train_detail::committed_name(entry, suffix) : ""; !shown.empty())
        io::rename_durably(entry, shown);
      else
        train_detail::remove_hidden(entry);
    }
}

MINIBERT_INLINE void prune_checkpoints(const std::filesystem::path& folder, index_t limit,
                                       const std::optional<std::string>& best, index_t last_step) {
  if (limit == 0) return;
  std::vector<std::filesystem::path> checkpoints = list_checkpoints(folder);
  std::erase_if(checkpoints, [&](const std::filesystem::path& path) { return *checkpoint_step(path) > last_step; });
  for (index_t i = 0; i < core::length(checkpoints) - limit; ++i)
    if (!best || core::at(checkpoints, i).filename() != std::filesystem::path(*best).filename())
      io::remove_tree(core::at(checkpoints, i));
}

namespace train_detail {

template <class T>
void load_parameters(const SafetensorsReader& reader, const std::vector<Parameter<T>*>& parameters) {
  for (Parameter<T>* parameter : parameters) reader.read(parameter->name, parameter->shape, parameter->data);
}

}  // namespace train_detail

template <class T>
void load_parameters(const std::filesystem::path& file, const std::vector<Parameter<T>*>& parameters) {
  train_detail::load_parameters(SafetensorsReader(file), parameters);
}

template <class T>
void load_model(const std::filesystem::path& checkpoint, const std::vector<Parameter<T>*>& parameters) {
  const SafetensorsReader reader(checkpoint / kModelName);
  train_detail::check_fingerprint(checkpoint, Json::read(checkpoint / train_detail::kManifestName), kModelName,
                                  Fingerprint().add(reader.contents()).hex());
  train_detail::load_parameters(reader, parameters);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                                                   \
  template void load_parameters(const std::filesystem::path& file, const std::vector<Parameter<T>*>& parameters); \
  template void load_model(const std::filesystem::path& checkpoint, const std::vector<Parameter<T>*>& parameters);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert
