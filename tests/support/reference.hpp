// Slow reference implementations of the kernels: plain loops, for comparison only.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include <minibert/core/random.hpp>
#include <minibert/core/sequences.hpp>
#include <minibert/core/types.hpp>
#include <minibert/kernels/matrix.hpp>

namespace minibert::reference {

/// Returns `count` standard normal numbers; the same stream always gives the same numbers.
template <class T>
std::vector<T> normal(index_t count, int stream = 0) {
  std::vector<T> x(core::usize(count));
  const random::Key key = random::Key(1234).fold(stream);
  for (index_t i = 0; i < count; ++i) core::at(x, i) = static_cast<T>(key.normal(static_cast<std::uint32_t>(i)));
  return x;
}

/// Returns max |a − b| / max |b|, or NaN if either contains a NaN or the lengths differ.
template <class A, class B>
double relative_error(const A& a, const B& b) {
  if (core::length(a) != core::length(b)) return NAN;
  double difference = 0, scale = 0;
  for (index_t i = 0; i < core::length(b); ++i) {
    const double d = std::abs(static_cast<double>(core::at(a, i)) - static_cast<double>(core::at(b, i)));
    if (std::isnan(d)) return d;
    difference = std::max(difference, d);
    scale = std::max(scale, std::abs(static_cast<double>(core::at(b, i))));
  }
  return difference / (scale > 0 ? scale : 1);
}

/// Returns C = A·B, computed in double.
template <class T>
std::vector<double> gemm(index_t m, index_t n, index_t k, kernels::Matrix<T> a, kernels::Matrix<T> b) {
  std::vector<double> c(core::usize(m * n), 0.0);
  for (index_t i = 0; i < m; ++i)
    for (index_t p = 0; p < k; ++p)
      for (index_t j = 0; j < n; ++j)
        core::at(c, i * n + j) += static_cast<double>(a.data[i * a.row_stride + p * a.column_stride]) *
                                  static_cast<double>(b.data[p * b.row_stride + j * b.column_stride]);
  return c;
}

using Numbers = std::vector<double>;

/// Converts the elements to double.
template <class Container>
Numbers widen(const Container& x) {
  return {x.begin(), x.end()};
}

/// Normalizes each of n rows of d elements, without weight and bias. Appends 1/√(var + eps) of each row to `rstd`
/// unless it is null.
inline Numbers normalize(const Numbers& x, double eps, index_t n, index_t d, Numbers* rstd = nullptr) {
  Numbers y(x.size());
  for (index_t i = 0; i < n; ++i) {
    double mean = 0, variance = 0;
    for (index_t j = 0; j < d; ++j) mean += core::at(x, i * d + j) / static_cast<double>(d);
    for (index_t j = 0; j < d; ++j) variance += std::pow(core::at(x, i * d + j) - mean, 2) / static_cast<double>(d);
    const double r = 1 / std::sqrt(variance + eps);
    for (index_t j = 0; j < d; ++j) core::at(y, i * d + j) = (core::at(x, i * d + j) - mean) * r;
    if (rstd != nullptr) rstd->push_back(r);
  }
  return y;
}

inline Numbers layer_norm(const Numbers& x, const Numbers& weight, const Numbers& bias, double eps, index_t n,
                          index_t d) {
  Numbers y = normalize(x, eps, n, d);
  for (index_t i = 0; i < n * d; ++i) core::at(y, i) = core::at(y, i) * core::at(weight, i % d) + core::at(bias, i % d);
  return y;
}

struct LayerNormGradients {
  Numbers x, weight, bias;
};

/// Uses the Jacobian of the normalization, dx̂_j/dx_k = rstd·(1[j = k] − 1/d − x̂_j·x̂_k/d).
inline LayerNormGradients layer_norm_backward(const Numbers& dy, const Numbers& x, const Numbers& weight, double eps,
                                              index_t n, index_t d) {
  Numbers rstd;
  const Numbers normal = normalize(x, eps, n, d, &rstd);
  LayerNormGradients g{Numbers(x.size()), Numbers(core::usize(d)), Numbers(core::usize(d))};
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < d; ++j) {
      core::at(g.weight, j) += core::at(dy, i * d + j) * core::at(normal, i * d + j);
      core::at(g.bias, j) += core::at(dy, i * d + j);
      for (index_t k = 0; k < d; ++k)
        core::at(g.x, i * d + k) +=
            core::at(dy, i * d + j) * core::at(weight, j) * core::at(rstd, i) *
            ((j == k ? 1.0 : 0.0) -
             (1 + core::at(normal, i * d + j) * core::at(normal, i * d + k)) / static_cast<double>(d));
    }
  return g;
}

