// Rows in memory, and the doubles that the operations see: 16 lanes at a time.
//
// A step is 16 doubles. Along a row, a step is 16 neighbouring classes and the lanes are folded at
// the end by one fixed tree. Across rows, a step is one class of 16 rows and no lane meets another.
// The operations are written once for both; which one is taken depends on the number of classes
// alone, so the bits of a row's result do not depend on its neighbours.
#pragma once

#include <cstdint>

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

// Probabilities of single precision: a row of fewer classes is summed in 2 parts, of more in 8, so
// that it stays short longer; of still more, along the row.
inline constexpr std::int64_t many_classes_from = 16, narrow_along_from = 256;

// Elements of any type, widened; defined once for each instruction set (reading.cpp).
double load_one(const RowsView& view, std::int64_t row, std::int64_t index);
// `count` neighbouring classes, one double each; of what is narrow, one float each.
void load_run(const RowsView& view, const char* from, std::int64_t count, double* out);
void load_narrow_run(const RowsView& view, const char* from, std::int64_t count, float* out);

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

// The steps of one row (along) or of up to 16 rows (across). Short rows are loaded once; a long
// row comes a tile at a time, and from cache when an operation passes over it again.
class Block {
 public:
  static constexpr std::int64_t run = 32;  // so many steps lie side by side

  explicit Block(const Side& side)
      : across(goes_across(side.view.classes)),
        steps(across ? side.view.classes : (side.view.classes + lanes - 1) / lanes),
        view_(side.view),
        neutral_(side.form == Form::mass ? 0.0 : -infinity) {
    for (int l = 0; l < lanes; ++l) beyond_first[l] = across ? 0.0 : l;
  }

  const bool across;
  const std::int64_t steps;
  Lanes beyond_first;  // the class that a lane holds, less that of the first lane

  // The class that the first lane of a step holds, and by how much it grows from step to step.
  double first_class(std::int64_t s) const { return static_cast<double>(s) * classes_a_step(); }
  double classes_a_step() const { return across ? 1.0 : lanes; }
  double class_count() const { return static_cast<double>(view_.classes); }
  int rows_at_once() const { return across ? lanes : 1; }

  void open(std::int64_t row, int count);

  std::int64_t run_length(std::int64_t from) const {
    return steps - from < run ? steps - from : run;
  }

  // The steps from `s` on, where a run begins.
  const double* run_from(std::int64_t s) {
    if (s / tile_steps != tile_) load_tile(s / tile_steps);
    return buffer_ + (s % tile_steps) * lanes;
  }

  // The entry of one class in row `row`, which lane l holds.
  double entry(std::int64_t row, int l, std::int64_t index) const {
    return across ? buffer_[index * lanes + l] : load_one(view_, row, index);
  }

 private:
  static constexpr std::int64_t tile_steps = 256;
  static_assert(along_from <= tile_steps && tile_steps % run == 0);

  void load_across(std::int64_t row, int count);
  void load_tile(std::int64_t tile);

  const RowsView& view_;
  const double neutral_;
  const char* row_ = nullptr;
  std::int64_t tile_ = -1;
  alignas(64) double buffer_[tile_steps * lanes];
  alignas(64) double flat_[along_from * lanes];
};

// Sums a lane in runs of at most 32 plain additions; the runs are added without loss (Neumaier), so
// the error does not grow with the number of classes.
class Sum {
 public:
  UNSURPRISED_INLINE void add(const Lanes& part) {
    for (int l = 0; l < lanes; ++l) {
      const double sum = sum_[l] + part[l];
      const double back = sum - sum_[l];
      lost_[l] += (sum_[l] - (sum - back)) + (part[l] - back);
      sum_[l] = sum;
    }
  }

  // Across: a total for each lane. Along: the same total, by one fixed tree, in every lane.
  Lanes total(bool across) const;

 private:
  Lanes sum_ = all(0.0);
  Lanes lost_ = all(0.0);
};

// Calls `body(from, length, parts)` for all steps, in runs short enough for plain addition.
template <int Count, class Body>
inline void sum_runs(const Block& block, Sum (&sums)[Count], Body body) {
  for (std::int64_t from = 0; from < block.steps; from += Block::run) {
    Lanes parts[Count];
    for (int i = 0; i < Count; ++i) parts[i] = all(0.0);
    body(from, block.run_length(from), parts);
    for (int i = 0; i < Count; ++i) sums[i].add(parts[i]);
  }
}

// Whether any lane was flagged: of the row (along), of each row (across).
Lanes any(const Lanes& flags, bool across);

}  // namespace UNSURPRISED_TARGET
