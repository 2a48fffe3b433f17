// Includes the whole library.
#pragma once

#include <minibert/core/config.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/data/batch.hpp>
#include <minibert/data/collator.hpp>
#include <minibert/data/text_dataset.hpp>
#include <minibert/data/unigram_baseline.hpp>
#include <minibert/models/bert.hpp>
#include <minibert/models/bert_config.hpp>
#include <minibert/models/bert_for_masked_lm.hpp>
#include <minibert/nn/nn.hpp>
#include <minibert/ops/functional.hpp>
#include <minibert/optim/adamw.hpp>
#include <minibert/optim/clip_grad.hpp>
#include <minibert/optim/lr_scheduler.hpp>
#include <minibert/pipelines/fill_mask.hpp>
#include <minibert/simd/isa.hpp>
#include <minibert/tensor/print.hpp>
#include <minibert/tensor/tensor.hpp>
#include <minibert/tokenizers/bert_tokenizer.hpp>
#include <minibert/tokenizers/wordpiece_trainer.hpp>
#include <minibert/train/baseline_callback.hpp>
#include <minibert/train/early_stopping.hpp>
#include <minibert/train/trainer.hpp>
