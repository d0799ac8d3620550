#include "powers.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <stdexcept>

namespace unsurprised {

namespace {

constexpr std::int64_t most_at_once = SegmentSums::most_values;
constexpr int up = ExactTable::wide_up;

// Between these ends products of three numbers, and what they lose, are doubles.
constexpr std::uint64_t lowest_exponent = 1023 - 300, highest_exponent = 1023 + 300;

bool ordinary(const double* values, std::int64_t count) {
  bool all = true;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t magnitude = std::bit_cast<std::uint64_t>(values[i]) << 1;
    const std::uint64_t exponent = magnitude >> 53;
    all &= (exponent - lowest_exponent <= highest_exponent - lowest_exponent) | (magnitude == 0);
  }
  return all;
}

// A number as a part of about one and a power of two: products of parts are always doubles.
struct Scaled {
  explicit Scaled(double x) : part(std::frexp(x, &exponent)) {}
  int exponent = 0;
  double part;
};

// Rows in the order of their places.
class Places {
 public:
  Places(const std::vector<ExactTable*>& tables, std::int64_t slots)
      : tables_(tables), slots_(slots) {
    for (const ExactTable* table : tables) {
      if (!table->wide() || table->size() % slots || table->size() != tables[0]->size())
        throw std::invalid_argument("the number of columns does not fit the table");
      count_ += table->size() / slots;
    }
  }

  // How many rows are sorted at once: of few places so many as stay in a cache.
  std::int64_t sorted_at_once(std::int64_t rows) const {
    return count_ <= most_at_once / 8 ? most_at_once : std::max(rows, most_at_once);
  }

  void sort(const std::int32_t* places, std::int64_t rows) {
    segments_.clear();
    if (!places) {
      segments_.push_back({0, static_cast<std::int32_t>(rows)});
      return;
    }
    for (std::int64_t i = 0; i < rows; ++i)
      if (places[i] < 0 || places[i] >= count_)
        throw std::invalid_argument("a place without a table");
    sorted_.resize(static_cast<std::size_t>(rows));
    // Of more places than rows most are empty: nothing is done for each of them.
    rows < count_ / 4 ? sort_by_comparing(places) : sort_by_counting(places);
  }

  // The rows of a place: all before `end` that no segment before it has.
  struct Segment {
    std::int64_t place;
    std::int32_t end;
  };

  const std::int32_t* sorted() const { return sorted_.empty() ? nullptr : sorted_.data(); }
  const Segment& segment(std::size_t index) const { return segments_[index]; }

  // The sums of a place, one behind the other.
  ExactSum* sums(std::int64_t place) const {
    const std::int64_t places = tables_[0]->size() / slots_;
    return &tables_[static_cast<std::size_t>(place / places)]->slot(place % places * slots_);
  }

 private:
  void sort_by_counting(const std::int32_t* places) {
    const std::size_t rows = sorted_.size();
    ends_.assign(static_cast<std::size_t>(count_) + 1, 0);
    for (std::size_t i = 0; i < rows; ++i) ++ends_[static_cast<std::size_t>(places[i]) + 1];
    for (std::size_t p = 1; p < ends_.size(); ++p) {
      if (ends_[p])
        segments_.push_back({static_cast<std::int64_t>(p) - 1, ends_[p - 1] + ends_[p]});
      ends_[p] += ends_[p - 1];
    }
    for (std::size_t i = 0; i < rows; ++i)
      sorted_[static_cast<std::size_t>(ends_[static_cast<std::size_t>(places[i])]++)] =
          static_cast<std::int32_t>(i);
  }

  void sort_by_comparing(const std::int32_t* places) {
    std::iota(sorted_.begin(), sorted_.end(), 0);
    std::sort(sorted_.begin(), sorted_.end(), [&](std::int32_t a, std::int32_t b) {
      return places[a] != places[b] ? places[a] < places[b] : a < b;
    });
    for (std::size_t i = 0; i < sorted_.size(); ++i) {
      const std::int32_t place = places[sorted_[i]];
      if (i == 0 || segments_.back().place != place) segments_.push_back({place, 0});
      segments_.back().end = static_cast<std::int32_t>(i + 1);
    }
  }

  const std::vector<ExactTable*>& tables_;
  const std::int64_t slots_;
  std::int64_t count_ = 0;
  std::vector<Segment> segments_;
  std::vector<std::int32_t> ends_, sorted_;
};

// Some rows on their way into the sums of their places.
class PowerRows {
 public:
  PowerRows(Places& places, const Target& target) : places_(places), target_(target) {}

