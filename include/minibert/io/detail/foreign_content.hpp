// Recognizes files that a download left in place of the wanted ones.
#pragma once

#include <string_view>

namespace minibert::io::detail {

/// Returns what the contents are and the way out, for contents that are no model's file at all; "" for all others.
constexpr std::string_view foreign_content(std::string_view contents) noexcept {
  if (contents.starts_with("version https://git-lfs"))
    return "this is a pointer of Git LFS, not the file itself; run git lfs pull in its folder, or download the file";
  if (contents.starts_with("<!DOCTYPE") || contents.starts_with("<!doctype") || contents.starts_with("<html"))
    return "this is a web page, not the file itself; download the file from the page's link";
  return "";
}

}  // namespace minibert::io::detail
