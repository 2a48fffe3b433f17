#include <minibert/kernels/gemm.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/kernels/detail/gemm_kernel.hpp>

#include "support/reference.hpp"

using namespace minibert;
using kernels::Matrix;

namespace {

template <class T>
double tolerance() {
  return std::is_same_v<T, float> ? 2e-6 : 1e-14;
}

/// Where the rows of an operand begin: anywhere, at cache lines, or all at the same offset within a page.
enum class Rows { anywhere, aligned, colliding };

/// An operand of the given size: row-major with a gap between rows, or the transpose of such a matrix. The same stream
/// gives the same numbers for every value of Rows.
template <class T>
struct Operand {
  std::vector<T> memory;
  Matrix<T> matrix;
  Operand(index_t rows, index_t columns, bool transposed, int stream, Rows where = Rows::anywhere) {
    constexpr index_t line = 64 / sizeof(T), far = 8192 / sizeof(T);
    const index_t outer = transposed ? columns : rows, inner = (transposed ? rows : columns) + 3;
    const std::vector<T> numbers = reference::normal<T>(outer * inner, stream);
    const index_t stride = where == Rows::anywhere ? inner : core::round_up(inner, where == Rows::aligned ? line : far);
    memory.resize(core::usize(outer * stride + line));
    T* first = memory.data();
    while (where != Rows::anywhere && reinterpret_cast<std::uintptr_t>(first) % 64 != 0) ++first;
    for (index_t i = 0; i < outer; ++i) std::copy_n(numbers.begin() + i * inner, inner, first + i * stride);
    matrix = Matrix<T>{first, stride};
    if (transposed) matrix = matrix.transposed();
  }
  Operand(const Operand& other) : memory(other.memory), matrix(other.matrix) {
    matrix.data = memory.data() + (other.matrix.data - other.memory.data());
  }
};

/// Returns an operand rounded to bfloat16, to nearest even. Doubles are not rounded, as in the kernels.
template <class T>
Operand<T> rounded(Operand<T> x) {
  if constexpr (std::is_same_v<T, float>)
    for (float& value : x.memory) {
      auto bits = std::bit_cast<std::uint32_t>(value);
      bits = (bits + 0x7FFFu + ((bits >> 16) & 1u)) & 0xFFFF0000u;
      value = std::bit_cast<float>(bits);
    }
  return x;
}

/// Returns Σ |a|·|b| for element (i, j) of the product. The rounding error of the float sum is proportional to this
/// sum.
template <class T>
double magnitude(index_t k, const Matrix<T>& a, const Matrix<T>& b, index_t i, index_t j) {
  double sum = 0;
  for (index_t p = 0; p < k; ++p)
    sum += std::abs(static_cast<double>(*a.at(i, p).data) * static_cast<double>(*b.at(p, j).data));
  return sum;
}

}  // namespace

TEST_CASE_TEMPLATE("gemm: every size around the tile edges, every orientation", T, float, double) {
  for (const bool transposed_a : {false, true}) {
    for (const bool transposed_b : {false, true}) {
      for (const index_t m : {1, 5, 6, 7, 50, 97}) {
        for (const index_t n : {1, 3, 16, 17, 48, 63, 64, 65, 100}) {
          for (const index_t k : {0, 1, 2, 16, 33}) {
            INFO("m=", m, " n=", n, " k=", k, " transposed: ", transposed_a, transposed_b);
            const Rows rows = (m + n + k) % 2 == 0 ? Rows::anywhere : Rows::aligned;
            const Operand<T> a(m, k, transposed_a, 1, rows), b(k, n, transposed_b, 2, rows);
            const auto expected = reference::gemm(m, n, k, a.matrix, b.matrix);
            std::vector<T> workspace(core::usize(kernels::gemm_workspace<T>(n, k, num_threads())));
            std::vector<T> c(core::usize(m * n), T{7});
            kernels::gemm(m, n, k, a.matrix, b.matrix, kernels::Epilogue<T>{c.data(), n}, workspace.data());
            CHECK(reference::relative_error(c, expected) < tolerance<T>());
            std::vector<T> serial(core::usize(m * n), T{7});
            kernels::gemm_serial(m, n, k, a.matrix, b.matrix, kernels::Epilogue<T>{serial.data(), n}, workspace.data());
            CHECK(serial == c);
          }
        }
      }
    }
  }
}

