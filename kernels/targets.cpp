#include "targets.h"

#include <cstring>

#define UNSURPRISED_DECLARE(target)                                                                \
  namespace target {                                                                               \
  void run(const unsurprised::Request&, std::int64_t, std::int64_t, unsurprised::Findings*);       \
  void pair_facts(const unsurprised::PairRequest&, std::int64_t, std::int64_t,                     \
                  unsurprised::Findings*);                                                         \
  void floored_facts(const unsurprised::FlooredPairs&, std::int64_t, std::int64_t);                \
  void floored_rows(const unsurprised::FlooredSide&, const std::int64_t*, std::int64_t,            \
                    std::int64_t);                                                                 \
  void surprisals(const double*, double, std::int64_t, double*);                                   \
  int sum_segments(const double*, const std::int32_t*, std::int64_t, double*);                     \
  bool sum_powers(const double*, const std::int32_t*, std::int64_t, int*, double*);                \
  void products(const double*, const double*, std::int64_t, double*, double*);                     \
  void hash_rows(const std::int64_t*, std::uint64_t, std::int64_t, std::uint64_t, std::uint64_t*); \
  void leaders(const unsurprised::Side&, std::int64_t, std::int64_t, double, std::int64_t*,        \
               double*);                                                                           \
  void add_shares(const unsurprised::ShareRows&, std::int64_t, std::int64_t, double*, double*);    \
  void shares_of(const unsurprised::Side&, std::int64_t, double, double, float*);                  \
  void tempered_sums(unsurprised::PackedRows, std::int64_t, double, double*);                      \
  void scaled_sums(unsurprised::PackedRows, std::int64_t, const double*, const double*, double*);  \
  void scaled_curvature(unsurprised::PackedRows, std::int64_t, const double*, const double*,       \
                        double*);                                                                  \
  double scaled_spread(unsurprised::PackedRows, std::int64_t, const double*, const double*);       \
  void draw_sums(const unsurprised::DrawnRows&, std::int64_t, std::int64_t, double*);              \
  void softmax(double*, std::int64_t, std::int64_t, double*, double*);                             \
  void softmax_gradient(const unsurprised::SoftmaxRows&, std::int64_t, std::int64_t);              \
  void apply(unsurprised::Function, const double*, std::int64_t, double*);                         \
  void multiply(unsurprised::Strided<double>, const double*, std::int64_t, std::int64_t,           \
                std::int64_t, double*);                                                            \
  void multiply_single(unsurprised::Strided<float>, const float*, std::int64_t, std::int64_t,      \
                       std::int64_t, float*);                                                      \
  bool factorise(double*, std::int64_t);                                                           \
  void solve(const double*, std::int64_t, double*);                                                \
  void divergence_terms(const unsurprised::TwoSamples&, double*);                                  \
  void permuted_divergences(const unsurprised::TwoSamples&, std::uint64_t, std::int64_t,           \
                            std::int64_t, double*);                                                \
  void shuffled_tables(const unsurprised::Margins&, std::uint64_t, std::int64_t, std::int64_t,     \
                       std::int64_t*);                                                             \
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

#define UNSURPRISED_FUNCTIONS(target)                                                              \
  #target, target::run, target::pair_facts, target::floored_facts, target::floored_rows,           \
      target::surprisals, target::sum_segments, target::sum_powers, target::products,              \
      target::hash_rows, target::leaders, target::add_shares, target::shares_of,                   \
      target::tempered_sums, target::scaled_sums, target::scaled_curvature, target::scaled_spread, \
      target::draw_sums, target::softmax, target::softmax_gradient,                                \
      {target::apply, target::multiply, target::multiply_single, target::factorise,                \
       target::solve},                                                                             \
      {target::divergence_terms, target::permuted_divergences}, target::shuffled_tables

struct Choice {
  Target target;
  bool (*supported)();
};

constexpr Choice choices[] = {
// the best first
#ifdef UNSURPRISED_X86_TARGETS
    {{UNSURPRISED_FUNCTIONS(avx512)}, has_avx512},
    {{UNSURPRISED_FUNCTIONS(avx2)}, has_avx2},
#endif
    {{UNSURPRISED_FUNCTIONS(baseline)}, always},
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