  // From now on the rows are those from `from` on of the sorted ones, which begin at `first`.
  void open(std::int64_t first, std::int64_t from, std::int64_t rows, const double* weights) {
    first_ = first;
    from_ = from;
    rows_ = rows;
    segments_ = 0;
    if (from == 0) segment_ = 0;
    for (std::int64_t at = from; at < from + rows; ++segments_) {
      while (places_.segment(segment_).end <= at) ++segment_;
      const Places::Segment& segment = places_.segment(segment_);
      at = std::min<std::int64_t>(segment.end, from + rows);
      sums_[segments_] = places_.sums(segment.place);
      ends_[segments_] = static_cast<std::int32_t>(at - from);
    }
    weighted_ = weights != nullptr;
    if (!weighted_) return;
    gather(weights, w_);
    ordinary_weights_ = ordinary(w_, rows);
    if (!ordinary_weights_) return;
    target_.products(w_, w_, rows, w_squares_, w_lost_);
    for (std::int64_t i = 0; i < rows; ++i) w_cubes_[i] = w_[i] * w_squares_[i];
  }

  void add_column(const Column& column, std::int64_t slot) {
    if (column.nothing) return;
    if (!column.values && !column.flags) throw std::invalid_argument("a column without values");
    if (!weighted_ && column.flags) return add_counts(column.flags, slot);
    if (column.values)
      gather(column.values, x_);
    else
      gather(column.flags, x_);
    if (weighted_ && column.flags && ordinary_weights_)
      add_flagged(slot);
    else if (weighted_)
      add_weighted(slot);
    else
      add_plain(slot);
  }

  // What tells of the rows alone.
  void add_rows(std::int64_t slot) {
    if (!weighted_) {
      for (std::int64_t s = 0; s < segments_; ++s)
        sums_[s][slot].add(static_cast<double>(ends_[s] - (s ? ends_[s - 1] : 0)), up);
    } else if (ordinary_weights_) {
      add(w_squares_, {slot});
      add(w_lost_, {slot});
      add(w_cubes_, {slot + 1});
    } else {
      for_rows([&](ExactSum* sums, std::int64_t i) {
        const Scaled w(w_[i]);
        add_cube(sums[slot + 1], w, add_square(sums[slot], w, w));
      });
    }
  }

 private:
  template <class T>
  void gather(const T* values, double* to) {
    const std::int32_t* sorted = places_.sorted();
    if (sorted)
      for (std::int64_t i = 0; i < rows_; ++i)
        to[i] = static_cast<double>(values[first_ + sorted[from_ + i]]);
    else
      for (std::int64_t i = 0; i < rows_; ++i)
        to[i] = static_cast<double>(values[first_ + from_ + i]);
  }

  // All powers of 0 and 1 are as many as there are ones.
  void add_counts(const std::uint8_t* flags, std::int64_t slot) {
    const std::int32_t* sorted = places_.sorted();
    for (std::int64_t s = 0, i = 0; s < segments_; ++s) {
      std::int32_t count = 0;
      if (sorted)
        for (; i < ends_[s]; ++i) count += flags[first_ + sorted[from_ + i]];
      else
        for (; i < ends_[s]; ++i) count += flags[first_ + from_ + i];
      for (int power = 0; count && power < 3; ++power)
        sums_[s][slot + power].add(static_cast<double>(count), up);
    }
  }

  bool add_powers_at_once(std::int64_t slot) {
    int held[3];
    // Of short segments the parts would be more than the values.
    if (segments_ != 1 && segments_ * 16 > rows_) return false;
    if (!target_.sum_powers(x_, ends_, segments_, held, parts_)) return false;
    const double* part = parts_;
    for (std::int64_t s = 0; s < segments_; ++s)
      for (int power = 0; power < 3; ++power)
        for (int p = 0; p < held[power]; ++p, ++part)
          if (*part != 0.0) sums_[s][slot + power].add(*part, up);
    return true;
  }

  void add_plain(std::int64_t slot) {
    if (add_powers_at_once(slot)) return;
    add(x_, {slot});
    if (ordinary(x_, rows_)) {
      square(x_, x_, slot + 1);
      return cube(x_, slot + 2);
    }
    for_rows([&](ExactSum* sums, std::int64_t i) {
      const Scaled x(x_[i]);
      add_cube(sums[slot + 2], x, add_square(sums[slot + 1], x, x));
    });
  }

  void add_weighted(std::int64_t slot) {
    for (std::int64_t i = 0; i < rows_; ++i) x_[i] *= w_[i];
    if (ordinary_weights_ && ordinary(x_, rows_)) {
      square(x_, w_, slot);
      cube(w_, slot + 1);
      square(x_, x_, slot + 2);
      cube(w_, slot + 3);
      return cube(x_, slot + 4);
    }
    for_rows([&](ExactSum* sums, std::int64_t i) {
      const Scaled y(x_[i]), w(w_[i]);
      const Scaled mixed = add_square(sums[slot], y, w);
      add_cube(sums[slot + 1], w, mixed);
      const Scaled squared = add_square(sums[slot + 2], y, y);
      add_cube(sums[slot + 3], w, squared);
      add_cube(sums[slot + 4], y, squared);
    });
  }