TEST_CASE("gemm: the sum over k in blocks, the same bits wherever the operands lie") {
  const index_t m = 55, n = 144;
  for (const bool transposed_a : {false, true}) {
    for (const bool transposed_b : {false, true}) {
      for (const index_t k : {577, 1537, 2100}) {
        INFO("k=", k, " transposed: ", transposed_a, transposed_b);
        const Operand<float> a(m, k, transposed_a, 1), b(k, n, transposed_b, 2);
        std::vector<float> workspace(core::usize(kernels::gemm_workspace<float>(n, k, num_threads())));
        std::vector<float> c(core::usize(m * n), 7.0f);
        kernels::gemm(m, n, k, a.matrix, b.matrix, kernels::Epilogue<float>{c.data(), n}, workspace.data());
        CHECK(reference::relative_error(c, reference::gemm(m, n, k, a.matrix, b.matrix)) < tolerance<float>());
        for (const Rows rows : {Rows::aligned, Rows::colliding}) {
          const Operand<float> moved_a(m, k, transposed_a, 1, rows), moved_b(k, n, transposed_b, 2, rows);
          std::vector<float> same(c.size());
          kernels::gemm(m, n, k, moved_a.matrix, moved_b.matrix, kernels::Epilogue<float>{same.data(), n},
                        workspace.data());
          CHECK(same == c);
        }
      }
    }
  }
}

TEST_CASE("gemm: bf16 is the product of the rounded factors, every size, every orientation") {
  for (const bool transposed_a : {false, true}) {
    for (const bool transposed_b : {false, true}) {
      for (const index_t m : {1, 7, 97}) {
        for (const index_t n : {1, 17, 63, 64, 200}) {
          for (const index_t k : {0, 1, 2, 31, 32, 33, 70, 3100}) {
            if (k > 1000 && m * n < 1000) continue;
            INFO("m=", m, " n=", n, " k=", k, " transposed: ", transposed_a, transposed_b);
            const Operand<float> a(m, k, transposed_a, 1), b(k, n, transposed_b, 2);
            const Operand<float> exact_a = rounded(a), exact_b = rounded(b);
            std::vector<float> c(core::usize(m * n)),
                workspace(core::usize(kernels::gemm_workspace<float>(n, k, num_threads())));
            kernels::gemm(m, n, k, a.matrix, b.matrix, kernels::Epilogue<float>{c.data(), n}, workspace.data(),
                          Precision::bf16);
            const auto expected = reference::gemm(m, n, k, exact_a.matrix, exact_b.matrix);
            if (m * n == 1 && k > 33)  // if C has one element, its terms may nearly cancel
              CHECK(std::abs(double{c[0]} - expected[0]) < 2e-7 * magnitude(k, exact_a.matrix, exact_b.matrix, 0, 0));
            else
              CHECK(reference::relative_error(c, expected) < 4e-6);
          }
        }
      }
    }
  }
}

TEST_CASE("gemm: bf16 keeps infinity and NaN, and double ignores it") {
  const std::vector<float> x{1.0f, INFINITY, NAN, 3e38f};
  const float one = 1.0f;
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::vector<float> c(1), workspace(core::usize(kernels::gemm_workspace<float>(1, 1, 1)));
    kernels::gemm_serial(1, 1, 1, Matrix<float>{&x[i], 1}, Matrix<float>{&one, 1},
                         kernels::Epilogue<float>{c.data(), 1}, workspace.data(), Precision::bf16);
    CHECK(std::isnan(c[0]) == std::isnan(x[i]));
    CHECK(std::isinf(c[0]) == (i == 1));
  }
  const double third = 1.0 / 3;
  std::vector<double> c(1), workspace(core::usize(kernels::gemm_workspace<double>(1, 1, 1)));
  kernels::gemm_serial(1, 1, 1, Matrix<double>{&third, 1}, Matrix<double>{&third, 1},
                       kernels::Epilogue<double>{c.data(), 1}, workspace.data(), Precision::bf16);
  CHECK(c[0] == third * third);
}

TEST_CASE("gemm: rows of B that are 8 KiB apart are packed") {
  const index_t m = 13, n = 70, k = 90, stride = 2048;
  const Operand<float> a(m, k, false, 1);
  const auto memory = reference::normal<float>(k * stride, 2);
  const Matrix<float> b{memory.data(), stride};
  std::vector<float> c(core::usize(m * n)), workspace(core::usize(kernels::gemm_workspace<float>(n, k, num_threads())));
  kernels::gemm(m, n, k, a.matrix, b, kernels::Epilogue<float>{c.data(), n}, workspace.data());
  CHECK(reference::relative_error(c, reference::gemm(m, n, k, a.matrix, b)) < tolerance<float>());
}

