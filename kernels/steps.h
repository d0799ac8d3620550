// Rows of steps, as .kld files have them: numbers of 16 bits between a row's least and its
// greatest.
#pragma once

#include <cstdint>

namespace unsurprised {

// least + scale · step of `count` steps, in single precision, each operation rounded; answers
// whether any step is 0.
bool from_steps(const std::uint16_t* steps, std::int64_t count, float scale, float least,
                float* values);

}  // namespace unsurprised
