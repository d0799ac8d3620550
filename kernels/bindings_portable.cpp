// Elementary functions and small matrices for Python; see portable.h.
#include <nanobind/stl/string.h>

#include <string>

#include "bindings.h"
#include "portable.h"
#include "targets.h"

namespace unsurprised {

namespace {

Function function_named(const std::string& name) {
  static constexpr struct {
    const char* name;
    Function function;
  } functions[] = {{"exp", Function::exp},     {"exp2", Function::exp2},
                   {"expm1", Function::expm1}, {"log", Function::log},
                   {"log2", Function::log2},   {"log1p", Function::log1p},
                   {"erf", Function::erf},     {"log1mexp", Function::log1mexp}};
  for (const auto& entry : functions)
    if (name == entry.name) return entry.function;
  throw nb::value_error(("no kernel computes " + name).c_str());
}

void apply(const std::string& name, nb::handle values, nb::handle out) {
  const Function function = function_named(name);
  const Buffer in(values), answer(out, true);
  const std::int64_t count = in.count();
  const double* const x = in.contiguous<double>(count);
  double* const y = answer.contiguous<double>(count);
  const Apply run = target().portable.apply;
  const WithoutGil released;
  run(function, x, count, y);
}

template <class T>
void product(Multiply<T> run, const Buffer& a, const Buffer& b, const Buffer& out) {
  const Py_buffer &left = a.view(), &right = b.view();
  const std::int64_t size = sizeof(T);
  const bool fits = a.holds(floating, size) && left.ndim == 2 && right.ndim == 2 &&
                    left.shape[1] == right.shape[0] && left.strides[0] % size == 0 &&
                    left.strides[1] % size == 0;
  if (!fits) throw nb::value_error("matrices of other types or shapes were expected");
  const std::int64_t n = left.shape[0], k = left.shape[1], m = right.shape[1];
  const T* const y = b.contiguous<T>(k * m);
  T* const answer = out.contiguous<T>(n * m);
  const Strided<T> x{static_cast<const T*>(left.buf), left.strides[0] / size,
                     left.strides[1] / size};
  const WithoutGil released;
  run(x, y, n, k, m, answer);
}

// A product of matrices, in the precision of the first.
void multiply(nb::handle a, nb::handle b, nb::handle out) {
  const Buffer left(a), right(b), answer(out, true);
  const Portable& kernels = target().portable;
  if (left.view().itemsize == sizeof(float))
    product(kernels.multiply_single, left, right, answer);
  else
    product(kernels.multiply, left, right, answer);
}

bool factorise(nb::handle matrix, std::int64_t n) {
  const Buffer in(matrix, true);
  double* const values = in.contiguous<double>(n * n);
  const Factorise run = target().portable.factorise;
  const WithoutGil released;
  return run(values, n);
}

void solve(nb::handle factor, nb::handle right) {
  const Buffer in(factor), out(right, true);
  const std::int64_t n = out.count();
  const double* const u = in.contiguous<double>(n * n);
  double* const x = out.contiguous<double>(n);
  const Solve run = target().portable.solve;
  const WithoutGil released;
  run(u, n, x);
}

}  // namespace

void bind_portable(nb::module_& module) {
  module.def("apply", &apply, nb::arg("name"), nb::arg("values"), nb::arg("out"));
  module.def("multiply", &multiply, nb::arg("a"), nb::arg("b"), nb::arg("out"));
  module.def("factorise", &factorise, nb::arg("matrix"), nb::arg("n"));
  module.def("solve", &solve, nb::arg("factor"), nb::arg("right"));
}

}  // namespace unsurprised
