#pragma once

namespace lockstep {

// 128-bit integers, for products of 64-bit ones that must stay exact.
__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 UnsignedWide;

}  // namespace lockstep
