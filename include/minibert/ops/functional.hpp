// Includes every op.
#pragma once

#include <minibert/ops/activation.hpp>
#include <minibert/ops/arithmetic.hpp>
#include <minibert/ops/attention.hpp>
#include <minibert/ops/binary_cross_entropy_with_logits.hpp>
#include <minibert/ops/cat.hpp>
#include <minibert/ops/cross_entropy.hpp>
#include <minibert/ops/dropout.hpp>
#include <minibert/ops/embedding.hpp>
#include <minibert/ops/gelu.hpp>
#include <minibert/ops/index_select.hpp>
#include <minibert/ops/layer_norm.hpp>
#include <minibert/ops/linear.hpp>
#include <minibert/ops/matmul.hpp>
#include <minibert/ops/max.hpp>
#include <minibert/ops/mean_pool.hpp>
#include <minibert/ops/mse_loss.hpp>
#include <minibert/ops/reshape.hpp>
#include <minibert/ops/slice.hpp>
#include <minibert/ops/softmax.hpp>
#include <minibert/ops/sum.hpp>
#include <minibert/ops/unary.hpp>
#include <minibert/ops/where.hpp>
