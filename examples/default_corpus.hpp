// The default training text of train_mlm: the King James Bible, in the public domain.
#pragma once

#include <string_view>

/// Returns 31,102 verses, one per line. Empty if `bible` (Debian: bible-kjv) was missing at build time.
std::string_view default_corpus();