inline double gelu(double x) { return x * 0.5 * std::erfc(-x / std::numbers::sqrt2); }
inline double gelu_derivative(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2) + x * std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
}
inline double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}
inline double gelu_tanh_derivative(double x) {
  const double c = std::sqrt(2 / std::numbers::pi), t = std::tanh(c * (x + 0.044715 * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x);
}

/// Computes the softmax of each of n rows of d elements. Appends log Σ eˣ of each row to `lse` unless it is null.
inline Numbers softmax(const Numbers& x, index_t n, index_t d, Numbers* lse = nullptr) {
  Numbers y(x.size());
  for (index_t i = 0; i < n; ++i) {
    double largest = -HUGE_VAL, sum = 0;
    for (index_t j = 0; j < d; ++j) largest = std::max(largest, core::at(x, i * d + j));
    for (index_t j = 0; j < d; ++j) sum += std::exp(core::at(x, i * d + j) - largest);
    for (index_t j = 0; j < d; ++j) core::at(y, i * d + j) = std::exp(core::at(x, i * d + j) - largest) / sum;
    if (lse != nullptr) lse->push_back(largest + std::log(sum));
  }
  return y;
}

inline Numbers softmax_backward(const Numbers& dy, const Numbers& y, index_t n, index_t d) {
  Numbers dx(y.size());
  for (index_t i = 0; i < n; ++i) {
    double dot = 0;  // dy times the Jacobian y_j·(1[j = k] − y_k), summed over j
    for (index_t j = 0; j < d; ++j) dot += core::at(dy, i * d + j) * core::at(y, i * d + j);
    for (index_t k = 0; k < d; ++k) core::at(dx, i * d + k) = core::at(y, i * d + k) * (core::at(dy, i * d + k) - dot);
  }
  return dx;
}

/// Returns the factor by which dropout multiplies an element. Follows the definition, with one call of the generator
/// for each element.
inline double dropout_factor(random::Key key, int threshold, index_t position, index_t feature) {
  const auto call = static_cast<std::uint32_t>(feature / 64 * 16 + feature % 16);
  const std::uint64_t bits = key.bits(static_cast<std::uint32_t>(position), call);
  const auto number = static_cast<int>(bits >> (feature % 64 / 16 * 16) & 0xFFFF);
  return number < threshold ? 0 : 65536.0 / (65536 - threshold);
}

/// Sequences of the given lengths, end to end, that own their arrays.
struct OwnedSequences {
  explicit OwnedSequences(const std::vector<index_t>& lengths, index_t first_row = 0) {
    for (const index_t n : lengths) {
      cu_seqlens.push_back(cu_seqlens.back() + n);
      global_rows.push_back(first_row + core::length(global_rows));
      max_seqlen = std::max(max_seqlen, n);
    }
  }
  Sequences view() const { return {cu_seqlens.data(), global_rows.data(), core::length(global_rows), max_seqlen}; }
  index_t num_tokens() const { return cu_seqlens.back(); }

  std::vector<index_t> cu_seqlens{0}, global_rows;
  index_t max_seqlen = 0;
};

struct AttentionResult {
  Numbers y, lse, dq, dk, dv;
};

/// Computes forward and backward of attention with `heads` heads of size d, one sequence and head at a time. Queries
/// attend to the keys of their own sequence. Dropout multiplies a probability by factor(sequence, head, query, key).
inline AttentionResult attention(const Numbers& q, const Numbers& k, const Numbers& v, const Numbers& dy, double scale,
                                 const Sequences& queries, const Sequences& keys, index_t heads, index_t d,
                                 const std::function<double(index_t, index_t, index_t, index_t)>& factor) {
  const index_t stride = heads * d, rows = queries.num_tokens();
  AttentionResult r{Numbers(q.size()), Numbers(core::usize(heads * rows)), Numbers(q.size()), Numbers(k.size()),
                    Numbers(k.size())};
  for (index_t b = 0; b < keys.count; ++b)
    for (index_t h = 0; h < heads; ++h) {
      const index_t start = queries.cu_seqlens[b], m = queries.cu_seqlens[b + 1] - start;
      const index_t first_key = keys.cu_seqlens[b], n = keys.cu_seqlens[b + 1] - first_key;
      const auto query = [=](index_t s, index_t i) { return (start + s) * stride + h * d + i; };
      const auto key = [=](index_t t, index_t i) { return (first_key + t) * stride + h * d + i; };
      Numbers scores(core::usize(m * n)), lse, dp(core::usize(m * n));
      for (index_t s = 0; s < m; ++s)
        for (index_t t = 0; t < n; ++t)
          for (index_t i = 0; i < d; ++i)
            core::at(scores, s * n + t) += scale * core::at(q, query(s, i)) * core::at(k, key(t, i));
      const Numbers p = softmax(scores, m, n, &lse);
      std::copy(lse.begin(), lse.end(), r.lse.begin() + h * rows + start);
      for (index_t s = 0; s < m; ++s)
        for (index_t t = 0; t < n; ++t) {
          const double f = factor(b, h, s, t);
          for (index_t i = 0; i < d; ++i) {
            core::at(r.y, query(s, i)) += f * core::at(p, s * n + t) * core::at(v, key(t, i));
            core::at(r.dv, key(t, i)) += f * core::at(p, s * n + t) * core::at(dy, query(s, i));
            core::at(dp, s * n + t) += f * core::at(dy, query(s, i)) * core::at(v, key(t, i));
          }
        }
      const Numbers ds = softmax_backward(dp, p, m, n);
      for (index_t s = 0; s < m; ++s)
        for (index_t t = 0; t < n; ++t)
          for (index_t i = 0; i < d; ++i) {
            core::at(r.dq, query(s, i)) += scale * core::at(ds, s * n + t) * core::at(k, key(t, i));
            core::at(r.dk, key(t, i)) += scale * core::at(ds, s * n + t) * core::at(q, query(s, i));
          }
    }
  return r;
}

}  // namespace minibert::reference
