// Counts words for a vocabulary and warns about lost characters.
#pragma once

#include <iostream>
#include <set>
#include <string>
#include <string_view>

#include <minibert/minibert.hpp>

#include "count_text.hpp"
#include "progress_bar.hpp"

/// Prints a notice, unless the same notice was printed before: a text is read twice, once to count words and once to
/// tokenize, and gives the same notices both times.
inline void print_once(std::string_view notice, ProgressBar& bar) {
  static std::set<std::string> printed;
  if (!printed.emplace(notice).second) return;
  bar.finish();
  std::cerr << notice << '\n';
}

/// Returns the words that add(counter, progress) counts. Warns if normalization drops characters.
template <class Add>
minibert::WordCounter count_words(const minibert::BertTokenizerOptions& settings, minibert::TextOptions text,
                                  ProgressBar& bar, Add add) {
  text.notice = [&bar](std::string_view notice) { print_once(notice, bar); };
  minibert::WordCounter counter(settings.normalizer(), text);
  add(counter, [&](minibert::index_t done, minibert::index_t total) { bar.update("counting words", done, total); });
  bar.finish();
  for (const minibert::NormalizationWarning& warning : counter.loss().warnings())
    std::cerr << "warning: " << warning.lines << " of " << count_text(warning.total_lines, "line") << " ("
              << warning.percent() << " %) " << (warning.total_lines == 1 ? "loses " : "lose ") << warning.lost
              << "; to keep them: --" << warning.option << (warning.value ? "" : " false") << '\n';
  return counter;
}
