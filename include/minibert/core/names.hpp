// Names of enumerators, as users write them in arguments and files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <minibert/core/error.hpp>

namespace minibert::core {

/// The name that a table gives a value; empty for one that is not in it.
template <class E, std::size_t N>
constexpr std::string_view name_in(const std::pair<E, std::string_view> (&table)[N], E value) noexcept {
  for (const auto& entry : table)
    if (entry.first == value) return entry.second;
  return {};
}

/// The value of that name in a table; ValueError, which calls it a value of `argument`, for a name that is not there.
template <class E, std::size_t N>
E value_in(const std::pair<E, std::string_view> (&table)[N], std::string_view name, std::string_view argument) {
  std::string expected;
  for (std::size_t i = 0; i < N; ++i) {
    if (table[i].second == name) return table[i].first;
    expected += concat(i == 0 ? "" : i + 1 == N ? " or " : ", ", table[i].second);
  }
  raise<ValueError>(argument, " is \"", name, "\", expected ", expected);
}

}  // namespace minibert::core
