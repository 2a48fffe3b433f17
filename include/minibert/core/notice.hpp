// Messages for the user that are no errors.
#pragma once

#include <string_view>

#include <minibert/core/config.hpp>

namespace minibert::core {

/// Prints a line to standard error. This is the default of every function that receives notices.
void print_notice(std::string_view text);

}  // namespace minibert::core

#ifndef MINIBERT_COMPILED
#include <minibert/core/impl/notice.ipp>
#endif
