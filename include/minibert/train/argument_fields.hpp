// Lists the members of TrainingArguments, for code that handles every member: writing to JSON and comparing on resume.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace minibert {

struct TrainingArguments;  // not included: training_arguments.hpp includes this file, through its .ipp

namespace train_detail {

/// Says how an argument is compared when a run is resumed.
enum class OnResume {
  must_match,  ///< affects the trained weights or which model is the best
  may_change,  ///< affects only logging, saving, evaluation or the length of the run
  is_place     ///< concerns folders; not compared
};

template <class Member>
struct ArgumentField {
  std::string_view name;
  Member TrainingArguments::*member;
  OnResume on_resume;
};
template <class Member>
ArgumentField(std::string_view, Member TrainingArguments::*, OnResume) -> ArgumentField<Member>;

template <class... Values>
std::integral_constant<std::size_t, sizeof...(Values)> count(const Values&...);

/// Returns the number of members of A as a type. Compiles only if the structured binding has one name for each member.
template <class A>
auto num_members(const A& args) {
  const auto& [a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23,
               a24, a25, a26, a27, a28, a29, a30, a31, a32] = args;
  return decltype(count(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21,
                        a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32)){};
}

/// Calls f(field) for every argument, in order. Does not compile if the list below lacks a member of TrainingArguments.
template <class A = TrainingArguments, class F>
void for_each_argument(F f) {
  const auto each = [&f](const auto&... fields) {
    static_assert(sizeof...(fields) == decltype(num_members(A()))::value,
                  "a member of TrainingArguments is missing below");
    (f(fields), ...);
  };
  constexpr OnResume match = OnResume::must_match, change = OnResume::may_change, place = OnResume::is_place;
  each(ArgumentField{"output_dir", &A::output_dir, place},
       ArgumentField{"overwrite_output_dir", &A::overwrite_output_dir, place},
       ArgumentField{"resume_from_checkpoint", &A::resume_from_checkpoint, place},
       ArgumentField{"per_device_train_batch_size", &A::per_device_train_batch_size, match},
       ArgumentField{"per_device_eval_batch_size", &A::per_device_eval_batch_size, change},
       ArgumentField{"gradient_accumulation_steps", &A::gradient_accumulation_steps, match},
       ArgumentField{"max_tokens_per_batch", &A::max_tokens_per_batch, match},
       ArgumentField{"max_tokens_per_pass", &A::max_tokens_per_pass, match},
       ArgumentField{"train_sampling_strategy", &A::train_sampling_strategy, match},
       ArgumentField{"learning_rate", &A::learning_rate, match}, ArgumentField{"weight_decay", &A::weight_decay, match},
       ArgumentField{"adam_beta1", &A::adam_beta1, match}, ArgumentField{"adam_beta2", &A::adam_beta2, match},
       ArgumentField{"adam_epsilon", &A::adam_epsilon, match}, ArgumentField{"max_grad_norm", &A::max_grad_norm, match},
       ArgumentField{"num_train_epochs", &A::num_train_epochs, change},
       ArgumentField{"max_steps", &A::max_steps, change},
       ArgumentField{"lr_scheduler_type", &A::lr_scheduler_type, match},
       ArgumentField{"warmup_steps", &A::warmup_steps, match},
       ArgumentField{"logging_steps", &A::logging_steps, change},
       ArgumentField{"logging_first_step", &A::logging_first_step, change},
       ArgumentField{"eval_strategy", &A::eval_strategy, change}, ArgumentField{"eval_steps", &A::eval_steps, change},
       ArgumentField{"save_strategy", &A::save_strategy, change}, ArgumentField{"save_steps", &A::save_steps, change},
       ArgumentField{"save_total_limit", &A::save_total_limit, change},
       ArgumentField{"load_best_model_at_end", &A::load_best_model_at_end, change},
       ArgumentField{"metric_for_best_model", &A::metric_for_best_model, match},
       ArgumentField{"greater_is_better", &A::greater_is_better, match},
       ArgumentField{"max_prediction_bytes", &A::max_prediction_bytes, change}, ArgumentField{"seed", &A::seed, match},
       ArgumentField{"bf16", &A::bf16, match});
}

}  // namespace train_detail

}  // namespace minibert
