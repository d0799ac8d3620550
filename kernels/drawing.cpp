#include "drawing.h"

#include <algorithm>
#include <vector>

#include "hashing.h"
#include "target.h"

namespace UNSURPRISED_TARGET {

void hash_rows(const std::int64_t*, std::uint64_t, std::int64_t, std::uint64_t, std::uint64_t*);

namespace {

using unsurprised::DrawnRows;

// Up to so many classes all are compared with a draw, above they are searched.
constexpr std::int64_t few_classes = 64;
// Rows at a time, on which all simulations draw: what is known of them stays in the cache.
constexpr std::int64_t rows_at_once = 256;

class Draws {
 public:
  explicit Draws(const DrawnRows& rows)
      : rows_(rows),
        few_(rows.classes <= few_classes),
        columns_(few_ ? static_cast<std::size_t>(rows.classes * rows_at_once) : 0) {}

  // From now on the rows are those from `first` on.
  void open(std::int64_t first, std::int64_t count) {
    first_ = first;
    count_ = count;
    if (!few_) return;
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t k = 0; k < rows_.classes; ++k)
        columns_[static_cast<std::size_t>(k * rows_at_once + i)] =
            rows_.reached[(first + i) * rows_.classes + k];
  }

  void draw(std::uint64_t simulation, double* sums) {
    hash_rows(nullptr, static_cast<std::uint64_t>(first_), count_,
              simulation ? unsurprised::mix(simulation) : 0, bits_);
    for (std::int64_t i = 0; i < count_; ++i) {
      const double whole = rows_.reached[(first_ + i + 1) * rows_.classes - 1];
      at_[i] = static_cast<double>(static_cast<std::int64_t>(bits_[i] >> 11)) * 0x1p-53 * whole;
    }
    if (few_)
      compare();
    else
      search();
    for (std::int64_t i = 0; i < count_; ++i) {
      const std::int64_t row = first_ + i;
      // What rounding leaves behind the last class that has a chance is that one.
      const auto label = std::min(static_cast<std::int64_t>(label_[i]),
                                  static_cast<std::int64_t>(rows_.last[row]));
      sums[label] += rows_.values[row * rows_.classes + label];
      sums[rows_.classes + label] += rows_.shares[row];
    }
  }

 private:
  void compare() {
    for (std::int64_t i = 0; i < rows_at_once; ++i) label_[i] = 0.0;
    for (std::int64_t k = 0; k + 1 < rows_.classes; ++k) {
      const double* const ends = columns_.data() + k * rows_at_once;
      for (std::int64_t i = 0; i < rows_at_once; ++i) label_[i] += ends[i] <= at_[i] ? 1.0 : 0.0;
    }
  }

  void search() {
    for (std::int64_t i = 0; i < count_; ++i) {
      const double* const ends = rows_.reached + (first_ + i) * rows_.classes;
      label_[i] = static_cast<double>(std::upper_bound(ends, ends + rows_.classes, at_[i]) - ends);
    }
  }

  const DrawnRows& rows_;
  const bool few_;
  std::vector<double> columns_;
  std::int64_t first_ = 0, count_ = 0;
  std::uint64_t bits_[rows_at_once] = {};
  double at_[rows_at_once] = {}, label_[rows_at_once] = {};
};

}  // namespace

void draw_sums(const DrawnRows& rows, std::int64_t first, std::int64_t last, double* sums) {
  Draws draws(rows);
  for (std::int64_t row = 0; row < rows.count; row += rows_at_once) {
    draws.open(row, std::min(rows.count - row, rows_at_once));
    for (std::int64_t simulation = first; simulation < last; ++simulation)
      draws.draw(static_cast<std::uint64_t>(simulation),
                 sums + (simulation - first) * 2 * rows.classes);
  }
}

}  // namespace UNSURPRISED_TARGET
