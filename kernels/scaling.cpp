#include "scaling.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "elementary.h"
#include "pack.h"

namespace UNSURPRISED_TARGET {

namespace {

constexpr int breadth = unsurprised::PackedRows::lanes;
using unsurprised::PackedRows;

// One number of each of the rows side by side.
struct Abreast {
  double lane[breadth];
};

UNSURPRISED_INLINE Abreast abreast(double value) {
  Abreast side;
  for (int l = 0; l < breadth; ++l) side.lane[l] = value;
  return side;
}

inline double total(Abreast side) {
  for (int half = breadth / 2; half; half /= 2)
    for (int l = 0; l < half; ++l) side.lane[l] += side.lane[l + half];
  return side.lane[0];
}

// ln of a mass of at least about one; NaN stays NaN.
UNSURPRISED_INLINE double log_of_mass(double mass) {
  const Parts parts = parts_of(mass);
  return log_from(parts.exponent, (parts.mantissa - 1.0) / (parts.mantissa + 1.0));
}

// Shares of a group of rows, not divided by their mass.
class Shares {
 public:
  explicit Shares(std::int64_t classes)
      : classes_(classes), powers_(static_cast<std::size_t>(classes)) {}

  void of(const double* x, const double* factors, const double* shifts) {
    top_ = abreast(-infinity);
    for (std::int64_t k = 0; k < classes_; ++k, x += breadth) {
      Abreast& score = powers_[static_cast<std::size_t>(k)];
      const double factor = factors[k], shift = shifts[k];
      for (int l = 0; l < breadth; ++l) {
        const bool possible = x[l] > -infinity;
        const double scaled = std::fma(factor, possible ? x[l] : 0.0, shift);
        score.lane[l] = possible ? scaled : -infinity;
        top_.lane[l] = score.lane[l] > top_.lane[l] ? score.lane[l] : top_.lane[l];
      }
    }
    mass_ = abreast(0.0);
    for (Abreast& score : powers_)
      for (int l = 0; l < breadth; ++l) {
        score.lane[l] = exp(score.lane[l] - top_.lane[l]);
        mass_.lane[l] += score.lane[l];
      }
  }

  const Abreast& power(std::int64_t k) const { return powers_[static_cast<std::size_t>(k)]; }
  const Abreast& top() const { return top_; }
  const Abreast& mass() const { return mass_; }

