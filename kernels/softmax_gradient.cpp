#include "softmax_gradient.h"

#include <cstring>

#include "narrow.h"

namespace UNSURPRISED_TARGET {

namespace {

// e^gap for a gap of at most 0, 0 below `lowest_gap`. Where narrow_exp's error grows with the gap,
// log2(e) has a second part here: what is rounded is the gap alone.
UNSURPRISED_INLINE float exp_close(float gap) {
  constexpr float bits = 0x1.715476p+0f, more_bits = 0x1.4ae0c0p-26f, to_integer = 0x1.8p23f;
  const float held = gap > lowest_gap ? gap : lowest_gap;
  const float shifted = std::fma(held, bits, to_integer);
  const float n = shifted - to_integer;
  const float f = std::fma(held, more_bits, std::fma(held, bits, -n));
  float p = 0x1.41fbbcp-13f;
  p = std::fma(p, f, 0x1.5f3e54p-10f);
  p = std::fma(p, f, 0x1.3b2d4cp-7f);
  p = std::fma(p, f, 0x1.c6aee8p-5f);
  p = std::fma(p, f, 0x1.ebfbdcp-3f);
  p = std::fma(p, f, 0x1.62e430p-1f);
  p = std::fma(p, f, 1.0f);
  const std::uint32_t scale = std::bit_cast<std::uint32_t>(shifted) << 23;
  const float power = std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) + scale);
  const float possible = gap < lowest_gap ? 0.0f : power;
  return gap == gap ? possible : gap;
}

struct Float32 {
  using Stored = float;
  UNSURPRISED_INLINE static float widened(float value) { return value; }
  UNSURPRISED_INLINE static float narrowed(float value) { return value; }
};

struct BFloat16 {
  using Stored = std::uint16_t;
  UNSURPRISED_INLINE static float widened(std::uint16_t value) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
  }
  // To the nearest, of two to the even one; NaN stays NaN.
  UNSURPRISED_INLINE static std::uint16_t narrowed(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return static_cast<std::uint16_t>(value == value ? rounded : 0x7fc0u);
  }
};

// A block is read whole before it is written: the gradient may take the logits' place.
template <class Type, int Size>
UNSURPRISED_INLINE void block(const char* from, char* to, float top, float factor, float shift) {
  typename Type::Stored held[Size];
  std::memcpy(held, from, sizeof held);
  for (int j = 0; j < Size; ++j) {
    const float share = exp_close(Type::widened(held[j]) - top);
    held[j] = Type::narrowed(std::fma(share, factor, -shift));
  }
  std::memcpy(to, held, sizeof held);
}

template <class Type>
void row(const char* from, char* to, std::int64_t classes, float top, float factor, float shift) {
  constexpr auto size = static_cast<std::int64_t>(sizeof(typename Type::Stored));
  if (factor == 0.0f && shift == 0.0f) {
    std::memset(to, 0, static_cast<std::size_t>(classes * size));
    return;
  }
  std::int64_t k = 0;
  for (; k + wide <= classes; k += wide)
    block<Type, wide>(from + k * size, to + k * size, top, factor, shift);
  for (; k < classes; ++k) block<Type, 1>(from + k * size, to + k * size, top, factor, shift);
}

template <class Type>
void at_label(char* to, std::int64_t label, float value) {
  const typename Type::Stored stored = Type::narrowed(value);
  std::memcpy(to + label * static_cast<std::int64_t>(sizeof stored), &stored, sizeof stored);
}

}  // namespace

void softmax_gradient(const unsurprised::SoftmaxRows& rows, std::int64_t first, std::int64_t last) {
  const std::int64_t pitch = rows.classes * (rows.bfloat16 ? 2 : 4);
  for (std::int64_t i = first; i < last; ++i) {
    const auto of = rows.bfloat16 ? row<BFloat16> : row<Float32>;
    of(rows.logits + i * rows.stride, rows.out + i * pitch, rows.classes, rows.tops[i],
       rows.factors[i], rows.shifts[i]);
    if (rows.labels)
      (rows.bfloat16 ? at_label<BFloat16> : at_label<Float32>)(rows.out + i * pitch, rows.labels[i],
                                                               rows.at_labels[i]);
  }
}

}  // namespace UNSURPRISED_TARGET
