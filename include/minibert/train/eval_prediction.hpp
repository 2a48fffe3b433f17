// The predictions of a model on a dataset, with the labels. Metrics are computed from them.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include <minibert/autograd/variable.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tensor/shape.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert {

/// transformers' EvalPrediction: the logits and the labels of all items (such as masked tokens), in the dataset's
/// order.
template <class T, class Label = token_id>
struct EvalPrediction {
  Tensor<T> predictions;         ///< logits (items, classes), or what preprocess_logits_for_metrics returned
  std::vector<Label> label_ids;  ///< one per item
};

namespace train_detail {

/// Collects the logits of a dataset batch by batch, up to a memory limit.
template <class T>
class LogitsCollector {
 public:
  using Preprocess = std::function<Tensor<T>(const Tensor<T>& logits)>;

  LogitsCollector(index_t max_bytes, Preprocess preprocess);

  /// Adds the logits of one batch. `label_bytes`: bytes that the batch's labels take; they count towards the limit.
  /// @throws ValueError if the memory limit is exceeded
  /// @throws ShapeError if the logits of an item have another shape than in the first batch
  void add(const Variable<T>& logits, index_t label_bytes);

  /// Returns the logits of all batches, (items, classes), or what `preprocess` returned, concatenated.
  Tensor<T> take() const;

 private:
  index_t max_bytes_;
  Preprocess preprocess_;
  Shape row_;  // of the values of one item
  index_t rows_ = 0, label_bytes_ = 0;
  std::vector<T> values_;
};

}  // namespace train_detail

/// Collects predictions and labels batch by batch, up to a memory limit.
template <class T, class Label>
class PredictionCollector {
 public:
  using Preprocess = typename train_detail::LogitsCollector<T>::Preprocess;

  /// If set, `preprocess` reduces each batch's logits before they are stored, for example to their argmax.
  PredictionCollector(index_t max_bytes, Preprocess preprocess) : logits_(max_bytes, std::move(preprocess)) {}

  /// Adds the logits and labels of one batch. @throws as LogitsCollector::add
  void add(const Variable<T>& logits, const std::vector<Label>& labels) {
    logits_.add(logits, core::length(labels) * static_cast<index_t>(sizeof(Label)));
    labels_.insert(labels_.end(), labels.begin(), labels.end());
  }

  EvalPrediction<T, Label> take() { return {logits_.take(), std::move(labels_)}; }

 private:
  train_detail::LogitsCollector<T> logits_;
  std::vector<Label> labels_;
};

namespace train_detail {

template <class Batch>
struct LabelOf {
  using type = token_id;
};
template <class Batch>
requires requires(const Batch& batch) { batch.labels[0]; }
struct LabelOf<Batch> {
  using type = std::remove_cvref_t<decltype(std::declval<const Batch&>().labels[0])>;
};

}  // namespace train_detail

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/eval_prediction.ipp>
#endif