TEST_CASE("gemm: columns of B are read in place only where whole vectors can be loaded from single cache lines") {
  using Tuning = kernels::detail::GemmTuning<simd::Avx512>;
  alignas(64) const float first[2]{};
  for (const index_t stride : {64, 384, 390, 1024, 2048, 3072})
    for (const index_t m : {1, 384, 2112, 4096})
      for (const index_t n : {1, 63, 64, 370, 384, 3072})
        for (const index_t k : {1, 1024, 4096}) {
          INFO("stride=", stride, " m=", m, " n=", n, " k=", k);
          const auto direct = [&](const Matrix<float>& b) {
            return kernels::detail::direct_columns<Tuning>(b, m, n, k);
          };
          const index_t columns = direct({first, stride});
          CHECK(columns >= 0);
          CHECK(columns <= n);
          CHECK(columns % 16 == 0);                                                  // whole vectors
          CHECK((columns == n || columns % kernels::detail::kMaxTileColumns == 0));  // the rest begins a panel
          if (stride % 16 != 0) CHECK(columns == 0);
          CHECK(direct({first + 1, stride}) == 0);
          CHECK(direct(Matrix<float>{first, stride}.transposed()) == 0);
        }
}

namespace {

using kernels::detail::GemmCut;
using kernels::detail::GemmTuning;

/// Checks that the chunks cover C exactly once, and that `next` of each chunk is the first row of the following one.
/// Each chunk must begin at a multiple of `unit` rows and fit into a thread's scratch memory. The chunks' numbers of
/// rows must differ by less than 2·unit.
template <class Tuning>
void check_chunks(index_t m, index_t n, index_t k, const GemmCut& cut, index_t threads) {
  INFO("m=", m, " n=", n, " k=", k, " columns of A: ", cut.columns_of_a, " packs rows: ", cut.packs_rows,
       " deep: ", cut.deep, " own panels: ", cut.own_panels, " threads: ", threads);
  const auto chunks = kernels::detail::gemm_chunks<float, Tuning>(m, n, k, cut, threads);
  const kernels::detail::GemmScratch<Tuning> scratch(cut.own_panels, n, 1);
  const index_t packed_rows = cut.own_panels ? Tuning::kOwnRows : Tuning::kRows;
  index_t row = 0, column = 0, most_rows = 0, fewest_rows = m;
  bool covers = true, whole_units = true, fits = true;
  for (index_t i = 0; i < chunks.count; ++i) {
    const auto chunk = chunks[i];
    const index_t rows = chunk.last - chunk.first, columns = chunk.column_end - chunk.column;
    covers = covers && chunk.first == row && chunk.column == column && rows > 0 && columns > 0;
    whole_units = whole_units && chunk.first % chunks.unit == 0 && chunk.column % kernels::detail::kMaxTileColumns == 0;
    const index_t tiles =
        core::round_up(rows, kernels::detail::kMicroRows) * core::round_up(columns, kernels::detail::kMaxTileColumns);
    fits = fits && tiles <= scratch.tiles && (!cut.packs_rows || rows <= packed_rows);
    most_rows = std::max(most_rows, rows), fewest_rows = std::min(fewest_rows, rows);
    row = chunk.last == m ? 0 : chunk.last;
    if (row == 0) column = chunk.column_end;
    covers = covers && chunk.next == row;
  }
  CHECK(covers);
  CHECK(whole_units);
  CHECK(fits);
  CHECK(row == 0);
  CHECK(column == (m > 0 ? n : 0));
  CHECK(most_rows - fewest_rows < 2 * chunks.unit);  // pieces differ by one unit; the last one may lack part of a unit
  if (!cut.own_panels && chunks.rows > threads) CHECK(chunks.rows % threads == 0);
}

}  // namespace

TEST_CASE("gemm: chunks cover C once, evenly, within a thread's scratch memory") {
  for (const index_t m : {1, 5, 47, 48, 49, 317, 614, 721, 768, 1024, 1537, 2100, 4096})
    for (const index_t n : {1, 64, 384, 1090, 30522})
      for (const index_t k : {1, 2000})
        for (const index_t threads : {1, 2, 3, 64})
          for (const bool columns_of_a : {false, true}) {
            for (const bool packs_rows : {false, true}) {
              for (const bool deep : {false, true})
                check_chunks<GemmTuning<simd::Avx512>>(m, n, k, {columns_of_a, packs_rows, deep, false}, threads);
              if (m < GemmTuning<simd::Avx512>::kSharedRows)
                check_chunks<GemmTuning<simd::Avx512>>(m, n, k, {columns_of_a, packs_rows, false, true}, threads);
            }
            for (const bool own : {false, true})
              check_chunks<GemmTuning<simd::Avx2>>(m, n, k, {columns_of_a, columns_of_a, false, own}, threads);
          }
}

