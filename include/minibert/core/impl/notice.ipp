// Definitions of core/notice.hpp.
#pragma once

#include <cstdio>

#include <minibert/core/notice.hpp>

namespace minibert::core {

MINIBERT_INLINE void print_notice(std::string_view text) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

}  // namespace minibert::core
