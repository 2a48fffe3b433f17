// Definitions of nn/embedding.hpp.
#pragma once

#include <minibert/autograd/tape.hpp>
#include <minibert/core/error.hpp>
#include <minibert/nn/embedding.hpp>

namespace minibert::nn {

template <class T>
Embedding<T>::Embedding(const Scope<T>& scope, index_t num_embeddings, index_t embedding_dim, index_t padding_idx)
    : weight(scope.declare({.name = "weight",
                            .shape = {num_embeddings, embedding_dim},
                            .init = Init::normal(1),
                            .zero_row = padding_idx})),
      padding_idx_(padding_idx) {}

template <class T>
functional::Lookup<T> Embedding<T>::lookup(Tape<T>& tape, std::span<const token_id> indices) const {
  return {tape.parameter(*weight), indices, padding_idx_};
}

template <class T>
Variable<T> Embedding<T>::forward(Tape<T>& tape, std::span<const token_id> indices) const {
  return functional::embedding<T>({lookup(tape, indices)});
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template class Embedding<T>;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::nn
