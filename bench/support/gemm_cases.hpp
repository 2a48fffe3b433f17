// The matrix products to time, for our kernel and its peers.
#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/kernels/matrix.hpp>

#include "bench/support/cases.hpp"
#include "support/reference.hpp"

namespace minibert::bench {

/// A matrix product of a linear layer from `in` to `out` features, for `tokens` tokens. NT is the forward pass, NN
/// computes dx, TN computes dW.
struct GemmCase {
  std::string model;
  char a, b;  // of each operand: 'T' for the transpose of the matrix in memory, otherwise 'N'
  index_t tokens, in, out;

  /// Returns kind, model and sizes (tokens, in, out): "NT/tutorial/2112x384x1024".
  std::string name() const {
    return std::string{a, b} + "/" + model + "/" + std::to_string(tokens) + "x" + std::to_string(in) + "x" +
           std::to_string(out);
  }
};

inline std::vector<GemmCase> gemm_cases() {
  struct Layer {
    const char* model;
    index_t tokens, in, out;
  };
  const Layer layers[] = {{"tutorial", 2112, 384, 384},  {"tutorial", 2112, 384, 1024}, {"tutorial", 2112, 1024, 384},
                          {"tutorial", 317, 384, 384},   {"tutorial", 317, 384, 1024},  {"tutorial", 317, 1024, 384},
                          {"tutorial", 317, 384, 2000},  {"minilm", 614, 384, 384},     {"minilm", 614, 384, 1536},
                          {"minilm", 614, 1536, 384},    {"bert-base", 4096, 768, 768}, {"bert-base", 4096, 768, 3072},
                          {"bert-base", 4096, 3072, 768}};
  std::vector<GemmCase> cases;
  for (const Layer& l : layers)
    for (const char* kind : {"NT", "NN", "TN"}) cases.push_back({l.model, kind[0], kind[1], l.tokens, l.in, l.out});
  return cases;
}

/// Operands and result of a case: C (m×n) = A (m×k) · B (k×n). A and B may be transposes of the matrices in memory.
struct GemmProblem {
  explicit GemmProblem(const GemmCase& gemm) {
    const bool ta = gemm.a == 'T', tb = gemm.b == 'T';
    if (tb)
      m = gemm.tokens, n = gemm.out, k = gemm.in;
    else if (ta)
      m = gemm.out, n = gemm.in, k = gemm.tokens;
    else
      m = gemm.tokens, n = gemm.in, k = gemm.out;
    a_memory = uniform(m * k, 1), b_memory = uniform(k * n, 2), c.resize(core::usize(m * n));
    a = ta ? kernels::Matrix<float>{a_memory.data(), m}.transposed() : kernels::Matrix<float>{a_memory.data(), k};
    b = tb ? kernels::Matrix<float>{b_memory.data(), k}.transposed() : kernels::Matrix<float>{b_memory.data(), n};
  }

  double flops() const { return 2.0 * static_cast<double>(m * n) * static_cast<double>(k); }

  /// Runs the product once and compares C·r with (A·B + bias)·r for a random vector r (Freivalds, 1977), which finds a
  /// wrong element anywhere in C.
  /// @throws Error if the result is wrong
  template <class Product>
  void check(const std::string& name, Product product, double allowed, double bias = 0) {
    std::fill(c.begin(), c.end(), 0.0f);
    product();
    const Floats r = uniform(n, 3);
    const auto times = [](index_t rows, index_t columns, kernels::Matrix<float> x, const Floats& y) {
      return reference::gemm(rows, 1, columns, x, kernels::Matrix<float>{y.data(), 1});
    };
    const std::vector<double> br = times(k, n, b, r);
    std::vector<double> expected = times(m, k, a, Floats(br.begin(), br.end()));
    const double sum = std::accumulate(r.begin(), r.end(), 0.0);
    for (double& x : expected) x += bias * sum;
    check_result(name, reference::relative_error(times(m, n, {c.data(), n}, r), expected), allowed);
  }

  index_t m, n, k;
  Floats a_memory, b_memory, c;
  kernels::Matrix<float> a{}, b{};
};

}  // namespace minibert::bench
