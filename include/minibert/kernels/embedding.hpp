// Looks up rows of a table by index, and computes the gradient of the table. To sum rows of several tables, accumulate
// the look-ups into one result.
#pragma once

#include <minibert/core/sink.hpp>
#include <minibert/core/types.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// Writes row index[t] of the table (rows×d) to row t of y (n×d), or adds it if y accumulates.
template <class T, class Index>
void gather_rows(Sink<T> y, const T* table, const Index* index, index_t n, index_t d) noexcept;

/// Sums dy (n×d) into dtable (rows×d): row r is the sum of dy[t] over all t with index[t] = r. Row `skip` receives
/// nothing; −1 skips no row. Threads divide the columns, not the rows, so that the order of the sums never changes.
/// Each thread takes as many columns as possible, because long runs of memory are read twice as fast as short ones.
template <class T, class Index>
void scatter_rows(Sink<T> dtable, const T* dy, const Index* index, index_t skip, index_t n, index_t rows,
                  index_t d) noexcept;

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels

#ifndef MINIBERT_COMPILED
#include <minibert/kernels/impl/embedding.ipp>
#endif
