#include <algorithm>

#include "scaling.h"

namespace unsurprised {

void pack_rows(const double* rows, std::int64_t count, std::int64_t classes, std::int64_t first,
               std::int64_t last, double* packed) {
  constexpr std::int64_t lanes = PackedRows::lanes;
  for (std::int64_t row = first; row < last; row += lanes) {
    const std::int64_t held = std::clamp<std::int64_t>(count - row, 0, lanes);
    double* const to = packed + row * classes;
    if (held < lanes) std::fill(to, to + lanes * classes, 0.0);
    for (std::int64_t k = 0; k < classes; ++k)
      for (std::int64_t l = 0; l < held; ++l) to[k * lanes + l] = rows[(row + l) * classes + k];
  }
}

}  // namespace unsurprised
