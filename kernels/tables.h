// Many exact sums and many counts, by number.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "exact.h"

namespace unsurprised {

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

// Whether a call is within a table. A copy of a table is nobody's.
class Occupied {
 public:
  Occupied() = default;
  Occupied(const Occupied&) {}
  Occupied& operator=(const Occupied&) { return *this; }

  bool enter() { return !held_.test_and_set(std::memory_order_acquire); }
  void leave() { held_.clear(std::memory_order_release); }

 private:
  std::atomic_flag held_;
};

// Has a table for itself for as long as this lives: two threads at once would tear its memory.
template <class T>
class Alone {
 public:
  explicit Alone(const T& table) : occupied_(table.occupied()) {
    if (!occupied_.enter())
      throw std::runtime_error("a table was entered by a second thread while a first is within it");
  }
  ~Alone() { occupied_.leave(); }
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;

 private:
  Occupied& occupied_;
};

// Many exact sums, by number. Infinite values and NaN are refused: they are counted by the caller,
// in columns of their own. Sums of a wide table count smaller units, of 2^-3378: it holds products
// of three doubles of whatever size. Memory is taken for neighbours once one of them is met, for of
// a hundred thousand classes most never happen; `together` sums from a multiple of it on lie side
// by side.
class ExactTable {
 public:
  static constexpr int wide_up = 2304;

  explicit ExactTable(std::int64_t size, bool wide = false, std::int64_t together = 1)
      : size_(checked_size(size)),
        run_(run_length(size, together)),
        runs_(static_cast<std::size_t>((size_ + run_ - 1) / run_)),
        wide_(wide) {}

  bool wide() const { return wide_; }

  std::int64_t size() const { return size_; }
  Occupied& occupied() const { return occupied_; }

  ExactSum& slot(std::int64_t index) {
    auto& run = runs_[static_cast<std::size_t>(index / run_)];
    if (run.empty()) run.resize(static_cast<std::size_t>(run_));
    return run[static_cast<std::size_t>(index % run_)];
  }
  const ExactSum& slot(std::int64_t index) const {
    static const ExactSum nothing;
    const auto& run = runs_[static_cast<std::size_t>(index / run_)];
    return run.empty() ? nothing : run[static_cast<std::size_t>(index % run_)];
  }

  // Calls body(index, sum) for every sum that may not be 0, ascending.
  template <class Body>
  void for_met(Body body) const {
    std::int64_t first = 0;
    for (const auto& run : runs_) {
      for (std::size_t i = 0; i < run.size(); ++i)
        if (!run[i].untouched()) body(first + static_cast<std::int64_t>(i), run[i]);
      first += run_;
    }
  }

  // Both halves of the exact product enter; what it has below 2^-1074 is rounded.
  static void add_product(ExactSum& sum, double weight, double value) {
    const double product = weight * value;
    const double lost = std::fma(weight, value, -product);
    sum.add(product);
    if (lost != 0.0) sum.add(lost);
  }

  void merge(const ExactTable& other) {
    if (other.size_ != size_ || other.wide_ != wide_)
      throw std::invalid_argument("tables of different sizes do not merge");
    other.for_met([&](std::int64_t index, const ExactSum& sum) { slot(index).merge(sum); });
  }

  std::string to_bytes() const {
    Writer out;
    out.put<std::uint64_t>(static_cast<std::uint64_t>(size_));
    for_met([&](std::int64_t index, const ExactSum& met) {
      const Digits sum = met.digits();
      if (sum.sign == 0) return;
      out.put<std::uint64_t>(static_cast<std::uint64_t>(index));
      out.put<std::uint8_t>(sum.sign < 0);
      out.put<std::uint8_t>(static_cast<std::uint8_t>(sum.first));
      out.put<std::uint8_t>(static_cast<std::uint8_t>(sum.digits.size()));
      for (const std::uint32_t digit : sum.digits) out.put<std::uint32_t>(digit);
    });
    return out.take();
  }

