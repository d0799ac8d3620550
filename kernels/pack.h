// A few neighbouring elements as one vector.
#pragma once

#include "target.h"

namespace UNSURPRISED_TARGET {

// Neighbouring elements, 32 bytes of them. Left to itself a compiler keeps a tile of a product in
// memory; where vectors can be spelled out, it stays in registers.
template <class T>
struct Pack {
  static constexpr int width = 32 / sizeof(T);
#if defined(__GNUC__)
  typedef T Values __attribute__((vector_size(32)));
  Values values = {};

  UNSURPRISED_INLINE void add_product(T factor, const Pack& other) {
    values += factor * other.values;
  }
#else
  T values[width] = {};

  UNSURPRISED_INLINE void add_product(T factor, const Pack& other) {
    for (int l = 0; l < width; ++l) values[l] += factor * other.values[l];
  }
#endif
};

}  // namespace UNSURPRISED_TARGET
