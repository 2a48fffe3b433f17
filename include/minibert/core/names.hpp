// Converts between enumerators and their names in arguments and files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <minibert/core/error.hpp>

namespace minibert::core {

/// Returns the name of a value in a table, or an empty name if the table does not list it.
template <class E, std::size_t N>
constexpr std::string_view name_in(const std::pair<E, std::string_view> (&table)[N], E value) noexcept {
  for (const auto& entry : table)
    if (entry.first == value) return entry.second;
  return {};
}

/// Returns the value that `name` has in a table. argument: the name of the argument that was set to `name`, such as
/// "lr_scheduler_type". The error message starts with it.
/// @throws ValueError listing the known names, if `name` is not one of them
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
