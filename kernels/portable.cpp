#include "portable.h"

#include <cstring>

#include "elementary.h"
#include "pack.h"

namespace UNSURPRISED_TARGET {

namespace {

using unsurprised::Function;
using unsurprised::Strided;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

UNSURPRISED_INLINE double any_exp(double x) {
  return exp(x > 710.0 ? 710.0 : x);  // which overflows
}

UNSURPRISED_INLINE double any_exp2(double x) {
  constexpr double to_integer = 0x1.8p52;
  const double held = x < -1100.0 ? -1100.0 : x > 1100.0 ? 1100.0 : x;
  const double n = (held + to_integer) - to_integer;
  const double half = (n * 0.5 + to_integer) - to_integer;
  return exp((held - n) * nats_per_bit) * power_of_two(half) * power_of_two(n - half);
}

// f of a positive finite number; elsewhere what a logarithm is there.
UNSURPRISED_INLINE double where_positive(double x, double value) {
  const double outside = x == 0.0 ? -infinity : x > 0.0 ? x : not_a_number;
  return x > 0.0 && x < infinity ? value : outside;
}

UNSURPRISED_INLINE double inside(double x) {
  return x > 0.0 && x < infinity ? x : 1.0;
}

UNSURPRISED_INLINE double any_log(double x) {
  const Parts parts = parts_of(inside(x));
  const double s = (parts.mantissa - 1.0) / (parts.mantissa + 1.0);
  return where_positive(x, log_from(parts.exponent, s));
}

UNSURPRISED_INLINE double any_log2(double x) {
  return where_positive(x, scaled_log2(inside(x), 0.0));
}

// ln(1 + x): of the rounded sum, and what the rounding lost.
UNSURPRISED_INLINE double any_log1p(double x) {
  const double sum = 1.0 + x;
  const double lost = x < 1.0 ? x - (sum - 1.0) : 1.0 - (sum - x);
  const double log = any_log(sum);
  return sum > 0.0 && sum < infinity ? log + lost / sum : log;
}

UNSURPRISED_INLINE double any_expm1(double x) {
  const bool small = x > -0.5 && x < 0.5;
  const double near = small ? x : 0.0;
  const double by_series = near + divergence_series(-near);
  const double far = any_exp(x) - 1.0;
  return small ? (x == 0.0 ? x : by_series) : far;
}

// ln(1 − e^x) for x ≤ 0, by the one of two ways that keeps its digits (Mächler, 2012).
UNSURPRISED_INLINE double any_log1mexp(double x) {
  const bool near = x > -nats_per_bit;
  const double of_near = any_log(-any_expm1(near ? x : -1.0));
  const double of_far = any_log1p(-any_exp(near ? -1.0 : x));
  return near ? of_near : of_far;
}

// 2/√π · e^(−x²) · Σ 2^n x^(2n + 1) / (2n + 1)!!, whose terms are all positive; 1 beyond 6.
UNSURPRISED_INLINE double any_erf(double x) {
  const double held = x > 6.0 ? 6.0 : x;
  const double square = held * held;
  double term = held, sum = held;
  for (int n = 1; n < 160; ++n) {
    term *= 2.0 * square / (2 * n + 1);
    sum += term;
  }
  const double value = 0x1.20dd750429b6dp+0 * exp(-square) * sum;
  return value > 1.0 ? 1.0 : value;
}

template <class F>
UNSURPRISED_INLINE void each(const double* in, std::int64_t count, double* out, F f) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = f(in[i]);
}

// A tile of the product: 4 rows, 2 packs of columns.
constexpr int tile_rows = 4, tile_packs = 2;
template <class T>
constexpr std::int64_t tile_columns = tile_packs * Pack<T>::width;

// So many rows of b are laid out as a panel at a time, within the first cache.
constexpr std::int64_t panel_rows = 64;
template <class T>
struct Panel {
  Pack<T> packs[panel_rows][tile_packs];