 private:
  std::int64_t classes_;
  std::vector<Abreast> powers_;
  Abreast top_, mass_;
};

}  // namespace

void tempered_sums(PackedRows rows, std::int64_t groups, double factor, double* sums) {
  Abreast means = abreast(0.0), variances = abreast(0.0);
  const double *x = rows.scores, *w = rows.weights;
  for (std::int64_t group = 0; group < groups; ++group, w += breadth) {
    Abreast top = abreast(-infinity);
    for (std::int64_t k = 0; k < rows.classes; ++k)
      for (int l = 0; l < breadth; ++l)
        top.lane[l] = x[k * breadth + l] > top.lane[l] ? x[k * breadth + l] : top.lane[l];
    Abreast mass = abreast(0.0), first = abreast(0.0), second = abreast(0.0);
    for (std::int64_t k = 0; k < rows.classes; ++k, x += breadth)
      for (int l = 0; l < breadth; ++l) {
        const double below = x[l] - top.lane[l];
        const bool possible = below > -infinity;
        const double gap = possible ? below : 0.0;
        const double power = exp(gap * factor);
        const double share = possible ? power : 0.0;
        const double weighted = share * gap;
        mass.lane[l] += share;
        first.lane[l] += weighted;
        second.lane[l] = std::fma(weighted, gap, second.lane[l]);
      }
    for (int l = 0; l < breadth; ++l) {
      const double mean = first.lane[l] / mass.lane[l];
      const double variance = second.lane[l] / mass.lane[l] - mean * mean;
      means.lane[l] += w[l] * (top.lane[l] + mean);
      variances.lane[l] += w[l] * variance;
    }
  }
  sums[0] = total(means);
  sums[1] = total(variances);
}

namespace {

// The share of a class in what happened.
template <bool soft>
UNSURPRISED_INLINE double happened(const double* truth, std::int64_t k, int l) {
  return soft ? truth[k * breadth + l] : truth[l] == static_cast<double>(k) ? 1.0 : 0.0;
}

template <bool soft>
void sums_of(PackedRows rows, std::int64_t groups, const double* factors, const double* shifts,
             double* sums) {
  const std::int64_t classes = rows.classes;
  Shares shares(classes);
  Abreast value = abreast(0.0);
  std::vector<Abreast> by_factor(static_cast<std::size_t>(classes), value), by_shift = by_factor;
  const double *x = rows.scores, *w = rows.weights, *truth = soft ? rows.shares : rows.labels;
  for (std::int64_t group = 0; group < groups; ++group) {
    shares.of(x, factors, shifts);
    Abreast at = abreast(0.0), part;
    for (int l = 0; l < breadth; ++l) part.lane[l] = w[l] / shares.mass().lane[l];
    for (std::int64_t k = 0; k < classes; ++k) {
      const Abreast& power = shares.power(k);
      Abreast &of_factor = by_factor[static_cast<std::size_t>(k)],
              &of_shift = by_shift[static_cast<std::size_t>(k)];
      for (int l = 0; l < breadth; ++l) {
        const double score = x[k * breadth + l], held = score > -infinity ? score : 0.0;
        const double truly = happened<soft>(truth, k, l);
        const double more = std::fma(power.lane[l], part.lane[l], -w[l] * truly);
        at.lane[l] = std::fma(truly, std::fma(factors[k], held, shifts[k]), at.lane[l]);
        of_shift.lane[l] += more;
        of_factor.lane[l] = std::fma(more, held, of_factor.lane[l]);
      }
    }
    for (int l = 0; l < breadth; ++l)
      value.lane[l] +=
          w[l] * ((shares.top().lane[l] - at.lane[l]) + log_of_mass(shares.mass().lane[l]));
    x += classes * breadth, w += breadth, truth += soft ? classes * breadth : breadth;
  }
  *sums++ = total(value);
  for (const Abreast& each : by_factor) *sums++ = total(each);
  for (const Abreast& each : by_shift) *sums++ = total(each);
}

}  // namespace

void scaled_sums(PackedRows rows, std::int64_t groups, const double* factors, const double* shifts,
                 double* sums) {
  (rows.labels ? sums_of<false> : sums_of<true>)(rows, groups, factors, shifts, sums);
}

namespace {

using Doubles = Pack<double>;
constexpr int rows_of_tile = 4, packs_of_tile = 2, columns_of_tile = packs_of_tile * Doubles::width;

// Adds to the upper triangle of a square matrix, by tiles, the products of the columns of a table
// with those of another, which has the weights in it.
void add_products(const Doubles* table, const double* weighted, std::int64_t rows,
                  std::int64_t size, double* matrix) {
  const std::int64_t packs = size / Doubles::width;
  for (std::int64_t i = 0; i < size; i += rows_of_tile)
    for (std::int64_t j = i / columns_of_tile * columns_of_tile; j < size; j += columns_of_tile) {
      const Doubles* of_row = table + j / Doubles::width;
      const double* factors = weighted + i;
      Doubles tile[rows_of_tile][packs_of_tile];
      for (std::int64_t r = 0; r < rows; ++r, of_row += packs, factors += size)
        for (int a = 0; a < rows_of_tile; ++a)
          for (int b = 0; b < packs_of_tile; ++b) tile[a][b].add_product(factors[a], of_row[b]);
      for (int a = 0; a < rows_of_tile; ++a) {
        double sums[columns_of_tile];
        std::memcpy(sums, static_cast<const void*>(tile[a]), sizeof sums);
        for (int b = 0; b < columns_of_tile; ++b) matrix[(i + a) * size + j + b] += sums[b];
      }
    }
}

}  // namespace

void scaled_curvature(PackedRows rows, std::int64_t groups, const double* factors,
                      const double* shifts, double* matrix) {
  constexpr std::int64_t groups_of_a_table = 8;
  const std::int64_t classes = rows.classes, parameters = 2 * classes;
  const std::int64_t size = (parameters + columns_of_tile - 1) / columns_of_tile * columns_of_tile;
  const auto area = static_cast<std::size_t>(size * breadth * groups_of_a_table);
  std::vector<double> table(area), weighted(area), products(static_cast<std::size_t>(size * size));
  std::vector<Doubles> packs(area / Doubles::width);
  std::vector<Abreast> squares(static_cast<std::size_t>(classes), abreast(0.0)), cross = squares,
                                                                                 ones = squares;
  Shares shares(classes);
  const double *x = rows.scores, *w = rows.weights;
  for (std::int64_t first = 0; first < groups; first += groups_of_a_table) {
    const std::int64_t held = std::min(groups - first, groups_of_a_table);
    for (std::int64_t group = 0; group < held; ++group, w += breadth) {
      shares.of(x, factors, shifts);
      double* const rows_of_group = table.data() + group * breadth * size;
      double* const with_weights = weighted.data() + group * breadth * size;
      for (std::int64_t k = 0; k < classes; ++k, x += breadth) {
        const auto place = static_cast<std::size_t>(k);
        Abreast share, along;
        for (int l = 0; l < breadth; ++l) {
          const double of = x[l] > -infinity ? x[l] : 0.0;
          share.lane[l] = shares.power(k).lane[l] / shares.mass().lane[l];
          along.lane[l] = share.lane[l] * of;
          const double heavy = w[l] * share.lane[l];
          ones[place].lane[l] += heavy;
          cross[place].lane[l] = std::fma(heavy, of, cross[place].lane[l]);
          squares[place].lane[l] = std::fma(heavy * of, of, squares[place].lane[l]);
        }
        for (int l = 0; l < breadth; ++l) {
          rows_of_group[l * size + k] = along.lane[l];
          rows_of_group[l * size + classes + k] = share.lane[l];
          with_weights[l * size + k] = w[l] * along.lane[l];
          with_weights[l * size + classes + k] = w[l] * share.lane[l];
        }
      }
    }
    std::memcpy(static_cast<void*>(packs.data()), table.data(), area * sizeof(double));
    add_products(packs.data(), weighted.data(), held * breadth, size, products.data());
  }
  for (std::int64_t i = 0; i < parameters; ++i)
    for (std::int64_t j = i; j < parameters; ++j)
      matrix[i * parameters + j] = -products[static_cast<std::size_t>(i * size + j)];
  for (std::int64_t k = 0; k < classes; ++k) {
    const auto place = static_cast<std::size_t>(k);
    matrix[k * parameters + k] += total(squares[place]);
    matrix[k * parameters + classes + k] += total(cross[place]);
    matrix[(classes + k) * parameters + classes + k] += total(ones[place]);
  }
}

double scaled_spread(PackedRows rows, std::int64_t count, const double* factors,
                     const double* shifts) {
  double widest = 0.0;
  const double* x = rows.scores;
  for (std::int64_t row = 0; row < count; row += breadth) {
    Abreast high = abreast(-infinity), low = abreast(infinity);
    for (std::int64_t k = 0; k < rows.classes; ++k, x += breadth)
      for (int l = 0; l < breadth; ++l) {
        const bool possible = x[l] > -infinity;
        const double score = std::fma(factors[k], possible ? x[l] : 0.0, shifts[k]);
        high.lane[l] = possible && score > high.lane[l] ? score : high.lane[l];
        low.lane[l] = possible && score < low.lane[l] ? score : low.lane[l];
      }
    for (int l = 0; l < breadth && row + l < count; ++l)
      widest = high.lane[l] - low.lane[l] > widest ? high.lane[l] - low.lane[l] : widest;
  }
  return widest;
}

}  // namespace UNSURPRISED_TARGET
