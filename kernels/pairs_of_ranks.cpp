#include "pairs_of_ranks.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "hashing.h"
#include "lines.h"
#include "pool.h"
#include "tree.h"

namespace unsurprised {

namespace {

using PlaceList = std::vector<std::int32_t>;

// Two columns in order, and at which place of its own a row's value is in each.
struct Sides {
  Line x, y;
  PlaceList y_places;  // by row

  Sides(const double* first, const double* second, std::int64_t rows)
      : x(first, nullptr, rows),
        y(second, nullptr, rows),
        y_places(static_cast<std::size_t>(rows)) {
    for (std::int64_t i = 0; i < rows; ++i)
      y_places[static_cast<std::size_t>(y.row(i))] = static_cast<std::int32_t>(i);
  }

  std::int64_t rows() const { return x.size(); }

  // The place in y of each place in x.
  PlaceList partners(const PlaceList& y_places_by_row) const {
    PlaceList found(static_cast<std::size_t>(rows()));
    for (std::int64_t i = 0; i < rows(); ++i)
      found[static_cast<std::size_t>(i)] = y_places_by_row[static_cast<std::size_t>(x.row(i))];
    return found;
  }
};

// Pairs by the ranks of both: cells that would hold two each, were the columns independent, however
// heavy their tails are.
class RankGrid {
 public:
  RankGrid(const Sides& sides, const PlaceList& partners) : sides_(sides), partners_(partners) {
    const std::int64_t rows = sides.rows();
    cells_ = std::max<std::int64_t>(
        static_cast<std::int64_t>(std::sqrt(static_cast<double>(rows) / 2.0)), 1);
    factor_ = (static_cast<std::uint64_t>(cells_) << 32) / static_cast<std::uint64_t>(rows);
    starts_.assign(size(cells_) + 1, 0);
    for (std::int64_t i = 0; i < rows; ++i) ++starts_[size(cell(i)) + 1];
    for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
    ends_.assign(size(cells_ * cells_) + 1, 0);
    for (std::int64_t i = 0; i < rows; ++i) ++ends_[size(cell(i) * cells_ + cell(partner(i))) + 1];
    double squares = 0.0;
    for (std::size_t i = 1; i < ends_.size(); ++i) {
      squares += static_cast<double>(ends_[i]) * static_cast<double>(ends_[i]);
      ends_[i] += ends_[i - 1];
    }
    even_ = squares <= fullest * static_cast<double>(rows);
    if (!even_) return;
    x_.resize(size(rows));
    y_.resize(size(rows));
    places_.resize(size(rows));
    std::vector<std::int32_t> next(ends_.begin(), ends_.end() - 1);
    for (std::int64_t i = 0; i < rows; ++i) {
      const auto to = size(next[size(cell(i) * cells_ + cell(partner(i)))]++);
      x_[to] = sides.x.value(i);
      y_[to] = sides.y.value(partner(i));
      places_[to] = static_cast<std::int32_t>(i);
    }
  }

  // Whether a search has few pairs to look at: those of a curve stand in few cells.
  bool even() const { return even_; }
  std::int64_t columns() const { return cells_; }

  // Calls body(place in x, distance to the k-th neighbour) for the pairs of a column of cells.
  template <int Size, class Body>
  void for_column(std::int64_t column, std::int64_t k, Body body) const {
    for (std::int64_t row = 0; row < cells_; ++row)
      for (std::int64_t i = end_before(column, row); i < end_before(column, row + 1); ++i)
        body(places_[size(i)], neighbour<Size>(column, row, x_[size(i)], y_[size(i)], k));
  }

 private:
  static constexpr double fullest = 10.0;

  static std::size_t size(std::int64_t i) { return static_cast<std::size_t>(i); }
  std::int64_t cell(std::int64_t place) const {
    return static_cast<std::int64_t>((static_cast<std::uint64_t>(place) * factor_) >> 32);
  }
  std::int64_t partner(std::int64_t place) const { return partners_[size(place)]; }
  std::int64_t end_before(std::int64_t column, std::int64_t row) const {
    return ends_[size(column * cells_ + row)];
  }

  // Cells around a pair's own, and more of them on whichever side something closer may stand.
  template <int Size>
  double neighbour(std::int64_t column, std::int64_t row, double x, double y,
                   std::int64_t k) const {
    Smallest<Size> smallest(k + 1);
    std::int64_t left = std::max<std::int64_t>(column - 1, 0),
                 low = std::max<std::int64_t>(row - 1, 0);
    std::int64_t right = std::min(column + 1, cells_ - 1), high = std::min(row + 1, cells_ - 1);
    const auto look = [&](std::int64_t at, std::int64_t from, std::int64_t to) {
      for (std::int64_t i = end_before(at, from); i < end_before(at, to + 1); ++i) {
        const double distance = std::max(std::fabs(x_[size(i)] - x), std::fabs(y_[size(i)] - y));
        smallest.take(distance);
      }
    };
    for (std::int64_t at = left; at <= right; ++at) look(at, low, high);
    for (;;) {
      const double worst = smallest.worst();
      if (left > 0 && x - sides_.x.value(starts_[size(left)] - 1) < worst) {
        look(--left, low, high);
      } else if (right + 1 < cells_ && sides_.x.value(starts_[size(right + 1)]) - x < worst) {
        look(++right, low, high);
      } else if (low > 0 && y - sides_.y.value(starts_[size(low)] - 1) < worst) {
        --low;
        for (std::int64_t at = left; at <= right; ++at) look(at, low, low);
      } else if (high + 1 < cells_ && sides_.y.value(starts_[size(high + 1)]) - y < worst) {
        ++high;
        for (std::int64_t at = left; at <= right; ++at) look(at, high, high);
      } else {
        return worst;
      }
    }
  }