  // Some columns of some rows; what is beyond them keeps the zeros that it had.
  void fill(const T* b, std::int64_t stride, std::int64_t rows, std::int64_t columns) {
    for (std::int64_t p = 0; p < rows; ++p)
      std::memcpy(static_cast<void*>(packs[p]), b + p * stride,
                  static_cast<std::size_t>(columns) * sizeof(T));
  }
};

// Adds to a tile of the product what some rows of b give.
template <int rows, class T>
UNSURPRISED_INLINE void add_tile(Strided<T> a, const Panel<T>& panel, std::int64_t k,
                                 std::int64_t columns, T* out, std::int64_t stride) {
  // A size that is known is copied without a call.
  const bool whole = columns == tile_columns<T>;
  const auto some = static_cast<std::size_t>(columns) * sizeof(T);
  Pack<T> sums[rows][tile_packs];
  for (int r = 0; r < rows; ++r)
    if (whole)
      std::memcpy(static_cast<void*>(sums[r]), out + r * stride, sizeof sums[r]);
    else
      std::memcpy(static_cast<void*>(sums[r]), out + r * stride, some);
  for (std::int64_t p = 0; p < k; ++p)
    for (int r = 0; r < rows; ++r) {
      const T factor = a.data[r * a.row + p * a.column];
      for (int c = 0; c < tile_packs; ++c) sums[r][c].add_product(factor, panel.packs[p][c]);
    }
  for (int r = 0; r < rows; ++r)
    if (whole)
      std::memcpy(out + r * stride, sums[r], sizeof sums[r]);
    else
      std::memcpy(out + r * stride, sums[r], some);
}

template <class T>
Strided<T> from(Strided<T> a, std::int64_t row, std::int64_t column) {
  return {a.data + row * a.row + column * a.column, a.row, a.column};
}

template <class T>
void add_panel(Strided<T> a, const Panel<T>& panel, std::int64_t n, std::int64_t k,
               std::int64_t columns, T* out, std::int64_t stride) {
  std::int64_t i = 0;
  for (; i + tile_rows <= n; i += tile_rows)
    add_tile<tile_rows>(from(a, i, 0), panel, k, columns, out + i * stride, stride);
  for (; i < n; ++i) add_tile<1>(from(a, i, 0), panel, k, columns, out + i * stride, stride);
}

template <class T>
void by_panels(Strided<T> a, const T* b, std::int64_t n, std::int64_t k, std::int64_t m, T* out) {
  Panel<T> panel;
  for (std::int64_t p = 0; p < k; p += panel_rows)
    for (std::int64_t j = 0; j < m; j += tile_columns<T>) {
      const std::int64_t rows = k - p < panel_rows ? k - p : panel_rows;
      const std::int64_t columns = m - j < tile_columns<T> ? m - j : tile_columns<T>;
      if (columns < tile_columns<T>) panel = {};
      panel.fill(b + p * m + j, m, rows, columns);
      add_panel(from(a, 0, p), panel, n, rows, columns, out + j, m);
    }
}

// b is a vector; four rows of a at once, for an addition waits for the one before.
template <class T>
void by_vector(Strided<T> a, const T* b, std::int64_t n, std::int64_t k, T* out) {
  constexpr int rows = 4;
  std::int64_t i = 0;
  for (; i + rows <= n; i += rows)
    for (std::int64_t p = 0; p < k; ++p)
      for (int r = 0; r < rows; ++r) out[i + r] += a.data[(i + r) * a.row + p * a.column] * b[p];
  for (; i < n; ++i)
    for (std::int64_t p = 0; p < k; ++p) out[i] += a.data[i * a.row + p * a.column] * b[p];
}

// a is a vector, or some.
template <class T>
void by_rows(Strided<T> a, const T* b, std::int64_t n, std::int64_t k, std::int64_t m, T* out) {
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t p = 0; p < k; ++p) {
      const T factor = a.data[i * a.row + p * a.column];
      for (std::int64_t j = 0; j < m; ++j) out[i * m + j] += factor * b[p * m + j];
    }
}

template <class T>
void product(Strided<T> a, const T* b, std::int64_t n, std::int64_t k, std::int64_t m, T* out) {
  for (std::int64_t i = 0; i < n * m; ++i) out[i] = T(0);
  if (m == 1) return by_vector(a, b, n, k, out);
  if (n < tile_rows) return by_rows(a, b, n, k, m, out);
  by_panels(a, b, n, k, m, out);
}

}  // namespace

void apply(Function f, const double* in, std::int64_t count, double* out) {
  switch (f) {
    case Function::exp:
      return each(in, count, out, [](double x) { return any_exp(x); });
    case Function::exp2:
      return each(in, count, out, [](double x) { return any_exp2(x); });
    case Function::expm1:
      return each(in, count, out, [](double x) { return any_expm1(x); });
    case Function::log:
      return each(in, count, out, [](double x) { return any_log(x); });
    case Function::log2:
      return each(in, count, out, [](double x) { return any_log2(x); });
    case Function::log1p:
      return each(in, count, out, [](double x) { return any_log1p(x); });
    case Function::log1mexp:
      return each(in, count, out, [](double x) { return any_log1mexp(x); });
    case Function::erf:
      return each(in, count, out, [](double x) { return any_erf(x); });
  }
}

void multiply(Strided<double> a, const double* b, std::int64_t n, std::int64_t k, std::int64_t m,
              double* out) {
  product(a, b, n, k, m, out);
}

void multiply_single(Strided<float> a, const float* b, std::int64_t n, std::int64_t k,
                     std::int64_t m, float* out) {
  product(a, b, n, k, m, out);
}

bool factorise(double* matrix, std::int64_t n) {
  for (std::int64_t k = 0; k < n; ++k) {
    double* const pivot = matrix + k * n;
    if (!(pivot[k] > 0.0)) return false;
    const double size = std::sqrt(pivot[k]);
    for (std::int64_t j = k; j < n; ++j) pivot[j] /= size;
    for (std::int64_t i = k + 1; i < n; ++i) {
      double* const row = matrix + i * n;
      const double factor = pivot[i];
      for (std::int64_t j = i; j < n; ++j) row[j] -= factor * pivot[j];
    }
  }
  return true;
}

void solve(const double* u, std::int64_t n, double* b) {
  for (std::int64_t k = 0; k < n; ++k) {  // Uᵀ y = b
    b[k] /= u[k * n + k];
    for (std::int64_t j = k + 1; j < n; ++j) b[j] -= b[k] * u[k * n + j];
  }
  for (std::int64_t k = n - 1; k >= 0; --k) {  // U x = y
    for (std::int64_t j = k + 1; j < n; ++j) b[k] -= u[k * n + j] * b[j];
    b[k] /= u[k * n + k];
  }
}

}  // namespace UNSURPRISED_TARGET
