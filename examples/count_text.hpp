// Counts and figures as text, for messages.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

#include <minibert/core/types.hpp>

/// Returns a count with its noun: "1 line", "2 lines". `plural` defaults to the noun with an s.
inline std::string count_text(minibert::index_t count, std::string_view noun, std::string_view plural = {}) {
  std::string text = std::to_string(count) + " ";
  if (count == 1 || plural.empty())
    text += noun;
  else
    text += plural;
  return count != 1 && plural.empty() ? text + "s" : text;
}

/// Returns the perplexity for a mean loss: "12.3", "3529", "1.2e+150" or "inf".
inline std::string perplexity_text(double loss) {
  const double perplexity = std::exp(loss);
  char text[32];
  std::snprintf(text, sizeof text, perplexity < 100 ? "%.1f" : perplexity < 1e6 ? "%.0f" : "%.1e", perplexity);
  return text;
}