TEST_CASE("gemm: a range of columns of a B larger than L3 stays within its bytes") {
  using Tuning = GemmTuning<simd::Avx512>;
  const index_t n = 30522, k = 2000, panel = kernels::detail::kMaxTileColumns;
  for (const bool packing : {false, true}) {
    const index_t bytes = packing ? Tuning::kRangeBytesPacking : Tuning::kRangeBytes;
    const auto chunks =
        kernels::detail::gemm_chunks<float, Tuning>(1024, n, k, GemmCut{false, packing, packing, false}, 2);
    CHECK(chunks.column_grain * k * 4 <= bytes + panel * k * 4);
  }
}

TEST_CASE("gemm: nothing outside C is written, and accumulation adds") {
  const index_t m = 10, n = 21, k = 40, stride = 30;
  const Operand<float> a(m, k, false, 1), b(k, n, false, 2);
  const auto product = reference::gemm(m, n, k, a.matrix, b.matrix);
  std::vector<float> c(core::usize(m * stride), 0.5f),
      workspace(core::usize(kernels::gemm_workspace<float>(n, k, num_threads())));
  kernels::gemm(m, n, k, a.matrix, b.matrix, kernels::Epilogue<float>{c.data(), stride, true}, workspace.data());
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < stride; ++j)
      CHECK(core::at(c, i * stride + j) ==
            doctest::Approx(j < n ? 0.5 + core::at(product, i * n + j) : 0.5).epsilon(1e-5));
}

TEST_CASE("gemm: a B larger than the caches, in ranges of columns") {
  struct Size {
    index_t m, n, k;
  };
  for (const auto& [m, n, k] : {Size{100, 1090, 2000}, Size{7, 1021, 4200}}) {  // rows of the second B lie 4 KiB apart
    for (const Precision precision : {Precision::full, Precision::bf16}) {
      const Operand<float> a(m, k, false, 1, Rows::aligned), b(k, n, false, 2, Rows::aligned);
      const bool is_bf16 = precision == Precision::bf16;
      const Operand<float> exact_a = is_bf16 ? rounded(a) : a, exact_b = is_bf16 ? rounded(b) : b;
      std::vector<float> workspace(core::usize(kernels::gemm_workspace<float>(n, k, num_threads())));
      std::vector<float> whole(core::usize(m * n)), parts(whole.size());
      kernels::gemm(m, n, k, a.matrix, b.matrix, kernels::Epilogue<float>{whole.data(), n}, workspace.data(),
                    precision);
      const index_t half = n / 2;
      for (const index_t j : {index_t{0}, half})
        kernels::gemm(m, j == 0 ? half : n - half, k, a.matrix, b.matrix.at(0, j),
                      kernels::Epilogue<float>{parts.data() + j, n}, workspace.data(), precision);
      CHECK(whole == parts);
      for (const index_t i : {index_t{0}, std::min<index_t>(47, m - 1), m - 1})
        for (const index_t j : {index_t{0}, index_t{511}, half, n - 1}) {
          const auto expected = reference::gemm(1, 1, k, exact_a.matrix.at(i, 0), exact_b.matrix.at(0, j));
          CHECK(std::abs(double{core::at(whole, i * n + j)} - core::at(expected, 0)) <
                2e-7 * magnitude(k, exact_a.matrix, exact_b.matrix, i, j));
        }
    }
  }
}