  // Where x is 0 or 1 the products are those of the weights.
  void add_flagged(std::int64_t slot) {
    add_where_flagged(w_squares_, {slot, slot + 2});
    add_where_flagged(w_lost_, {slot, slot + 2});
    add_where_flagged(w_cubes_, {slot + 1, slot + 3, slot + 4});
  }

  void add_where_flagged(const double* values, std::initializer_list<std::int64_t> slots) {
    for (std::int64_t i = 0; i < rows_; ++i) squares_[i] = x_[i] != 0.0 ? values[i] : 0.0;
    add(squares_, slots);
  }

  void square(const double* a, const double* b, std::int64_t slot) {
    target_.products(a, b, rows_, squares_, lost_);
    add(squares_, {slot});
    add(lost_, {slot});
  }

  // Of the squares that were added last.
  void cube(const double* values, std::int64_t slot) {
    for (std::int64_t i = 0; i < rows_; ++i) cubes_[i] = values[i] * squares_[i];
    add(cubes_, {slot});
  }

  static Scaled add_square(ExactSum& sum, const Scaled& a, const Scaled& b) {
    Scaled found(0.0);
    found.part = a.part * b.part;
    found.exponent = a.exponent + b.exponent;
    add_scaled(sum, found.part, found.exponent);
    add_scaled(sum, std::fma(a.part, b.part, -found.part), found.exponent);
    return found;
  }

  static void add_scaled(ExactSum& sum, double part, int exponent) {
    if (part != 0.0) sum.add(part, up + exponent);
  }

  template <class Add>
  void for_rows(Add add_row) {
    for (std::int64_t s = 0, i = 0; s < segments_; ++s)
      for (; i < ends_[s]; ++i) add_row(sums_[s], i);
  }

  static void add_cube(ExactSum& sum, const Scaled& value, const Scaled& squared) {
    add_scaled(sum, value.part * squared.part, value.exponent + squared.exponent);
  }

  // Adds the values of each segment to some of its sums.
  void add(const double* values, std::initializer_list<std::int64_t> slots) {
    int parts = SegmentSums::unfit;
    // Of very short segments the values are fewer than the parts of their sums.
    if (segments_ * 4 <= rows_ || segments_ == 1)
      parts = target_.sum_segments(values, ends_, segments_, parts_);
    const double* part = parts_;
    for (std::int64_t s = 0, i = 0; s < segments_; ++s) {
      if (parts == SegmentSums::unfit)
        for (; i < ends_[s]; ++i)
          for (const std::int64_t slot : slots) sums_[s][slot].add(values[i], up);
      for (int p = 0; p < parts; ++p, ++part)
        if (*part != 0.0)
          for (const std::int64_t slot : slots) sums_[s][slot].add(*part, up);
    }
  }

  Places& places_;
  const Target& target_;
  std::size_t segment_ = 0;
  std::int64_t first_ = 0, from_ = 0, rows_ = 0, segments_ = 0;
  bool weighted_ = false, ordinary_weights_ = true;
  ExactSum* sums_[most_at_once];
  std::int32_t ends_[most_at_once];
  double x_[most_at_once], w_[most_at_once], squares_[most_at_once], lost_[most_at_once],
      cubes_[most_at_once];
  double w_squares_[most_at_once], w_lost_[most_at_once], w_cubes_[most_at_once];
  static_assert(PowerSums::most_parts == 4 * SegmentSums::most_parts);
  double parts_[most_at_once / 4 * SegmentSums::most_parts];
};

}  // namespace

void add_powers(const std::vector<ExactTable*>& tables, const std::vector<Column>& columns,
                const std::int32_t* places, const double* weights, std::int64_t rows,
                const Target& target) {
  const auto count = static_cast<std::int64_t>(columns.size());
  if (tables.empty() && rows > 0) throw std::invalid_argument("rows without a table");
  Places sorted(tables, power_slots(count, weights != nullptr));
  const auto run = std::make_unique<PowerRows>(sorted, target);
  const std::int64_t at_once = sorted.sorted_at_once(rows);
  for (std::int64_t first = 0; first < rows; first += at_once) {
    const std::int64_t held = std::min(rows - first, at_once);
    sorted.sort(places ? places + first : nullptr, held);
    for (std::int64_t from = 0; from < held; from += most_at_once) {
      run->open(first, from, std::min(held - from, most_at_once), weights);
      std::int64_t slot = 0;
      for (const Column& column : columns) {
        run->add_column(column, slot);
        slot += weights ? 5 : 3;
      }
      run->add_rows(slot);
    }
  }
}

}  // namespace unsurprised
