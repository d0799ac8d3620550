// What the elements of rows are, and how they become numbers.
#pragma once

#include <cstring>
#include <type_traits>

#include "rows.h"

namespace UNSURPRISED_TARGET {

template <class T>
inline T read(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

struct Half {};
struct BrainFloat {};

// What is `narrow` fits a float exactly.
template <class T>
struct Element {
  static constexpr std::int64_t size = sizeof(T);
  static constexpr bool narrow = std::is_same_v<T, float>;
  static float load_narrow(const char* at) { return static_cast<float>(read<T>(at)); }
  static double load(const char* at) { return static_cast<double>(read<T>(at)); }
};

template <>
struct Element<BrainFloat> {
  static constexpr std::int64_t size = 2;
  static constexpr bool narrow = true;
  static double load(const char* at) { return load_narrow(at); }
  static float load_narrow(const char* at) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(read<std::uint16_t>(at)) << 16);
  }
};

template <>
struct Element<Half> {
  static constexpr std::int64_t size = 2;
  static constexpr bool narrow = true;
  static double load(const char* at) { return load_narrow(at); }
  // Moved into a float's fields, a half is too small by 2^112 exactly, subnormals included.
  static float load_narrow(const char* at) {
    const std::uint32_t bits = read<std::uint16_t>(at);
    const std::uint32_t magnitude = (bits & 0x7fff) << 13;
    const float scaled = std::bit_cast<float>(magnitude) * 0x1p112f;
    const float special = std::bit_cast<float>(magnitude | 0x7f800000u);
    const float value = magnitude >= 0x0f800000u ? special : scaled;
    return (bits & 0x8000) ? -value : value;
  }
};

// Calls f with the Element of a run-time type.
template <class F>
inline auto with_element(Type type, F f) {
  switch (type) {
    case Type::f16:
      return f(Element<Half>{});
    case Type::bf16:
      return f(Element<BrainFloat>{});
    case Type::f32:
      return f(Element<float>{});
    case Type::i8:
      return f(Element<std::int8_t>{});
    case Type::i16:
      return f(Element<std::int16_t>{});
    case Type::i32:
      return f(Element<std::int32_t>{});
    case Type::i64:
      return f(Element<std::int64_t>{});
    case Type::u8:
      return f(Element<std::uint8_t>{});
    case Type::u16:
      return f(Element<std::uint16_t>{});
    case Type::u32:
      return f(Element<std::uint32_t>{});
    case Type::f64:
      break;
  }
  return f(Element<double>{});
}

}  // namespace UNSURPRISED_TARGET
