// The precision of matrix products.
#pragma once

namespace minibert {

/// - `full`: computed in the element type.
/// - `bf16`: float factors are rounded to bfloat16 (8 bits of mantissa, to nearest even) and summed in float, as under
///   torch.autocast(dtype=torch.bfloat16). Products of doubles ignore it.
enum class Precision { full, bf16 };

}  // namespace minibert
