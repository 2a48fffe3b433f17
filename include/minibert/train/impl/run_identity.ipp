// Definitions of train/run_identity.hpp.
#pragma once

#include <string>

#include <minibert/core/error.hpp>
#include <minibert/data/sampler.hpp>
#include <minibert/train/run_identity.hpp>

namespace minibert {

namespace train_detail {

MINIBERT_INLINE void check_same(const std::string& name, const Json* found, const Json* expected,
                                const std::string& source) {
  if (found != nullptr && expected != nullptr && found->is_object() && expected->is_object()) {
    const std::string prefix = name.empty() ? "" : name + ".";
    for (const Json::Member& member : expected->as_object())
      check_same(prefix + member.first, found->find(member.first), &member.second, source);
    for (const Json::Member& member : found->as_object())
      if (expected->find(member.first) == nullptr) check_same(prefix + member.first, &member.second, nullptr, source);
    return;
  }
  const auto text = [](const Json* value) { return value == nullptr ? std::string("none") : value->dump(); };
  const bool may_change = TrainingArguments::may_change_on_resume(name);
  core::check<ValueError>(may_change || text(found) == text(expected), source, ": cannot resume with a different ",
                          name, ": found ", text(found), ", expected ", text(expected), " as in the checkpoint");
}

}  // namespace train_detail

MINIBERT_INLINE Json run_identity(const TrainingArguments& args, const Json& provenance) {
  Json identity = args.to_json();
  identity["data_order"] = kDataOrder;
  for (const Json::Member& member : provenance.as_object()) identity[member.first] = member.second;
  return identity;
}

MINIBERT_INLINE void check_same_run(const Json& identity, Json checkpointed, const std::filesystem::path& checkpoint) {
  const Json defaults = TrainingArguments().to_json();
  for (const Json::Member& member : defaults.as_object())
    if (checkpointed.find(member.first) == nullptr) checkpointed[member.first] = member.second;
  train_detail::check_same("", &identity, &checkpointed, checkpoint.string());
}

}  // namespace minibert
