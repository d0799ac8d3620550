// Elementary functions and small matrices, with the same bits on every machine; the C library's
// functions and BLAS round as the processor suggests.
#pragma once

#include <cstdint>

namespace unsurprised {

enum class Function { exp, exp2, expm1, log, log2, log1p, log1mexp, erf };

// out[i] = f(in[i]), with IEEE 754's infinities and NaN; the two may be the same array. Errors are
// below 2 ulp; erf's, of a number that is not negative, below 1e-14.
using Apply = void (*)(Function f, const double* in, std::int64_t count, double* out);

// A matrix whose entries lie at these distances, in elements.
template <class T>
struct Strided {
  const T* data;
  std::int64_t row, column;
};

// out (n × m) = a (n × k) · b (k × m), b and out contiguous; each entry is the sum of its products,
// one after the other from 0 on, rounded each time.
template <class T>
using Multiply = void (*)(Strided<T> a, const T* b, std::int64_t n, std::int64_t k, std::int64_t m,
                          T* out);

// Replaces the upper triangle of a symmetric matrix by U of matrix = Uᵀ U; false where a pivot is
// not positive.
using Factorise = bool (*)(double* matrix, std::int64_t n);

// Replaces b by the x with Uᵀ U x = b.
using Solve = void (*)(const double* u, std::int64_t n, double* b);

struct Portable {
  Apply apply;
  Multiply<double> multiply;
  Multiply<float> multiply_single;
  Factorise factorise;
  Solve solve;
};

}  // namespace unsurprised
