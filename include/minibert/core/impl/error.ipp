// Definitions of core/error.hpp.
#pragma once

#include <cmath>
#include <cstdio>

#include <minibert/core/error.hpp>

namespace minibert::core::detail {

MINIBERT_INLINE std::string join(std::initializer_list<Part> parts) {
  std::string joined;
  for (const Part& part : parts) {
    switch (part.kind) {
      case Part::Kind::text:
        joined += part.text;
        break;
      case Part::Kind::character:
        joined += part.character;
        break;
      case Part::Kind::integer:
        joined += std::to_string(part.integer);
        break;
      case Part::Kind::natural:
        joined += std::to_string(part.natural);
        break;
      case Part::Kind::real: {
        char text[32];
        // The sign of a NaN has no meaning, so it is not printed.
        std::snprintf(text, sizeof text, "%.9g", std::isnan(part.real) ? std::fabs(part.real) : part.real);
        joined += text;
        break;
      }
    }
  }
  return joined;
}

}  // namespace minibert::core::detail