  static ExactTable from_bytes(const char* data, std::size_t size, std::int64_t slots,
                               bool wide = false, std::int64_t together = 1) {
    Reader in(data, size);
    if (in.get<std::uint64_t>() != static_cast<std::uint64_t>(slots))
      throw std::invalid_argument("the table has another size than its header says");
    ExactTable table(slots, wide, together);
    std::int64_t next = 0;
    while (!in.empty()) {
      const auto index = static_cast<std::int64_t>(in.get<std::uint64_t>());
      if (index < next || index >= slots) throw std::invalid_argument("slots out of order");
      next = index + 1;
      table.slot(index) = ExactSum::from_digits(read_digits(in, wide));
    }
    return table;
  }

 private:
  // 2^64 times the largest double is below 2^(32·68) units of 2^-1074, and 2^64 times its cube
  // below 2^(32·204) units of 2^-3378.
  static constexpr int most_digits = 68, most_wide_digits = 204;
  static constexpr std::int64_t least_run = 64;

  static std::int64_t run_length(std::int64_t size, std::int64_t together) {
    if (together < 1) throw std::invalid_argument("at least one sum lies by itself");
    const std::int64_t wanted = std::max<std::int64_t>(least_run / together, 1) * together;
    return std::max<std::int64_t>(std::min(wanted, size), 1);
  }

  static Digits read_digits(Reader& in, bool wide) {
    Digits sum;
    const auto negative = in.get<std::uint8_t>();
    sum.sign = negative ? -1 : 1;
    sum.first = in.get<std::uint8_t>();
    const int count = in.get<std::uint8_t>();
    if (sum.first + count > (wide ? most_wide_digits : most_digits))
      throw std::invalid_argument("a sum is larger than sums can be");
    for (int i = 0; i < count; ++i) sum.digits.push_back(in.get<std::uint32_t>());
    if (negative > 1 || count == 0 || sum.digits.front() == 0 || sum.digits.back() == 0)
      throw std::invalid_argument("a sum is not in its one form");
    return sum;
  }

  std::int64_t size_, run_;
  std::vector<std::vector<ExactSum>> runs_;  // empty until one of its sums is met
  bool wide_;
  mutable Occupied occupied_;
};

// Counts by key. Memory is taken from the system zeroed, so keys never met cost no page.
class Tally {
 public:
  static constexpr std::int64_t most_counted = std::int64_t{1} << 62;

  explicit Tally(std::int64_t size)
      : size_(checked_size(size)),
        counts_(static_cast<std::int64_t*>(std::calloc(
            static_cast<std::size_t>(std::max<std::int64_t>(size, 1)), sizeof(std::int64_t)))) {
    if (!counts_) throw std::bad_alloc();
  }

  std::int64_t size() const { return size_; }
  Occupied& occupied() const { return occupied_; }
  std::int64_t* counts() { return counts_.get(); }
  const std::int64_t* counts() const { return counts_.get(); }

  void add(std::int64_t key, std::int64_t count = 1) {
    if (key < 0 || key >= size_) throw std::invalid_argument("a key outside the table");
    std::int64_t& held = counts_[static_cast<std::size_t>(key)];
    if (held > most_counted - count) throw std::overflow_error("more rows than can be counted");
    held += count;
  }

  // One more of a key that is known to be in the table; no number of rows fills what is left
  // above what bytes and merges may bring.
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
      if (count > most_counted) throw std::invalid_argument("more rows than can be counted");
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
  mutable Occupied occupied_;
};

// Whether each label is the number beside it.
void agree(const std::int64_t* labels, const std::int32_t* others, std::int64_t count, bool* out);

// Isotonic regression: the values that never fall and are nearest to the given ones by weighted
// squares. Pool adjacent violators (Ayer, Brunk, Ewing, Reid and Silverman, 1955).
void pool_adjacent_violators(const double* values, const double* weights, std::int64_t count,
                             double* out);

// Counts keys major · width + minor with 0 ≤ minor < width; a modulus above 0 is taken of major.
template <class Major, class Minor>
void count_pairs(Tally& tally, const Major* major, const Minor* minor, std::int64_t count,
                 std::int64_t modulus, std::int64_t width);

// Counts the leading bits of doubles of at least 0; infinite ones are left out.
void count_leading_bits(Tally& tally, const double* values, std::int64_t count, int dropped_bits);

}  // namespace unsurprised
