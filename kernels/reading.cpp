// Elements of all types, widened: the one place where the type is chosen.
#include <cstring>

#include "elements.h"

namespace UNSURPRISED_TARGET {

namespace {

#if defined(__F16C__)
// Spelled out: <immintrin.h> takes longer to compile than all that is here.
using EightHalves = short __attribute__((vector_size(16)));
#endif

// `count` entries, one float each.
template <class E>
void widen(const char* from, std::int64_t stride, std::int64_t count, float* to) {
  std::int64_t i = 0;
#if defined(__F16C__)
  // The same numbers as Element<Half>'s; compilers do not find the instruction by themselves.
  if constexpr (std::is_same_v<E, Element<Half>>)
    if (stride == E::size)
      for (; i + 8 <= count; i += 8) {
        const auto floats = __builtin_ia32_vcvtph2ps256(read<EightHalves>(from + i * E::size));
        std::memcpy(to + i, &floats, sizeof floats);
      }
#endif
  if (stride == E::size)
    for (; i < count; ++i) to[i] = E::load_narrow(from + i * E::size);
  else
    for (; i < count; ++i) to[i] = E::load_narrow(from + i * stride);
}

// Calls f with the Element of a type that is narrow.
template <class F>
inline auto with_narrow_element(Type type, F f) {
  if (type == Type::f16) return f(Element<Half>{});
  if (type == Type::bf16) return f(Element<BrainFloat>{});
  return f(Element<float>{});
}

}  // namespace

double load_one(const RowsView& view, std::int64_t row, std::int64_t index) {
  const char* at = view.row(row) + index * view.class_stride;
  return with_element(view.type, [at](auto element) { return decltype(element)::load(at); });
}

void load_run(const RowsView& view, const char* from, std::int64_t count, double* out) {
  with_element(view.type, [&](auto element) {
    using E = decltype(element);
    if (view.class_stride == E::size)
      for (std::int64_t i = 0; i < count; ++i) out[i] = E::load(from + i * E::size);
    else
      for (std::int64_t i = 0; i < count; ++i) out[i] = E::load(from + i * view.class_stride);
  });
}

void load_narrow_run(const RowsView& view, const char* from, std::int64_t count, float* out) {
  with_narrow_element(view.type, [&](auto element) {
    widen<decltype(element)>(from, view.class_stride, count, out);
  });
}

}  // namespace UNSURPRISED_TARGET
