// Rows of any type, laid out in memory in every way that an array can be.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "check.h"
#include "rows.h"

namespace layouts {

using checks::Random;
using unsurprised::RowsView;
using unsurprised::Type;

inline constexpr Type types[] = {Type::f16, Type::bf16, Type::f32, Type::f64, Type::i8, Type::i16,
                                 Type::i32, Type::i64,  Type::u8,  Type::u16, Type::u32};

inline int size_of(Type type) {
  switch (type) {
    case Type::i8:
    case Type::u8:
      return 1;
    case Type::f16:
    case Type::bf16:
    case Type::i16:
    case Type::u16:
      return 2;
    case Type::f32:
    case Type::i32:
    case Type::u32:
      return 4;
    default:
      return 8;
  }
}

// A number from its fields, as IEEE 754 explains them.
inline double number_from(std::uint32_t bits, int exponent_bits, int fraction_bits) {
  const int most = (1 << exponent_bits) - 1, bias = most / 2;
  const auto fraction = static_cast<double>(bits & ((1u << fraction_bits) - 1));
  const int exponent = static_cast<int>(bits >> fraction_bits) & most;
  const double sign = bits >> (exponent_bits + fraction_bits) ? -1.0 : 1.0;
  if (exponent == most)
    return fraction != 0.0 ? std::nan("") : sign * std::numeric_limits<double>::infinity();
  const double leading = exponent ? std::ldexp(1.0, fraction_bits) : 0.0;
  return sign * std::ldexp(leading + fraction, std::max(exponent, 1) - bias - fraction_bits);
}

// What a bit pattern of a type means.
inline double value_of(Type type, std::uint64_t bits) {
  switch (type) {
    case Type::f16:
      return number_from(static_cast<std::uint32_t>(bits), 5, 10);
    case Type::bf16:
      return number_from(static_cast<std::uint32_t>(bits), 8, 7);
    case Type::f32:
      return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    case Type::i8:
      return static_cast<std::int8_t>(bits);
    case Type::i16:
      return static_cast<std::int16_t>(bits);
    case Type::i32:
      return static_cast<std::int32_t>(bits);
    case Type::i64:
      return static_cast<double>(static_cast<std::int64_t>(bits));
    case Type::f64:
      return std::bit_cast<double>(bits);
    default:
      return static_cast<double>(bits);
  }
}

// A pattern of a type whose value is legal in a row: at least 0, or a logit of moderate size.
inline std::uint64_t legal_bits(Type type, bool log, Random& random) {
  const std::uint64_t low = random.bits();
  const bool zero = !log && random.below(8) == 0, negative = log && random.below(2);
  if (zero) return 0;
  switch (type) {
    case Type::f16:
      return low % (log ? 0x5000 : 0x7c00) | (negative ? 0x8000 : 0);
    case Type::bf16:
      return low % 0x4200 | (negative ? 0x8000 : 0);
    case Type::f32:
      return std::bit_cast<std::uint32_t>(
          static_cast<float>(log ? random.uniform(-30.0, 30.0) : random.uniform(0.0, 1.0)));
    case Type::f64:
      return std::bit_cast<std::uint64_t>(log ? random.uniform(-60.0, 60.0)
                                              : random.uniform(0.0, 1.0));
    case Type::i64:
      return log ? static_cast<std::uint64_t>(random.below(80) - 40) : low >> 1 >> random.below(60);
    case Type::i32:
      return log ? static_cast<std::uint32_t>(random.below(80) - 40) : low & 0x7fffffff;
    case Type::i16:
      return log ? static_cast<std::uint16_t>(random.below(80) - 40) : low & 0x7fff;
    case Type::i8:
      return log ? static_cast<std::uint8_t>(random.below(80) - 40) : low & 0x7f;
    case Type::u8:
      return log ? low % 60 : low & 0xff;
    case Type::u16:
      return log ? low % 60 : low & 0xffff;
    default:
      return log ? low % 60 : low & 0xffffffff;
  }
}

enum class Layout {
  contiguous,
  classes_reversed,
  rows_reversed,
  classes_far_apart,  // Fortran's order
  gaps,
  unaligned,
  two_axes_swapped,
  one_row_repeated,    // a row stride of 0
  one_class_repeated,  // a class stride of 0
};
inline constexpr int layout_count = 9;

// A block of memory that ends where its last element ends, and the view of it.
struct Array {
  std::unique_ptr<char[]> memory;
  RowsView view;
};

// Where rows and classes lie; `rows` is split in two axes where it is even and that is asked for.
inline RowsView strides_of(Layout layout, int size, std::int64_t rows, std::int64_t classes) {
  RowsView view{};
  view.classes = classes;
  view.class_stride = size;
  view.dimensions = 1;
  view.shape[0] = rows;
  view.strides[0] = classes * size;
  if (layout == Layout::classes_reversed) view.class_stride = -size;
  if (layout == Layout::rows_reversed) view.strides[0] = -classes * size;
  if (layout == Layout::classes_far_apart) view.class_stride = rows * size, view.strides[0] = size;
  if (layout == Layout::gaps) view.class_stride = 3 * size, view.strides[0] *= 4;
  if (layout == Layout::unaligned)
    view.class_stride = size + 1, view.strides[0] = classes * (size + 1) + 3;
  if (layout == Layout::one_row_repeated) view.strides[0] = 0;
  if (layout == Layout::one_class_repeated) view.class_stride = 0, view.strides[0] = size;
  if (layout == Layout::two_axes_swapped && rows % 2 == 0) {
    view.dimensions = 2;
    view.shape[0] = rows / 2;
    view.shape[1] = 2;
    view.strides[1] = rows / 2 * classes * size;
  }
  return view;
}

// Lays out the patterns of rows × classes. Where elements share memory the patterns are changed to
// what is found there.
inline Array lay_out(Layout layout, Type type, std::vector<std::uint64_t>& patterns,
                     std::int64_t rows, std::int64_t classes) {
  const int size = size_of(type);
  RowsView view = strides_of(layout, size, rows, classes);
  view.type = type;
  std::int64_t first = 0, last = 0;
  auto reach = [&](std::int64_t length, std::int64_t stride) {
    first += std::min<std::int64_t>(0, (length - 1) * stride);
    last += std::max<std::int64_t>(0, (length - 1) * stride);
  };
  for (int d = 0; d < view.dimensions; ++d) reach(view.shape[d], view.strides[d]);
  reach(classes, view.class_stride);
  Array array{std::make_unique<char[]>(static_cast<std::size_t>(last - first + size)), view};
  array.view.data = array.memory.get() - first;
  for (std::int64_t i = rows * classes; i-- > 0;) {
    const bool rows_shared = layout == Layout::one_row_repeated;
    const bool classes_shared = layout == Layout::one_class_repeated;
    const std::int64_t source = rows_shared      ? i % classes
                                : classes_shared ? i / classes * classes
                                                 : i;
    std::uint64_t& bits = patterns[static_cast<std::size_t>(i)];
    bits = patterns[static_cast<std::size_t>(source)];
    const std::int64_t row = i / classes, k = i % classes;
    // Not by RowsView::row, which is under test.
    const std::int64_t start = view.dimensions == 2
                                   ? row / 2 * view.strides[0] + row % 2 * view.strides[1]
                                   : row * view.strides[0];
    const char* at = array.view.data + start + k * view.class_stride;
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(const_cast<char*>(at), &bits, static_cast<std::size_t>(size));
  }
  return array;
}

inline std::vector<double> values_of(Type type, const std::vector<std::uint64_t>& patterns) {
  std::vector<double> values;
  for (const std::uint64_t bits : patterns) values.push_back(value_of(type, bits));
  return values;
}

// Numbers as contiguous rows of doubles, or of floats that hold them.
inline Array plain(const std::vector<double>& values, std::int64_t classes, Type type = Type::f64) {
  std::vector<std::uint64_t> patterns;
  for (const double x : values)
    patterns.push_back(type == Type::f64 ? std::bit_cast<std::uint64_t>(x)
                                         : std::bit_cast<std::uint32_t>(static_cast<float>(x)));
  return lay_out(Layout::contiguous, type, patterns,
                 static_cast<std::int64_t>(values.size()) / classes, classes);
}

}  // namespace layouts
