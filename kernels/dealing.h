// Rows that chance deals out: draws of a hypergeometric distribution, the same on every machine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "elementary.h"
#include "hashing.h"
#include "target.h"

namespace UNSURPRISED_TARGET {

// Of fewer rows than this each is dealt by itself; a distribution takes as long as some of them.
inline constexpr std::int64_t dealt_singly = 24;

class UniformNumbers {
 public:
  UniformNumbers(std::uint64_t stream, std::int64_t permutation)
      : at_(unsurprised::mix(stream ^ unsurprised::mix(static_cast<std::uint64_t>(permutation)))) {}

  // Above 0 and below 1.
  double next() {
    const std::uint64_t bits = unsurprised::mix(at_++) >> 12;
    return (static_cast<double>(static_cast<std::int64_t>(bits)) + 0.5) * 0x1p-52;
  }

 private:
  std::uint64_t at_;
};

// ln k!; by Stirling's series from 16 on, whose first term left out is below 1e-14.
inline double log_factorial(double k) {
  if (k < 16.0) {
    double product = 1.0;
    for (double i = 2.0; i <= k; i += 1.0) product *= i;
    return natural_log(product);
  }
  constexpr double half_log_two_pi = 0x1.d67f1c864beb5p-1;
  const double r = 1.0 / k, z = r * r;
  const double series = r * (1.0 / 12.0 - z * (1.0 / 360.0 - z * (1.0 / 1260.0 - z / 1680.0)));
  return (k + 0.5) * natural_log(k) - k + half_log_two_pi + series;
}

inline double log_choose(double n, double k) {
  return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

// How many of `drawn` rows are among the `marked` ones of `rows`, row by row.
inline std::int64_t dealt_row_by_row(std::int64_t rows, std::int64_t marked, std::int64_t drawn,
                                     UniformNumbers& draws) {
  std::int64_t left = marked;
  for (std::int64_t i = 0; i < drawn; ++i)
    left -= draws.next() * static_cast<double>(rows - i) < static_cast<double>(left) ? 1 : 0;
  return marked - left;
}

// The same by inversion of the hypergeometric distribution, from its mode outwards.
inline std::int64_t dealt_at_once(std::int64_t rows, std::int64_t marked, std::int64_t drawn,
                                  UniformNumbers& draws) {
  const auto all = static_cast<double>(rows), n = static_cast<double>(marked),
             t = static_cast<double>(drawn);
  const double others = all - n;
  const double least = std::max(0.0, t - others), most = std::min(t, n);
  if (least >= most) return static_cast<std::int64_t>(least);
  const double mode =
      std::min(std::max(std::floor((t + 1.0) * ((n + 1.0) / (all + 2.0))), least), most);
  double above = exp(log_choose(n, mode) + log_choose(others, t - mode) - log_choose(all, t));
  double left = draws.next() - above;
  if (left < 0.0) return static_cast<std::int64_t>(mode);
  double below = above, high = mode, low = mode;
  while ((high < most || low > least) && above + below > 1e-300) {
    if (high < most) {
      above *= ((t - high) * (n - high)) / ((high + 1.0) * (others - t + high + 1.0));
      high += 1.0;
      left -= above;
      if (left < 0.0) return static_cast<std::int64_t>(high);
    } else {
      above = 0.0;
    }
    if (low > least) {
      below *= (low * (others - t + low)) / ((t - low + 1.0) * (n - low + 1.0));
      low -= 1.0;
      left -= below;
      if (left < 0.0) return static_cast<std::int64_t>(low);
    } else {
      below = 0.0;
    }
  }
  return static_cast<std::int64_t>(mode);  // what rounding leaves over
}

// How many of `drawn` rows are among the `marked` ones of `rows`, all being as likely.
inline std::int64_t dealt(std::int64_t rows, std::int64_t marked, std::int64_t drawn,
                          UniformNumbers& draws) {
  return drawn < dealt_singly ? dealt_row_by_row(rows, marked, drawn, draws)
                              : dealt_at_once(rows, marked, drawn, draws);
}

}  // namespace UNSURPRISED_TARGET