TEST_CASE_TEMPLATE("gemm: the same bits however many rows share a packed B", T, float, double) {
  const index_t most = 1600, n = 70, k = 210;
  struct Layout {
    bool transposed;
    Rows rows;
  };
  for (const Layout& layout :
       {Layout{false, Rows::anywhere}, Layout{true, Rows::anywhere}, Layout{true, Rows::colliding}}) {
    const Operand<T> a(most, k, layout.transposed, 1, layout.rows), b(k, n, true, 2);
    for (const Precision precision : {Precision::full, Precision::bf16}) {
      INFO("transposed: ", layout.transposed, " bf16: ", precision == Precision::bf16);
      std::vector<T> workspace(core::usize(kernels::gemm_workspace<T>(n, k, num_threads())));
      std::vector<T> whole(core::usize(most * n));
      kernels::gemm(most, n, k, a.matrix, b.matrix, kernels::Epilogue<T>{whole.data(), n}, workspace.data(), precision);
      const bool is_bf16 = precision == Precision::bf16;
      const Operand<T> exact_a = is_bf16 ? rounded(a) : a, exact_b = is_bf16 ? rounded(b) : b;
      const auto sample = reference::gemm(1, n, k, exact_a.matrix.at(most - 1, 0), exact_b.matrix);
      CHECK(reference::relative_error(std::vector<T>(whole.end() - n, whole.end()), sample) < tolerance<T>());
      for (const index_t m : {1, 90, 385, 500, 768, 800, 1001, 1590}) {
        std::vector<T> c(core::usize(m * n));
        kernels::gemm(m, n, k, a.matrix, b.matrix, kernels::Epilogue<T>{c.data(), n}, workspace.data(), precision);
        CHECK(c == std::vector<T>(whole.begin(), whole.begin() + m * n));
      }
    }
  }
}

TEST_CASE("gemm: the same bits for any number of threads") {
  const index_t m = 300, n = 200, k = 70;
  const Operand<float> a(m, k, true, 1), b(k, n, true, 2);
  const int before = num_threads();
  std::vector<float> first;
  for (const int threads : {1, 2, 3, 4}) {
    set_num_threads(threads);
    std::vector<float> c(core::usize(m * n)),
        workspace(core::usize(kernels::gemm_workspace<float>(n, k, num_threads())));
    kernels::gemm(m, n, k, a.matrix, b.matrix, kernels::Epilogue<float>{c.data(), n}, workspace.data());
    if (first.empty()) first = c;
    CHECK(c == first);
  }
  set_num_threads(before);
}

TEST_CASE("relative_error fails when it should") {
  const std::vector<double> a{1, 2}, b{1, 2.5}, nan{1, NAN};
  CHECK(reference::relative_error(a, a) == 0);
  CHECK(reference::relative_error(a, b) == doctest::Approx(0.2));
  CHECK_FALSE(reference::relative_error(nan, a) < 1e9);
  CHECK_FALSE(reference::relative_error(a, nan) < 1e9);
  CHECK_FALSE(reference::relative_error(a, std::vector<double>{1}) < 1e9);
  CHECK_FALSE(reference::relative_error(std::vector<double>{1}, a) < 1e9);
}

TEST_CASE_TEMPLATE("gemm: bias, GELU and its argument", T, float, double) {
  const double epsilon = std::is_same_v<T, float> ? 1e-5 : 1e-12;
  for (const kernels::Gelu gelu : {kernels::Gelu::none, kernels::Gelu::exact, kernels::Gelu::tanh})
    for (const index_t m : {1, 6, 13})
      for (const index_t n : {1, 17, 64, 100}) {
        INFO("gelu ", static_cast<int>(gelu), " m=", m, " n=", n);
        const index_t k = 20;
        const Operand<T> a(m, k, false, 1), b(k, n, true, 2), bias(1, n, false, 3);
        const auto product = reference::gemm(m, n, k, a.matrix, b.matrix);
        std::vector<T> c(core::usize(m * n)), pre(core::usize(m * n)),
            workspace(core::usize(kernels::gemm_workspace<T>(n, k, num_threads())));
        const bool keeps_argument = gelu != kernels::Gelu::none;
        kernels::gemm(m, n, k, a.matrix, b.matrix,
                      kernels::Epilogue<T>{.c = c.data(),
                                           .stride = n,
                                           .bias = bias.matrix.data,
                                           .gelu = gelu,
                                           .pre = keeps_argument ? pre.data() : nullptr},
                      workspace.data());
        for (index_t i = 0; i < m * n; ++i) {
          const double x = core::at(product, i) + static_cast<double>(bias.matrix.data[i % n]);
          const double y = gelu == kernels::Gelu::exact  ? reference::gelu(x)
                           : gelu == kernels::Gelu::tanh ? reference::gelu_tanh(x)
                                                         : x;
          CHECK(static_cast<double>(core::at(c, i)) == doctest::Approx(y).epsilon(epsilon));
          if (keeps_argument) CHECK(static_cast<double>(core::at(pre, i)) == doctest::Approx(x).epsilon(epsilon));
        }
      }
}
