// The precision of matrix products.
#pragma once

namespace minibert {

/// - `full`: products are computed in the element type.
/// - `bf16`: float factors are rounded to bfloat16 (8 bits of mantissa, to nearest even), and their products are summed
///   in float, as under torch.autocast(dtype=torch.bfloat16). Products of doubles are computed as with `full`.
enum class Precision { full, bf16 };

}  // namespace minibert
