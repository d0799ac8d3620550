// Sums and counts that do not depend on the order of what enters them: their state is integers.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
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
  void add(double x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    const int exponent = static_cast<int>(bits >> 52) & 0x7ff;
    if (exponent == 0x7ff) throw std::invalid_argument("only finite values have an exact sum");
    const std::uint64_t fraction = bits & 0x000fffffffffffff;
    // Subnormals share the place of the smallest normal exponent, without its leading one.
    const std::uint64_t mantissa = exponent ? fraction | 0x0010000000000000 : fraction;
    const int place = exponent ? exponent - 1 : 0;
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

#ifdef __SIZEOF_INT128__
  // Adds whole units of 2^-104, fewer than 2^127 of them.
  void add_units(unsigned __int128 units) {
    constexpr int place = 1074 - unit_exponent;
    for (int index = place / 32; units; ++index, units >>= 32) {
      at(index)[0] += static_cast<std::int64_t>(static_cast<std::uint32_t>(units)) << place % 32;
      if (++pending_ >= most_pending) carry();
    }
  }
#endif

  // In a run of additions this is the unit of doubles from 2^-52 to 2^12, surprisals mostly.
  static constexpr int unit_exponent = 104;

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

  // The double nearest to the sum, ties to even.
  double rounded() const { return round(digits()); }

  static double round(const Digits& sum) {
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
    const int exponent = 32 * (sum.first + static_cast<int>(n) - 2) - zeros - 1074;
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

// Little-endian writing and reading of states; reading never trusts a length.
class Writer {
 public:
  template <class T>
  void put(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
      bytes_.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i)));
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  Reader(const char* data, std::size_t size) : at_(data), left_(size) {}

  template <class T>
  T get() {
    if (left_ < sizeof(T)) throw std::invalid_argument("the bytes end too early");
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(at_[i])) << (8 * i);
    at_ += sizeof(T);
    left_ -= sizeof(T);
    return static_cast<T>(value);
  }
  bool empty() const { return left_ == 0; }

 private:
  const char* at_;
  std::size_t left_;
};

inline std::int64_t checked_size(std::int64_t size) {
  if (size < 0) throw std::invalid_argument("a table has at least 0 places");
  return size;
}

// Up to 2,048 doubles on their way into an exact sum: the common ones meet in one wide integer,
// which is quicker than the sum itself, and exact as well.
class RunSum {
 public:
  static constexpr std::int64_t longest = 2048;

  void add(double x, ExactSum& sum) {
#ifdef __SIZEOF_INT128__
    const auto bits = std::bit_cast<std::uint64_t>(x);
    const std::uint64_t shift = (bits >> 52) - (1023 - 52);  // wraps for small and negative x
    if (shift < 64) {
      const std::uint64_t mantissa = (bits & 0x000fffffffffffff) | 0x0010000000000000;
      units_ += static_cast<unsigned __int128>(mantissa) << shift;
      return;
    }
#endif
    sum.add(x);
  }

  void flush(ExactSum& sum) {
#ifdef __SIZEOF_INT128__
    if (units_) sum.add_units(units_);
    units_ = 0;
#else
    static_cast<void>(sum);
#endif
  }

#ifdef __SIZEOF_INT128__
 private:
  unsigned __int128 units_ = 0;
#endif
};

// Many exact sums, by number. Infinite values and NaN are refused: they are counted by the caller,
// in columns of their own.
class ExactTable {
 public:
  explicit ExactTable(std::int64_t size) : slots_(static_cast<std::size_t>(checked_size(size))) {}

  std::int64_t size() const { return static_cast<std::int64_t>(slots_.size()); }

  ExactSum& slot(std::int64_t index) { return slots_[static_cast<std::size_t>(index)]; }
  const ExactSum& slot(std::int64_t index) const { return slots_[static_cast<std::size_t>(index)]; }

  // Both halves of the exact product enter; what it has below 2^-1074 is rounded.
  static void add_product(ExactSum& sum, double weight, double value) {
    const double product = weight * value;
    const double lost = std::fma(weight, value, -product);
    sum.add(product);
    if (lost != 0.0) sum.add(lost);
  }

