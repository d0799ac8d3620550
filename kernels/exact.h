// Sums and counts that do not depend on the order of what enters them: their state is integers.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace unsurprised {

// The sign and the base-2^32 digits of a sum, trimmed at both ends: one sum has one such form.
struct Digits {
  int sign = 0;   // 0 for the sum 0, which has no digits
  int first = 0;  // digits[i] counts 2^(32·(first + i)) units of 2^-1074
  std::vector<std::uint32_t> digits;
};

// The exact sum of finite doubles: a small superaccumulator (Neal, arXiv 1505.05571). A double is
// cut into two integers that go to neighbouring limbs of 64 bits, 32 bits apart; carries wait until
// the spare bits could run out. Only the limbs that were met are stored.
class ExactSum {
 public:
  // Adds x · 2^up; with the least exponent it may not be below the units that the sum is in.
  void add(double x, int up = 0) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    const int exponent = static_cast<int>(bits >> 52) & 0x7ff;
    if (exponent == 0x7ff) throw std::invalid_argument("only finite values have an exact sum");
    const std::uint64_t fraction = bits & 0x000fffffffffffff;
    // Subnormals share the place of the smallest normal exponent, without its leading one.
    const std::uint64_t mantissa = exponent ? fraction | 0x0010000000000000 : fraction;
    const int place = (exponent ? exponent - 1 : 0) + up;
    const int shift = place % 32;
    const auto low = static_cast<std::int64_t>((mantissa << shift) & 0xffffffff);
    const auto high = static_cast<std::int64_t>(mantissa >> (32 - shift));
    std::int64_t* limb = at(place / 32);
    if (bits >> 63) {
      limb[0] -= low;
      limb[1] -= high;
    } else {
      limb[0] += low;
      limb[1] += high;
    }
    if (++pending_ >= most_pending) carry();
  }

  // Whether nothing has been added; such a sum is 0.
  bool untouched() const { return limbs_.empty(); }

  // Adds (or with sign −1 takes away) another sum.
  void merge(const ExactSum& other, int sign = 1) {
    if (other.limbs_.empty()) return;
    const Digits theirs = other.digits();
    if (theirs.sign == 0) return;
    carry();
    const int last = theirs.first + static_cast<int>(theirs.digits.size()) - 1;
    at(theirs.first);
    at(last);
    for (std::size_t i = 0; i < theirs.digits.size(); ++i)
      limbs_[static_cast<std::size_t>(theirs.first - base_) + i] +=
          sign * theirs.sign * static_cast<std::int64_t>(theirs.digits[i]);
    carry();
  }

  Digits digits() const {
    std::vector<std::int64_t> limbs = limbs_;
    int sign = 1;
    propagate(limbs);
    if (!limbs.empty() && limbs.back() < 0) {
      sign = -1;
      for (auto& limb : limbs) limb = -limb;
      propagate(limbs);
    }
    std::size_t from = 0, to = limbs.size();
    while (to > 0 && limbs[to - 1] == 0) --to;
    while (from < to && limbs[from] == 0) ++from;
    Digits result;
    if (from == to) return result;
    result.sign = sign;
    result.first = base_ + static_cast<int>(from);
    for (std::size_t i = from; i < to; ++i)
      result.digits.push_back(static_cast<std::uint32_t>(limbs[i]));
    return result;
  }

  static ExactSum from_digits(const Digits& digits) {
    ExactSum sum;
    if (digits.sign == 0) return sum;
    sum.base_ = digits.first;
    for (const std::uint32_t digit : digits.digits)
      sum.limbs_.push_back(digits.sign * static_cast<std::int64_t>(digit));
    sum.limbs_.push_back(0);
    sum.carry();
    return sum;
  }

  // The double nearest to the sum times 2^up, ties to even.
  double rounded(int up = 0) const { return round(digits(), up); }

  static double round(const Digits& sum, int up = 0) {
    if (sum.sign == 0) return 0.0;
    // The upper 64 bits of the number, the last of them set if anything below is not zero.
    const auto& d = sum.digits;
    const std::size_t n = d.size();
    auto digit = [&](std::size_t from_top) -> std::uint64_t {
      return from_top < n ? d[n - 1 - from_top] : 0;
    };
    const int zeros = std::countl_zero(static_cast<std::uint32_t>(digit(0)));
    std::uint64_t upper = (digit(0) << 32) | digit(1);
    if (zeros) upper = (upper << zeros) | (digit(2) >> (32 - zeros));
    bool below = zeros ? (digit(2) << zeros & 0xffffffff) != 0 : digit(2) != 0;
    for (std::size_t i = 3; i < n; ++i) below = below || digit(i) != 0;
    // Sums of doubles below the normal range have few digits and are exact: no double rounding.
    const int exponent = 32 * (sum.first + static_cast<int>(n) - 2) - zeros - 1074 + up;
    const double magnitude = std::ldexp(static_cast<double>(upper | (below ? 1 : 0)), exponent);
    return sum.sign * magnitude;
  }

 private:
  // The upper part of a double has at most 52 bits (a shift of 31 leaves 53 + 31 − 32), the lower
  // one and what a carry leaves have 32: 1000 of them stay below 2^62.
  static constexpr int most_pending = 1000;
  static constexpr std::int64_t largest_digit = 0xffffffff;

  static void propagate(std::vector<std::int64_t>& limbs) {
    for (std::size_t i = 0; i + 1 < limbs.size(); ++i) {
      const std::int64_t carried = limbs[i] >> 32;  // towards −∞, so what stays is in [0, 2^32)
      limbs[i] -= carried * (std::int64_t{1} << 32);
      limbs[i + 1] += carried;
    }
    while (!limbs.empty() && (limbs.back() > largest_digit || limbs.back() < -largest_digit)) {
      const std::int64_t carried = limbs.back() >> 32;
      limbs.back() -= carried * (std::int64_t{1} << 32);
      limbs.push_back(carried);
    }
  }

  void carry() {
    propagate(limbs_);
    pending_ = 0;
  }

  // The limb of an index and, behind it, its upper neighbour.
  std::int64_t* at(int index) {
    const int offset = index - base_;
    if (offset < 0 || offset + 1 >= static_cast<int>(limbs_.size())) return widen(index);
    return limbs_.data() + offset;
  }

  std::int64_t* widen(int index) {
    if (limbs_.empty()) base_ = index;
    if (index < base_) {
      limbs_.insert(limbs_.begin(), static_cast<std::size_t>(base_ - index), 0);
      base_ = index;
    }
    const auto needed = static_cast<std::size_t>(index - base_) + 2;
    if (limbs_.size() < needed) limbs_.resize(needed, 0);
    return limbs_.data() + (index - base_);
  }

  std::vector<std::int64_t> limbs_;
  std::int32_t base_ = 0;
  std::int32_t pending_ = 0;
};

}  // namespace unsurprised
