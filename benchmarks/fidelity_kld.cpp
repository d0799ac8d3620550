// Times llama.cpp's own statistics of a .kld file beside another model's logits: the function of
// its perplexity program, compiled from a copy of its source by fidelity_kld.py, one thread.
//
//     PROGRAM KLD LOGITS OFFSET TIMES     LOGITS are float32 from byte OFFSET on
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <utility>
#include <vector>

#include "function.inc"

namespace {

template <class T>
std::vector<T> read(const char* file, std::size_t from) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  std::vector<T> values((static_cast<std::size_t>(stream.tellg()) - from) / sizeof(T));
  stream.seekg(static_cast<std::streamoff>(from));
  stream.read(reinterpret_cast<char*>(values.data()),
              static_cast<std::streamsize>(values.size() * sizeof(T)));
  return values;
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

}  // namespace

int main(int, char** given) {
  const auto header = read<std::int32_t>(given[1], 8);
  const int context = header[0], classes = header[1], chunks = header[2];
  const int first = context / 2, rows = context - 1 - first;
  const auto* const tokens = header.data() + 3;
  const auto steps = read<std::uint16_t>(given[1], 20 + 4u * context * chunks);
  const auto logits = read<float>(given[2], std::strtoul(given[3], nullptr, 10));
  const std::size_t width = 2 * ((classes + 1u) / 2) + 4;
  double best = INFINITY, mean = 0.0;
  for (int time = 0; time < std::atoi(given[4]); ++time) {
    const double before = cpu_seconds();
    kl_divergence_result result;
    for (std::size_t row = 0; row < static_cast<std::size_t>(chunks) * rows; ++row) {
      const std::size_t place = row / rows * context + first + row % rows + 1;
      log_softmax(classes, logits.data() + row * classes, steps.data() + row * width, tokens[place],
                  result);
    }
    best = std::min(best, cpu_seconds() - before);
    mean = result.sum_kld / static_cast<double>(result.count);
  }
  std::printf("{\"cpu\": %.17g, \"answer\": %.17g}\n", best, mean);
}
