// Rows in memory, and the doubles that the operations see: 16 lanes at a time.
//
// A step is 16 doubles. Along a row, a step is 16 neighbouring classes and the lanes are folded at
// the end by one fixed tree. Across rows, a step is one class of 16 rows and no lane meets another.
// The operations are written once for both; which one is taken depends on the number of classes
// alone, so the bits of a row's result do not depend on its neighbours.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "elementary.h"

namespace unsurprised {

enum class Type { f16, bf16, f32, f64, i8, i16, i32, i64, u8, u16, u32 };
enum class Form { mass, log };

// Rows along the last axis of a strided array; strides are in bytes and may be 0 or negative.
struct RowsView {
  static constexpr int max_dimensions = 32;
  const char* data;
  Type type;
  std::int64_t classes;
  std::int64_t class_stride;
  int dimensions;  // of the axes before the last one
  std::int64_t shape[max_dimensions];
  std::int64_t strides[max_dimensions];

  UNSURPRISED_INLINE const char* row(std::int64_t index) const {
    const char* start = data;
    for (int d = dimensions - 1; d > 0; --d) {
      start += (index % shape[d]) * strides[d];
      index /= shape[d];
    }
    return dimensions ? start + index * strides[0] : start;
  }
};

// One side of an operation: what the rows mean and how far their sum may be from one.
struct Side {
  RowsView view;
  Form form;
  bool checks_sum;
  double tolerance;
};

}  // namespace unsurprised

namespace UNSURPRISED_TARGET {

using unsurprised::Form;
using unsurprised::RowsView;
using unsurprised::Side;
using unsurprised::Type;

inline constexpr int lanes = 16;

inline bool is_narrow(Type type) {
  return type == Type::f32 || type == Type::f16 || type == Type::bf16;
}

// The one place where the direction is chosen.
inline constexpr std::int64_t along_from = 64;
inline bool goes_across(std::int64_t classes) {
  return classes < along_from;
}
// What is measured in single precision: long rows of scores, and probabilities; counts are exact,
// of whatever type.
inline bool is_narrow_log(const Side& side) {
  return is_narrow(side.view.type) && side.form == Form::log && !goes_across(side.view.classes);
}
inline bool is_narrow_mass(const Side& side) {
  return is_narrow(side.view.type) && side.form == Form::mass && side.checks_sum;
}

// Probabilities of single precision: a row has 2 lanes, or 8, so that it stays short longer.
inline constexpr int few_classes_group = 2, many_classes_group = 8;
inline constexpr std::int64_t many_classes_from = 16, narrow_along_from = 256;

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

inline double load_one(const RowsView& view, std::int64_t row, std::int64_t index) {
  const char* at = view.row(row) + index * view.class_stride;
  return with_element(view.type, [at](auto element) { return decltype(element)::load(at); });
}

// `count` neighbouring classes, one double each.
inline void load_run(const RowsView& view, const char* from, std::int64_t count, double* out) {
  with_element(view.type, [&](auto element) {
    using E = decltype(element);
    if (view.class_stride == E::size)
      for (std::int64_t i = 0; i < count; ++i) out[i] = E::load(from + i * E::size);
    else
      for (std::int64_t i = 0; i < count; ++i) out[i] = E::load(from + i * view.class_stride);
  });
}

// The steps of one row (along) or of up to 16 rows (across). Short rows are loaded once; a long
// row comes a tile at a time, and from cache when an operation passes over it again.
template <bool Across>
class Block {
 public:
  explicit Block(const Side& side)
      : view_(side.view),
        neutral_(side.form == Form::mass ? 0.0 : -infinity),
        steps_(Across ? view_.classes : (view_.classes + lanes - 1) / lanes) {}

  void open(std::int64_t row, int count) {
    if constexpr (Across)
      load_across(row, count);
    else {
      row_ = view_.row(row);
      tile_ = -1;
    }
  }

  std::int64_t steps() const { return steps_; }
  double class_count() const { return static_cast<double>(view_.classes); }

  const double* step(std::int64_t s) {
    if constexpr (Across) return buffer_ + s * lanes;
    if (s / tile_steps != tile_) load_tile(s / tile_steps);
    return buffer_ + (s % tile_steps) * lanes;
  }

  // The entry of one class in row `row`, which lane l holds.
  double entry(std::int64_t row, int l, std::int64_t index) const {
    if constexpr (Across) return buffer_[index * lanes + l];
    return load_one(view_, row, index);
  }

  // The class that lane l of step s holds.
  static double class_at(std::int64_t s, int l) {
    return static_cast<double>(Across ? s : s * lanes + l);
  }

