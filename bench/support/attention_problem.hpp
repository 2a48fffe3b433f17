// An attention to time: its operands, its results, and a check of some rows of the results against a slow computation.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <minibert/kernels/attention.hpp>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

namespace minibert::bench {

/// Self-attention in sequences of the given lengths, with H heads of size D and dropout with probability p.
class AttentionProblem {
 public:
  AttentionProblem(const std::vector<index_t>& lengths, index_t heads, index_t head_size, double p = 0)
      : sequences(lengths),
        shape(kernels::AttentionShape::self(sequences.view(), heads, head_size)),
        mask(kernels::DropoutMask::of(p, random::Key(5))),
        scale(static_cast<float>(4 / std::sqrt(static_cast<double>(head_size)))) {  // 4: spreads the probabilities
    const index_t num_tokens = sequences.num_tokens(), size = num_tokens * shape.stride;
    index_t stream = 1;
    for (auto* x : {&q, &k, &v, &dy}) *x = uniform(size, static_cast<int>(stream++));
    for (auto* x : {&y, &dq, &dk, &dv}) x->resize(core::usize(size));
    lse.resize(core::usize(heads * num_tokens));
  }

  AttentionProblem(const AttentionProblem&) = delete;  // the shape refers to the sequences

  kernels::AttentionInputs<float> inputs() const { return {q.data(), k.data(), v.data(), scale, mask, shape}; }

  /// Returns the flops of both products of the forward pass: 4·H·D·Σ length².
  double forward_flops() const {
    double squares = 0;
    for (index_t b = 0; b < core::length(sequences.global_rows); ++b) squares += std::pow(sequence_length(b), 2);
    return 4.0 * static_cast<double>(shape.stride) * squares;
  }

  /// Compares 64 rows of the results, spread over all sequences and heads, with a slow computation in double. The
  /// gradient of a key needs lse and y of all queries. The slow computation takes these from the kernel's results.
  /// @throws Error if a row is wrong
  void check(const std::string& name, bool backward, double allowed) const {
    Comparison of_y, of_lse, of_dq, of_dk, of_dv;
    for (index_t i = 0; i < kSamples; ++i) {
      const index_t t = (2 * i + 1) * sequences.num_tokens() / (2 * kSamples), h = i % shape.num_heads;
      const index_t b = std::upper_bound(sequences.cu_seqlens.begin(), sequences.cu_seqlens.end(), t) -
                        sequences.cu_seqlens.begin() - 1;
      compare_forward(b, h, t, of_y, of_lse);
      if (backward) compare_query_gradient(b, h, t, of_dq);
      if (backward) compare_key_gradients(b, h, t, of_dk, of_dv);
    }
    of_y.check(name + ": y", allowed);
    of_lse.check(name + ": lse", allowed);
    if (!backward) return;
    of_dq.check(name + ": dq", allowed);
    of_dk.check(name + ": dk", allowed);
    of_dv.check(name + ": dv", allowed);
  }

  reference::OwnedSequences sequences;
  kernels::AttentionShape shape;
  kernels::DropoutMask mask;
  float scale;
  Floats q, k, v, dy, y, lse, dq, dk, dv;

 private:
  static constexpr index_t kSamples = 64;

  /// The found and the expected numbers of one result, such as y.
  struct Comparison {
    reference::Numbers found, expected;
    void add(const float* x, const reference::Numbers& own) {
      found.insert(found.end(), x, x + own.size());
      expected.insert(expected.end(), own.begin(), own.end());
    }
    void check(const std::string& name, double allowed) const {
      check_result(name, reference::relative_error(found, expected), allowed);
    }
  };

  double sequence_length(index_t b) const {
    return static_cast<double>(core::at(sequences.cu_seqlens, b + 1) - core::at(sequences.cu_seqlens, b));
  }
  const float* row(const Floats& x, index_t t, index_t h) const {
    return x.data() + t * shape.stride + h * shape.head_size;
  }
  double dot(const Floats& a, index_t s, const Floats& b, index_t t, index_t h) const {
    double sum = 0;
    for (index_t i = 0; i < shape.head_size; ++i)
      sum += static_cast<double>(row(a, s, h)[i]) * static_cast<double>(row(b, t, h)[i]);
    return sum;
  }
  double score(index_t query, index_t key, index_t h) const {
    return static_cast<double>(scale) * dot(q, query, k, key, h);
  }
  double factor(index_t b, index_t h, index_t query, index_t key) const {
    const index_t start = core::at(sequences.cu_seqlens, b);
    return mask ? reference::dropout_factor(mask.key.fold(core::at(sequences.global_rows, b)).fold(h), mask.threshold,
                                            query - start, key - start)
                : 1.0;
  }
  void add(reference::Numbers& sum, double weight, const Floats& x, index_t t, index_t h) const {
    for (index_t i = 0; i < shape.head_size; ++i) core::at(sum, i) += weight * static_cast<double>(row(x, t, h)[i]);
  }

  void compare_forward(index_t b, index_t h, index_t t, Comparison& of_y, Comparison& of_lse) const {
    const index_t begin = core::at(sequences.cu_seqlens, b), end = core::at(sequences.cu_seqlens, b + 1);
    double sum = 0;
    reference::Numbers own(core::usize(shape.head_size));
    for (index_t s = begin; s < end; ++s) {
      const double e = std::exp(score(t, s, h));
      sum += e;
      add(own, e * factor(b, h, t, s), v, s, h);
    }
    for (double& x : own) x /= sum;
    of_y.add(row(y, t, h), own);
    of_lse.add(&core::at(lse, h * sequences.num_tokens() + t), {std::log(sum)});
  }

  /// The attention probability of one query and one key after dropout (p), and the gradient of their score (ds).
  struct Pair {
    double p, ds;
  };
  Pair pair(index_t b, index_t h, index_t query, index_t key) const {
    const double p =
        std::exp(score(query, key, h) - static_cast<double>(core::at(lse, h * sequences.num_tokens() + query)));
    const double f = factor(b, h, query, key);
    return {p * f, p * (f * dot(dy, query, v, key, h) - dot(dy, query, y, query, h))};
  }

  void compare_query_gradient(index_t b, index_t h, index_t t, Comparison& of_dq) const {
    reference::Numbers own(core::usize(shape.head_size));
    for (index_t s = core::at(sequences.cu_seqlens, b); s < core::at(sequences.cu_seqlens, b + 1); ++s)
      add(own, static_cast<double>(scale) * pair(b, h, t, s).ds, k, s, h);
    of_dq.add(row(dq, t, h), own);
  }

  void compare_key_gradients(index_t b, index_t h, index_t t, Comparison& of_dk, Comparison& of_dv) const {
    reference::Numbers own_dk(core::usize(shape.head_size)), own_dv(core::usize(shape.head_size));
    for (index_t s = core::at(sequences.cu_seqlens, b); s < core::at(sequences.cu_seqlens, b + 1); ++s) {
      const Pair weights = pair(b, h, s, t);
      add(own_dv, weights.p, dy, s, h);
      add(own_dk, static_cast<double>(scale) * weights.ds, q, s, h);
    }
    of_dk.add(row(dk, t, h), own_dk);
    of_dv.add(row(dv, t, h), own_dv);
  }
};

}  // namespace minibert::bench
