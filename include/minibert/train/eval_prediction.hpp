// A model's predictions on a dataset and the labels, from which metrics are computed.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert {

/// transformers' EvalPrediction: the logits of all items, in the dataset's order, and their labels.
template <class T, class Label = token_id>
struct EvalPrediction {
  Tensor<T> predictions;         ///< logits (items, classes), or what preprocess_logits_for_metrics returned
  std::vector<Label> label_ids;  ///< one per item
};

/// Collects predictions batch by batch, up to a memory limit.
template <class T, class Label>
class PredictionCollector {
 public:
  using Preprocess = std::function<Tensor<T>(const Tensor<T>& logits)>;

  /// If set, `preprocess` reduces each batch's logits before they are stored, for example to their argmax.
  PredictionCollector(index_t max_bytes, Preprocess preprocess)
      : max_bytes_(max_bytes), preprocess_(std::move(preprocess)) {}

  /// Stores the predictions of one batch.
  /// @throws ValueError if the memory limit is exceeded
  /// @throws ShapeError if the shape of a row differs from the first batch
  void add(const Variable<T>& logits, const std::vector<Label>& labels) {
    const Tensor<T> kept = preprocess_ ? preprocess_(logits.tensor()) : logits.tensor();
    if (values_.empty()) row_ = kept.shape().without(0);
    core::check<ShapeError>(kept.dim() >= 1 && kept.shape().without(0) == row_, "predictions of shape ", kept.shape(),
                            ", expected rows of shape ", row_, " as in the first batch");
    const index_t bytes = (core::length(values_) + kept.numel()) * static_cast<index_t>(sizeof(T)) +
                          (core::length(labels_) + core::length(labels)) * static_cast<index_t>(sizeof(Label));
    core::check<ValueError>(bytes <= max_bytes_, "predictions and labels take more than max_prediction_bytes, ",
                            max_bytes_, " bytes: reduce them with preprocess_logits_for_metrics, or raise the limit");
    values_.insert(values_.end(), kept.data(), kept.data() + kept.numel());
    labels_.insert(labels_.end(), labels.begin(), labels.end());
    rows_ += kept.size(0);
  }

  EvalPrediction<T, Label> take() {
    Shape shape = row_.with_front(rows_);
    return {Tensor<T>(shape, values_.data()), std::move(labels_)};
  }

 private:
  index_t max_bytes_;
  Preprocess preprocess_;
  Shape row_;
  index_t rows_ = 0;
  std::vector<T> values_;
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
