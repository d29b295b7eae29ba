#pragma once

#include "data/generator/generator.hpp"

namespace lockstep::generator {

/// The options with every 0 that means "derived" replaced by its value.
/// Throws Error(usage) that names the first impossible option, its value and what is possible.
GeneratorOptions checked(const GeneratorOptions& options);

}  // namespace lockstep::generator