  const Sides& sides_;
  const PlaceList& partners_;
  std::int64_t cells_;
  std::uint64_t factor_;
  std::vector<std::int64_t> starts_;  // of the cells along either side
  std::vector<std::int32_t> ends_, places_;
  std::vector<double> x_, y_;
  bool even_;
};

// Calls body(place in x, distance to the k-th neighbour) for each pair.
template <int Size, class Body>
void for_distances(const Sides& sides, const PlaceList& partners, std::int64_t k, int threads,
                   Body body) {
  const RankGrid grid(sides, partners);
  if (grid.even()) {
    constexpr std::int64_t at_a_time = 8;
    const std::int64_t columns = grid.columns();
    return in_parallel((columns + at_a_time - 1) / at_a_time, threads, [&](std::int64_t chunk) {
      const std::int64_t first = chunk * at_a_time;
      for (std::int64_t i = first; i < std::min(first + at_a_time, columns); ++i)
        grid.for_column<Size>(i, k, body);
    });
  }
  std::vector<double> points(partners.size() * 2);
  for (std::size_t i = 0; i < partners.size(); ++i) {
    points[2 * i] = sides.x.value(static_cast<std::int64_t>(i));
    points[2 * i + 1] = sides.y.value(partners[i]);
  }
  const Tree<2> tree(points.data(), 2, nullptr, sides.rows(), threads);
  constexpr std::int64_t at_a_time = 128;
  const std::int64_t leaves = tree.leaves();
  in_parallel((leaves + at_a_time - 1) / at_a_time, threads, [&](std::int64_t chunk) {
    const std::int64_t first = chunk * at_a_time;
    for (std::int64_t leaf = first; leaf < std::min(first + at_a_time, leaves); ++leaf)
      for (std::int64_t i = tree.leaf_start(leaf); i < tree.leaf_start(leaf + 1); ++i)
        body(tree.row(i), tree.neighbour<Size>(leaf, i, k));
  });
}

// Calls body(place in x, count in x, count in y) for each pair.
template <class Body>
void for_counts(const Sides& sides, const PlaceList& partners, std::int64_t k, int threads,
                Body body) {
  const auto count = [&](std::int64_t place, double radius) {
    const Within within{radius, false};
    body(place, sides.x.count(place, within),
         sides.y.count(partners[static_cast<std::size_t>(place)], within));
  };
  if (k <= 3)
    for_distances<4>(sides, partners, k, threads, count);
  else if (k <= 11)
    for_distances<12>(sides, partners, k, threads, count);
  else
    for_distances<0>(sides, partners, k, threads, count);
}

}  // namespace

void pair_counts(const double* x, const double* y, std::int64_t rows, std::int64_t k, int threads,
                 std::int64_t* x_counts, std::int64_t* y_counts) {
  const Sides sides(x, y, rows);
  for_counts(sides, sides.partners(sides.y_places), k, threads,
             [&](std::int64_t place, std::int64_t in_x, std::int64_t in_y) {
               const std::int64_t row = sides.x.row(place);
               x_counts[row] = in_x;
               y_counts[row] = in_y;
             });
}

template <class Number>
void shuffle(const Strata& strata, std::uint64_t stream, std::uint64_t number, Number* numbers) {
  std::uint64_t at = mix(stream + mix(number));
  for (std::int64_t stratum = 0; stratum < strata.count; ++stratum) {
    const std::int64_t* rows = strata.rows + strata.starts[stratum];
    for (std::int64_t i = strata.starts[stratum + 1] - strata.starts[stratum] - 1; i > 0; --i) {
      const auto other = ((mix(++at) >> 32) * static_cast<std::uint64_t>(i + 1)) >> 32;
      std::swap(numbers[rows[i]], numbers[rows[other]]);
    }
  }
}

template void shuffle(const Strata&, std::uint64_t, std::uint64_t, std::int64_t*);

void shuffled_sums(const double* x, const double* y, std::int64_t rows, std::int64_t k,
                   const Strata& strata, std::uint64_t stream, const std::int64_t* table,
                   std::int64_t shuffles, int threads, std::int64_t* sums) {
  const Sides sides(x, y, rows);
  in_parallel(shuffles, threads, [&](std::int64_t number) {
    PlaceList y_places = sides.y_places;
    shuffle(strata, stream, static_cast<std::uint64_t>(number), y_places.data());
    std::int64_t sum = 0;
    for_counts(sides, sides.partners(y_places), k, 1,
               [&](std::int64_t, std::int64_t in_x, std::int64_t in_y) {
                 sum += table[in_x] + table[in_y];
               });
    sums[number] = sum;
  });
}

}  // namespace unsurprised
