// Counts words for a vocabulary and warns about lost characters.
#pragma once

#include <iostream>

#include <minibert/minibert.hpp>

#include "count_text.hpp"
#include "progress_bar.hpp"

/// Returns the words that add(counter, progress) counts. Warns if normalization drops characters.
template <class Add>
minibert::WordCounter count_words(const minibert::BertTokenizerOptions& settings, ProgressBar& bar, Add add) {
  minibert::WordCounter counter(settings.normalizer());
  add(counter, [&](minibert::index_t done, minibert::index_t total) { bar.update("counting words", done, total); });
  bar.finish();
  for (const minibert::NormalizationWarning& warning : counter.loss().warnings())
    std::cerr << "warning: " << warning.lines << " of " << count_text(warning.total_lines, "line") << " ("
              << warning.percent() << " %) " << (warning.total_lines == 1 ? "loses " : "lose ") << warning.lost
              << "; to keep them: --" << warning.option << (warning.value ? "" : " false") << '\n';
  return counter;
}
