// Definitions of train/eval_prediction.hpp.
#pragma once

#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/train/eval_prediction.hpp>

namespace minibert::train_detail {

template <class T>
LogitsCollector<T>::LogitsCollector(index_t max_bytes, Preprocess preprocess)
    : max_bytes_(max_bytes), preprocess_(std::move(preprocess)) {}

template <class T>
void LogitsCollector<T>::add(const Variable<T>& logits, index_t label_bytes) {
  const Tensor<T> kept = preprocess_ ? preprocess_(logits.tensor()) : logits.tensor();
  if (values_.empty()) row_ = kept.shape().without(0);
  core::check<ShapeError>(kept.dim() >= 1 && kept.shape().without(0) == row_, "predictions of shape ", kept.shape(),
                          ", expected rows of shape ", row_, " as in the first batch");
  label_bytes_ += label_bytes;
  const index_t bytes = (core::length(values_) + kept.numel()) * static_cast<index_t>(sizeof(T)) + label_bytes_;
  core::check<ValueError>(bytes <= max_bytes_, "predictions and labels take more than max_prediction_bytes, ",
                          max_bytes_, " bytes: reduce them with preprocess_logits_for_metrics, or raise the limit");
  values_.insert(values_.end(), kept.data(), kept.data() + kept.numel());
  rows_ += kept.size(0);
}

template <class T>
Tensor<T> LogitsCollector<T>::take() const {
  return {row_.with_front(rows_), values_.data()};
}

#ifdef MINIBERT_COMPILED
template class LogitsCollector<float>;
template class LogitsCollector<double>;
#endif

}  // namespace minibert::train_detail
