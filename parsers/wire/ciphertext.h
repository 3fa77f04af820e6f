// Whether bytes can be what a cipher made: "this is encrypted" is a guess, made by a few leading bytes, and
// must not decide for text that follows them.
//
// Every byte of a ciphertext is as likely as any other. What says otherwise here happens to one segment of
// real ciphertext in 10^9 or fewer, so that it stays counted and not read. Compressed bytes pass for
// ciphertext. Pure functions; a segment of any length costs some ten nanoseconds.
#pragma once

#include "parsers/wire/bytes.h"

namespace weir {

// Fewer bytes than this say nothing: such a sample may always be ciphertext.
inline constexpr size_t kLeastCiphertext = 16;
// A sample of this many bytes is enough.
inline constexpr size_t kCiphertextSample = 128;

// False: text, or something else that no cipher made, shows at the begin of `bytes` or at their end.
bool may_be_ciphertext(Bytes bytes);

// A whole datagram. No cipher's is so short that its bytes say nothing, but a keep-alive of a byte or two.
bool may_be_encrypted_datagram(Bytes payload);

}  // namespace weir
