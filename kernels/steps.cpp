#include "steps.h"

namespace unsurprised {

bool from_steps(const std::uint16_t* steps, std::int64_t count, float scale, float least,
                float* values) {
  std::uint16_t zeros = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    values[i] = least + scale * static_cast<float>(steps[i]);
    zeros |= steps[i] == 0 ? 1 : 0;
  }
  return zeros != 0;
}

}  // namespace unsurprised
