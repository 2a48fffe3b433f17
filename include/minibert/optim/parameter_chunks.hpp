// Cuts parameters into chunks, for parallel loops over all their elements.
#pragma once

#include <algorithm>
#include <vector>

#include <minibert/autograd/parameter.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/core/types.hpp>

namespace minibert::optim {

/// Cuts the elements of some parameters into chunks. Each chunk contains elements of one parameter only. The chunks
/// depend only on the shapes of the parameters, and the sums of the chunks are added in order. So results have the same
/// bits for any number of threads.
template <class T>
class ParameterChunks {
 public:
  explicit ParameterChunks(const std::vector<Parameter<T>*>& parameters) : parameters_(parameters) {
    for (index_t p = 0; p < core::length(parameters); ++p)
      for (index_t begin = 0; begin < core::at(parameters, p)->numel(); begin += kChunk)
        chunks_.push_back({p, begin, std::min(kChunk, core::at(parameters, p)->numel() - begin)});
    sums_.resize(chunks_.size());
  }

  const std::vector<Parameter<T>*>& parameters() const noexcept { return parameters_; }

  /// Calls f(index of the parameter, first element, number of elements) for every chunk of the parameters that have a
  /// gradient. The calls run on all threads.
  template <class F>
  void for_each_with_grad(F f) const noexcept {
    parallel_for(core::length(chunks_), 1, [&](index_t i, index_t) {
      const Chunk& chunk = core::at(chunks_, i);
      if (core::at(parameters_, chunk.parameter)->has_grad) f(chunk.parameter, chunk.begin, chunk.count);
    });
  }

  /// Calls f(double* sum, index of the parameter, first element, number of elements) for every chunk of the parameters
  /// that have a gradient. The calls run on all threads. f writes the sum of one chunk to *sum. Returns the total of
  /// all sums, added in the order of the chunks.
  template <class F>
  double sum_with_grad(F f) noexcept {
    parallel_for(core::length(chunks_), 1, [&](index_t i, index_t) {
      const Chunk& chunk = core::at(chunks_, i);
      core::at(sums_, i) = 0;
      if (core::at(parameters_, chunk.parameter)->has_grad)
        f(&core::at(sums_, i), chunk.parameter, chunk.begin, chunk.count);
    });
    double total = 0;
    for (const double sum : sums_) total += sum;
    return total;
  }

 private:
  /// Elements per chunk (the last chunk of a parameter may have fewer): 64 KiB of floats, and a multiple of every SIMD
  /// vector's length.
  static constexpr index_t kChunk = 16384;
  struct Chunk {
    index_t parameter, begin, count;  // index of the parameter, first element, number of elements
  };

  std::vector<Parameter<T>*> parameters_;
  std::vector<Chunk> chunks_;
  std::vector<double> sums_;  // one per chunk; kept in a member, so that sum_with_grad() does not allocate
};

}  // namespace minibert::optim
