#include "targets.h"

#include <cstring>

#define UNSURPRISED_DECLARE(target)                                                          \
  namespace target {                                                                         \
  void run(const unsurprised::Request&, std::int64_t, std::int64_t, unsurprised::Findings*); \
  void surprisals(const double*, double, std::int64_t, double*);                             \
  }

UNSURPRISED_DECLARE(baseline)
#ifdef UNSURPRISED_X86_TARGETS
UNSURPRISED_DECLARE(avx2)
UNSURPRISED_DECLARE(avx512)
#endif

namespace unsurprised {

namespace {

#ifdef UNSURPRISED_X86_TARGETS
bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif
bool always() {
  return true;
}

struct Choice {
  Target target;
  bool (*supported)();
};

constexpr Choice choices[] = {
// the best first
#ifdef UNSURPRISED_X86_TARGETS
    {{"avx512", avx512::run, avx512::surprisals}, has_avx512},
    {{"avx2", avx2::run, avx2::surprisals}, has_avx2},
#endif
    {{"baseline", baseline::run, baseline::surprisals}, always},
};

}  // namespace

const Target* choose_target(const char* name, const char** error) {
  for (const Choice& choice : choices) {
    if (name && *name && std::strcmp(name, choice.target.name) != 0) continue;
    if (choice.supported()) return &choice.target;
    if (name && *name) {
      *error = "this CPU does not support that instruction set";
      return nullptr;
    }
  }
  *error = "no such instruction set in this build; known names: baseline, avx2, avx512";
  return nullptr;
}

}  // namespace unsurprised
