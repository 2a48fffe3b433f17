// Compiles the definitions of train/.
#include <minibert/train/impl/baseline_callback.ipp>
#include <minibert/train/impl/checkpoint.ipp>
#include <minibert/train/impl/early_stopping.ipp>
#include <minibert/train/impl/eval_prediction.ipp>
#include <minibert/train/impl/evaluation.ipp>
#include <minibert/train/impl/gradient_accumulator.ipp>
#include <minibert/train/impl/interrupt_handler.ipp>
#include <minibert/train/impl/loss_meter.ipp>
#include <minibert/train/impl/loss_watch.ipp>
#include <minibert/train/impl/output_dir.ipp>
#include <minibert/train/impl/run_identity.ipp>
#include <minibert/train/impl/step_plan.ipp>
#include <minibert/train/impl/trainer_state.ipp>
#include <minibert/train/impl/training_arguments.ipp>
#include <minibert/train/impl/training_log.ipp>
#include <minibert/train/impl/training_loop.ipp>
#include <minibert/train/impl/training_loop_begin.ipp>
