// Eigen views of a tensor's memory, for users and tests. Kernels do not use Eigen, so no result of the library depends
// on Eigen. Eigen's templates are only declared here: including Eigen costs 0.6 s and 90 MB of the compiler's memory
// (g++ 12). A program that uses a view includes <Eigen/Core>.
#pragma once

namespace Eigen {

template <class Scalar, int Rows, int Cols, int Options, int MaxRows, int MaxCols>
class Matrix;
template <int Outer, int Inner>
class Stride;
template <class Matrix, int Options, class Strides>
class Map;

}  // namespace Eigen

namespace minibert {

namespace tensor_detail {

// The values of Eigen::Dynamic, Eigen::ColMajor, Eigen::RowMajor and Eigen::Unaligned.
inline constexpr int kDynamic = -1, kColMajor = 0, kRowMajor = 1, kUnaligned = 0;

template <class T>
using RowMajorMatrix = Eigen::Matrix<T, kDynamic, kDynamic, kRowMajor, kDynamic, kDynamic>;
template <class T>
using ColumnVector = Eigen::Matrix<T, kDynamic, 1, kColMajor, kDynamic, 1>;
template <class MatrixType>
using MapOf = Eigen::Map<MatrixType, kUnaligned, Eigen::Stride<0, 0>>;

}  // namespace tensor_detail

/// An Eigen::Map of a matrix in row-major order.
template <class T>
using MatrixMap = tensor_detail::MapOf<tensor_detail::RowMajorMatrix<T>>;
template <class T>
using ConstMatrixMap = tensor_detail::MapOf<const tensor_detail::RowMajorMatrix<T>>;

/// An Eigen::Map of a vector.
template <class T>
using VectorMap = tensor_detail::MapOf<tensor_detail::ColumnVector<T>>;
template <class T>
using ConstVectorMap = tensor_detail::MapOf<const tensor_detail::ColumnVector<T>>;

}  // namespace minibert
