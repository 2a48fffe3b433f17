// Writes the tutorial's batches, on which our benches are timed, so that the benches of other libraries use the same
// batches: {"text": …, "batches": [{"input_ids": [[…], …], "labels": [[…], …]}, …]}. The label −100 means that a token
// is not masked.
#include <exception>
#include <iostream>

#include <minibert/io/file.hpp>
#include <minibert/io/json.hpp>

#include "bench/support/tutorial.hpp"

using namespace minibert;

namespace {

Json to_json(const MaskedLMBatch& batch) {
  std::vector<token_id> labels(batch.input_ids.size(), -100);
  for (index_t i = 0; i < batch.num_items(); ++i)
    core::at(labels, core::at(batch.masked_indices, i)) = core::at(batch.labels, i);
  const auto rows = [&](const std::vector<token_id>& flat) {
    Json::Array all;
    for (index_t b = 0; b < batch.num_sequences(); ++b) {
      Json::Array row;
      for (index_t t = core::at(batch.cu_seqlens, b); t < core::at(batch.cu_seqlens, b + 1); ++t)
        row.emplace_back(index_t{core::at(flat, t)});
      all.emplace_back(std::move(row));
    }
    return Json(std::move(all));
  };
  return Json::Object{{"input_ids", rows(batch.input_ids)}, {"labels", rows(labels)}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: export_batches FILE\n";
    return 2;
  }
  try {
    const bench::TutorialData data = bench::TutorialData::load();
    Json::Array batches;
    for (const MaskedLMBatch& batch : data.batches()) batches.push_back(to_json(batch));
    io::write_file(argv[1],
                   Json(Json::Object{{"text", data.name}, {"batches", Json(std::move(batches))}}).dump() + "\n");
  } catch (const std::exception& error) {
    std::cerr << "export_batches: " << error.what() << '\n';
    return 1;
  }
}