 private:
  static constexpr std::int64_t tile_steps = 256;
  static_assert(along_from <= tile_steps);

  void load_across(std::int64_t row, int count) {
    if (count < lanes)
      for (std::int64_t i = 0; i < steps_ * lanes; ++i) buffer_[i] = neutral_;
    // Rows that lie side by side are widened in one go, then turned.
    const char* const start = view_.row(row);
    const std::int64_t pitch = steps_ * view_.class_stride;
    const bool dense = count == lanes && view_.row(row + lanes - 1) - start == (lanes - 1) * pitch;
    if (dense && view_.dimensions == 1) {
      load_run(view_, start, steps_ * lanes, flat_);
      for (int l = 0; l < lanes; ++l)
        for (std::int64_t s = 0; s < steps_; ++s) buffer_[s * lanes + l] = flat_[l * steps_ + s];
      return;
    }
    for (int l = 0; l < count; ++l) {
      load_run(view_, view_.row(row + l), steps_, flat_);
      for (std::int64_t s = 0; s < steps_; ++s) buffer_[s * lanes + l] = flat_[s];
    }
  }

  void load_tile(std::int64_t tile) {
    tile_ = tile;
    const std::int64_t first = tile * tile_steps * lanes;
    const std::int64_t left = view_.classes - first;
    const std::int64_t count = left < tile_steps * lanes ? left : tile_steps * lanes;
    load_run(view_, row_ + first * view_.class_stride, count, buffer_);
    for (std::int64_t i = count; i % lanes; ++i) buffer_[i] = neutral_;
  }

  const RowsView& view_;
  const double neutral_;
  const std::int64_t steps_;
  const char* row_ = nullptr;
  std::int64_t tile_ = -1;
  alignas(64) double buffer_[tile_steps * lanes];
  alignas(64) double flat_[Across ? along_from * lanes : 1];
};

// A number for each lane.
struct alignas(64) Lanes {
  double at[lanes];
  double& operator[](int l) { return at[l]; }
  double operator[](int l) const { return at[l]; }
};

inline Lanes all(double value) {
  Lanes result;
  for (int l = 0; l < lanes; ++l) result[l] = value;
  return result;
}

// Sums a lane in runs of at most 32 plain additions; the runs are added without loss (Neumaier), so
// the error does not grow with the number of classes.
template <bool Across>
class Sum {
 public:
  static constexpr std::int64_t run = 32;

  void add(const Lanes& part) {
    for (int l = 0; l < lanes; ++l) {
      const double sum = sum_[l] + part[l];
      const double back = sum - sum_[l];
      lost_[l] += (sum_[l] - (sum - back)) + (part[l] - back);
      sum_[l] = sum;
    }
  }

  // Across: a total for each lane. Along: the same total, by one fixed tree, in every lane.
  Lanes total() const {
    Lanes result;
    for (int l = 0; l < lanes; ++l) {
      // An infinite sum leaves NaN in what was lost.
      const bool finite = sum_[l] - sum_[l] == 0.0;
      result[l] = finite ? sum_[l] + lost_[l] : sum_[l];
    }
    if constexpr (!Across) {
      for (int width = lanes / 2; width; width /= 2)
        for (int l = 0; l < width; ++l) result[l] += result[l + width];
      result = all(result[0]);
    }
    return result;
  }

 private:
  Lanes sum_ = all(0.0);
  Lanes lost_ = all(0.0);
};

// Runs `body(s, parts)` over all steps, in runs short enough for plain addition.
template <bool Across, int Count, class Body>
inline void sum_steps(std::int64_t steps, Sum<Across> (&sums)[Count], Body body) {
  for (std::int64_t from = 0; from < steps; from += Sum<Across>::run) {
    const std::int64_t left = steps - from;
    const std::int64_t to = from + (left < Sum<Across>::run ? left : Sum<Across>::run);
    Lanes parts[Count];
    for (int i = 0; i < Count; ++i) parts[i] = all(0.0);
    for (std::int64_t s = from; s < to; ++s) body(s, parts);
    for (int i = 0; i < Count; ++i) sums[i].add(parts[i]);
  }
}

// Whether any lane was flagged: of the row (along), of each row (across).
template <bool Across>
inline Lanes any(const Lanes& flags) {
  if constexpr (!Across) {
    double found = 0.0;
    for (int l = 0; l < lanes; ++l) found = flags[l] != 0.0 ? 1.0 : found;
    return all(found);
  }
  return flags;
}

}  // namespace UNSURPRISED_TARGET
