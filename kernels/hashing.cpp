#include "hashing.h"

namespace UNSURPRISED_TARGET {

void hash_rows(const std::int64_t* ids, std::uint64_t first, std::int64_t count,
               std::uint64_t start, std::uint64_t* out) {
  if (ids)
    for (std::int64_t i = 0; i < count; ++i)
      out[i] = unsurprised::mix(static_cast<std::uint64_t>(ids[i]) ^ start);
  else
    for (std::int64_t i = 0; i < count; ++i)
      out[i] = unsurprised::mix((first + static_cast<std::uint64_t>(i)) ^ start);
}

}  // namespace UNSURPRISED_TARGET
