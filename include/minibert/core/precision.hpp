// In what precision products of matrices are computed.
#pragma once

namespace minibert {

/// `full`: that of the elements. `bf16`: float factors are rounded to bfloat16 (8 bits of mantissa, to nearest even)
/// and summed in float, as under torch.autocast(dtype=torch.bfloat16); double ignores it.
enum class Precision { full, bf16 };

}  // namespace minibert
