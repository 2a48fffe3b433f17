// The text that train_mlm learns from when it is given no file: the King James Bible, in the public domain.
#pragma once

#include <string_view>

/// 31,102 verses, each ended by a newline; empty where `bible` (Debian: bible-kjv) was missing at build time.
std::string_view default_corpus();
