// Rows that are hard to measure, made of bit patterns by integers alone: the same on every machine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "check.h"
#include "layouts.h"

namespace hard_rows {

using checks::Random;
using unsurprised::Type;

enum class Kind { plain, sparse, near, far, confident, subnormal, extreme, faulty };

struct NamedKind {
  Kind kind;
  const char* name;
};
inline constexpr NamedKind kinds[] = {
    {Kind::plain, "plain"},     {Kind::sparse, "sparse"},       {Kind::near, "nearly equal"},
    {Kind::far, "far apart"},   {Kind::confident, "confident"}, {Kind::subnormal, "subnormal"},
    {Kind::extreme, "extreme"}, {Kind::faulty, "faulty"},
};

// Where the fields of a floating type lie.
struct Fields {
  int exponent_bits, fraction_bits;

  std::int64_t bias() const { return (std::int64_t{1} << (exponent_bits - 1)) - 1; }
  std::uint64_t sign() const { return std::uint64_t{1} << (exponent_bits + fraction_bits); }
  std::uint64_t infinity() const { return sign() - (std::uint64_t{1} << fraction_bits); }

  // ±1.fraction · 2^exponent, with an exponent that the type has; below it, a subnormal.
  std::uint64_t number(bool negative, std::int64_t exponent, std::uint64_t random) const {
    const std::int64_t biased = std::clamp<std::int64_t>(exponent + bias(), 0, 2 * bias());
    return (negative ? sign() : 0) | static_cast<std::uint64_t>(biased) << fraction_bits |
           random >> (64 - fraction_bits);
  }
};

inline bool is_float(Type type) {
  return type == Type::f16 || type == Type::bf16 || type == Type::f32 || type == Type::f64;
}

inline Fields fields_of(Type type) {
  if (type == Type::f16) return {5, 10};
  if (type == Type::bf16) return {8, 7};
  return type == Type::f32 ? Fields{8, 23} : Fields{11, 52};
}

// The bits are drawn whether they are needed or not, so that types differ by rounding alone.
inline std::uint64_t float_bits(Type type, bool log, Kind kind, Random& random) {
  const Fields fields = fields_of(type);
  const std::uint64_t fraction = random.bits(), choice = random.bits();
  const std::int64_t low = random.below(13), any = random.below(2 * fields.bias());
  const bool negative = log && random.below(2);
  const std::uint64_t none = log ? fields.infinity() | fields.sign() : 0;
  // Sums of masses stay finite.
  const std::int64_t highest = log ? fields.bias() : fields.bias() - (type == Type::f16 ? 0 : 20);
  switch (kind) {
    case Kind::sparse:
      if (choice % 4) return none;
      break;
    case Kind::far:
      if (!log) return fields.number(false, std::min(any - fields.bias(), highest), fraction);
      return fields.number(negative, low - 3, fraction);
    case Kind::confident:
      return fields.number(log, log ? 5 + low % 2 : -low - 40, fraction);
    case Kind::subnormal:
      return fields.number(negative, -fields.bias(), fraction);
    case Kind::extreme:
      if (choice % 4 == 0) return none;
      if (choice % 4 == 1) return fields.number(negative, highest, ~std::uint64_t{0});
      return fields.number(negative, choice % 4 == 2 ? 0 : -fields.bias(),
                           choice % 8 ? 0 : fraction);
    case Kind::faulty:
      if (choice % 16 == 0) return fields.infinity() | (choice & 16 ? 1 : 0);
      return fields.number(choice % 16 == 1, -low, fraction);
    default:
      break;
  }
  return log ? fields.number(negative, low % 8 - 4, fraction)
             : fields.number(false, -low, fraction);
}

// A mass of any kind is at least 0 in 8, 16, 32 or 64 bits; only those that can be negative are
// faulty.
inline std::uint64_t integer_bits(Type type, bool log, Kind kind, Random& random) {
  const int bits = 8 * layouts::size_of(type);
  const bool is_signed =
      type == Type::i8 || type == Type::i16 || type == Type::i32 || type == Type::i64;
  const std::uint64_t most = ~std::uint64_t{0} >> (64 - bits + is_signed);
  const std::uint64_t drawn = random.bits(), choice = random.bits();
  const std::uint64_t zero_or_low = log && is_signed ? std::uint64_t{0} - 90 : 0;
  switch (kind) {
    case Kind::sparse:
      return choice % 4 ? zero_or_low : drawn % 100;
    case Kind::far:
      return log && is_signed && choice % 2 ? ~(drawn & most) : drawn & most;
    case Kind::subnormal:
      return choice % 2;
    case Kind::extreme:
      return choice % 4 == 0 ? 0 : choice % 4 == 1 ? most : log && is_signed ? ~most : 1;
    case Kind::faulty:
      return is_signed && choice % 16 == 0 ? ~(drawn & most) : drawn % 100;
    default:
      return log && is_signed ? drawn % 60 - 30 : drawn % 100;
  }
}

// One entry is above all others, or at least possible.
inline std::uint64_t best_bits(Type type, bool log, Kind kind) {
  if (!is_float(type)) return kind == Kind::confident ? 120 : 1;
  const Fields fields = fields_of(type);
  if (kind == Kind::subnormal) return fields.number(false, -fields.bias(), ~std::uint64_t{0});
  return fields.number(false, log && kind == Kind::confident ? 5 : 0, 0);
}

enum class Which { first, second };

// The patterns of rows × classes. Second rows that are nearly equal to the first ones are the same
// numbers, but for their last bits.
inline std::vector<std::uint64_t> patterns_of(Type type, bool log, Kind kind, std::int64_t rows,
                                              std::int64_t classes, Which which) {
  const bool second = which == Which::second;
  Random random(second && kind != Kind::near ? 2 : 1), nudge(3);
  std::vector<std::uint64_t> patterns;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t best = random.below(classes);
    for (std::int64_t k = 0; k < classes; ++k) {
      std::uint64_t bits = is_float(type) ? float_bits(type, log, kind, random)
                                          : integer_bits(type, log, kind, random);
      if (k == best && kind != Kind::faulty) bits = best_bits(type, log, kind);
      if (second && kind == Kind::near) bits ^= nudge.below(3) == 0;
      patterns.push_back(bits);
    }
  }
  return patterns;
}

}  // namespace hard_rows
