#include <doctest/doctest.h>

#include <string>

#include <minibert/train/run_identity.hpp>

#include "support/error_of.hpp"

namespace {

using namespace minibert;

std::string refusal(const TrainingArguments& args, const Json& checkpointed) {
  return testing::error_of<ValueError>([&] { check_same_run(run_identity(args, Json::object()), checkpointed, "c"); });
}

TEST_CASE("an argument that is missing in a checkpoint is compared with its default") {
  Json old = Json::Object{{"data_order", kDataOrder}};
  const Json now = TrainingArguments().to_json();
  for (const Json::Member& member : now.as_object())
    if (member.first != "train_sampling_strategy") old[member.first] = member.second;
  CHECK(refusal({}, old) == "accepted");
  CHECK(refusal({.train_sampling_strategy = SamplingStrategy::sequential}, old) ==
        "c: cannot resume with a different train_sampling_strategy: found \"sequential\", expected \"random\" as in "
        "the checkpoint");
}

TEST_CASE("a checkpoint without data_order, from an older version, is refused") {
  CHECK(refusal({}, TrainingArguments().to_json()) ==
        "c: cannot resume with a different data_order: found 2, expected none as in the checkpoint");
}

}  // namespace
