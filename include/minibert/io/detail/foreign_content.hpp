// Recognizes files that a failed download saved under the name of a model's file.
#pragma once

#include <string_view>

namespace minibert::io::detail {

/// If the contents are a Git LFS pointer or a web page, returns the end of an error message that says so and gives the
/// way out. Otherwise returns "".
constexpr std::string_view foreign_content(std::string_view contents) noexcept {
  if (contents.starts_with("version https://git-lfs"))
    return "this is a pointer of Git LFS, not the file itself; run git lfs pull in its folder, or download the file";
  if (contents.starts_with("<!DOCTYPE") || contents.starts_with("<!doctype") || contents.starts_with("<html"))
    return "this is a web page, not the file itself; download the file from the page's link";
  return "";
}

}  // namespace minibert::io::detail