  void merge(const ExactTable& other) {
    if (other.slots_.size() != slots_.size())
      throw std::invalid_argument("tables of different sizes do not merge");
    for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].merge(other.slots_[i]);
  }

  std::string to_bytes() const {
    Writer out;
    out.put<std::uint64_t>(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const Digits sum = slots_[i].digits();
      if (sum.sign == 0) continue;
      out.put<std::uint64_t>(i);
      out.put<std::uint8_t>(sum.sign < 0);
      out.put<std::uint8_t>(static_cast<std::uint8_t>(sum.first));
      out.put<std::uint8_t>(static_cast<std::uint8_t>(sum.digits.size()));
      for (const std::uint32_t digit : sum.digits) out.put<std::uint32_t>(digit);
    }
    return out.take();
  }

  static ExactTable from_bytes(const char* data, std::size_t size, std::int64_t slots) {
    Reader in(data, size);
    if (in.get<std::uint64_t>() != static_cast<std::uint64_t>(slots))
      throw std::invalid_argument("the table has another size than its header says");
    ExactTable table(slots);
    std::int64_t next = 0;
    while (!in.empty()) {
      const auto index = static_cast<std::int64_t>(in.get<std::uint64_t>());
      if (index < next || index >= slots) throw std::invalid_argument("slots out of order");
      next = index + 1;
      table.slot(index) = ExactSum::from_digits(read_digits(in));
    }
    return table;
  }

 private:
  // 2^64 times the largest double is below 2^(32·68) units of 2^-1074.
  static constexpr int most_digits = 68;

  static Digits read_digits(Reader& in) {
    Digits sum;
    const auto negative = in.get<std::uint8_t>();
    sum.sign = negative ? -1 : 1;
    sum.first = in.get<std::uint8_t>();
    const int count = in.get<std::uint8_t>();
    if (sum.first + count > most_digits)
      throw std::invalid_argument("a sum is larger than sums can be");
    for (int i = 0; i < count; ++i) sum.digits.push_back(in.get<std::uint32_t>());
    if (negative > 1 || count == 0 || sum.digits.front() == 0 || sum.digits.back() == 0)
      throw std::invalid_argument("a sum is not in its one form");
    return sum;
  }

  std::vector<ExactSum> slots_;
};

// Counts by key. Memory is taken from the system zeroed, so keys never met cost no page.
class Tally {
 public:
  explicit Tally(std::int64_t size)
      : size_(checked_size(size)),
        counts_(static_cast<std::int64_t*>(std::calloc(
            static_cast<std::size_t>(std::max<std::int64_t>(size, 1)), sizeof(std::int64_t)))) {
    if (!counts_) throw std::bad_alloc();
  }

  std::int64_t size() const { return size_; }
  std::int64_t* counts() { return counts_.get(); }
  const std::int64_t* counts() const { return counts_.get(); }

  void add(std::int64_t key, std::int64_t count = 1) {
    if (key < 0 || key >= size_) throw std::invalid_argument("a key outside the table");
    std::int64_t& held = counts_[static_cast<std::size_t>(key)];
    if (held > std::numeric_limits<std::int64_t>::max() - count)
      throw std::overflow_error("more rows than can be counted");
    held += count;
  }

  // One more of a key that is known to be in the table.
  void count(std::int64_t key) { ++counts_[static_cast<std::size_t>(key)]; }

  void merge(const Tally& other) {
    if (other.size_ != size_) throw std::invalid_argument("tables of different sizes do not merge");
    for (std::int64_t i = 0; i < size_; ++i)
      if (const auto count = other.counts_[static_cast<std::size_t>(i)]) add(i, count);
  }

  std::string to_bytes() const {
    Writer out;
    out.put<std::uint64_t>(static_cast<std::uint64_t>(size_));
    for (std::int64_t i = 0; i < size_; ++i)
      if (const auto count = counts_[static_cast<std::size_t>(i)]) {
        out.put<std::uint64_t>(static_cast<std::uint64_t>(i));
        out.put<std::uint64_t>(static_cast<std::uint64_t>(count));
      }
    return out.take();
  }

  static Tally from_bytes(const char* data, std::size_t size, std::int64_t keys) {
    Reader in(data, size);
    if (in.get<std::uint64_t>() != static_cast<std::uint64_t>(keys))
      throw std::invalid_argument("the table has another size than its header says");
    Tally tally(keys);
    std::int64_t next = 0;
    while (!in.empty()) {
      const auto key = static_cast<std::int64_t>(in.get<std::uint64_t>());
      const auto count = static_cast<std::int64_t>(in.get<std::uint64_t>());
      if (key < next || key >= keys || count <= 0) throw std::invalid_argument("keys out of order");
      next = key + 1;
      tally.add(key, count);
    }
    return tally;
  }

 private:
  struct Free {
    void operator()(std::int64_t* memory) const { std::free(memory); }
  };
  std::int64_t size_;
  std::unique_ptr<std::int64_t[], Free> counts_;
};

// A fixed hash of row ids: it decides groups and samples, so it must never change.
inline std::uint64_t mix(std::uint64_t x) {  // the finaliser of SplitMix64 (Steele et al., 2014)
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

inline std::uint64_t hash_bytes(const char* data, std::size_t size) {  // FNV-1a, then mixed
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < size; ++i)
    hash = (hash ^ static_cast<unsigned char>(data[i])) * 0x100000001b3;
  return mix(hash);
}

}  // namespace unsurprised
