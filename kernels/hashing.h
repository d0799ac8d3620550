// The fixed hash of row ids.
#pragma once

#include <cstddef>
#include <cstdint>

#include "target.h"

namespace unsurprised {

// A fixed hash of row ids: it decides groups and samples, so it must never change.
UNSURPRISED_INLINE std::uint64_t mix(
    std::uint64_t x) {  // the finaliser of SplitMix64 (Steele et al., 2014)
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

// Hashes ids, or where there are none first, first + 1, …; a start of its own tells files apart.
// Compiled once for each instruction set.
using HashRows = void (*)(const std::int64_t* ids, std::uint64_t first, std::int64_t count,
                          std::uint64_t start, std::uint64_t* out);

}  // namespace unsurprised
