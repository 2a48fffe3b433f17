// Definitions of train/evaluation.hpp.
#pragma once

#include <algorithm>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/train/evaluation.hpp>

namespace minibert {

MINIBERT_INLINE double per_second(index_t count, double seconds) noexcept {
  return static_cast<double>(count) / std::max(seconds, 1e-9);
}

MINIBERT_INLINE void train_detail::check_has_items(const EvaluationResult& result) {
  core::check<ValueError>(result.num_items > 0, "evaluation: the dataset has ", result.num_examples, " examples, and ",
                          kNoItems);
}

MINIBERT_INLINE Json EvaluationResult::to_json(std::string_view prefix) const {
  const std::pair<const char*, double> metrics[] = {{"loss", loss},
                                                    {"runtime", runtime},
                                                    {"samples_per_second", per_second(num_examples, runtime)},
                                                    {"steps_per_second", per_second(num_batches, runtime)}};
  Json json = Json::object();
  for (const auto& [name, value] : metrics) json[core::concat(prefix, name)] = value;
  return json;
}

}  // namespace minibert
