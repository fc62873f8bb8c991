/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HKDF-SHA-256 (RFC 5869). The RFC allows 8160 bytes of output; here it is 512, enough for all keys
 * and nonces of a connection. Constant time: what it takes depends on the lengths alone. Minimum
 * kernel: 5.18.
 */
#pragma once

#include "hmac_message.h"

#define HKDF_SALT_MAX	256
#define HKDF_INFO_MAX	1024
#define HKDF_OUTPUT_MAX 512

/* Where things lie in the message. */
#define HKDF_SALT_AT  0
#define HKDF_INPUT_AT MESSAGE_HEAD_MAX
#define HKDF_INFO_AT  MESSAGE_HEAD_MAX
#define HKDF_BEFORE   (HKDF_INFO_AT - SHA256_DIGEST) /* T(i - 1) */

_Static_assert(HKDF_SALT_MAX <= HKDF_INPUT_AT - HKDF_SALT_AT, "the salt lies before the input");

/* In map memory. Output comes in whole blocks of 32 bytes. */
struct hkdf {
	struct sha256 hash;
	__u8 output[HKDF_OUTPUT_MAX] __attribute__((aligned(8)));
};

/*
 * PRK = HMAC(salt, input), prepared as the key that Expand wants. In the message: the salt at
 * HKDF_SALT_AT, which is overwritten; the input keying material at HKDF_INPUT_AT, of at most
 * MESSAGE_LENGTH_MAX bytes. Returns 0; 1 for what does not fit.
 */
NO_INLINE int hkdf_sha256_extract(struct hmac_sha256_key *prk, struct sha256 *hash,
				  struct message *message, __u64 salt_length, __u64 input_length)
{
	if (!prk || !hash || !message || salt_length > HKDF_SALT_MAX)
		return 1;
	if (hmac_sha256_prepare(prk, hash, message, HKDF_SALT_AT, salt_length) ||
	    hmac_sha256_message(hash, prk, message, HKDF_INPUT_AT, input_length))
		return 1;
	__builtin_memcpy(message->bytes + HKDF_SALT_AT, hash->digest, SHA256_DIGEST);
	hmac_sha256_prepare(prk, hash, message, HKDF_SALT_AT, SHA256_DIGEST);
	__builtin_memset(message->bytes + HKDF_SALT_AT, 0, SHA256_DIGEST);
	return 0;
}

/* The limit again, just before the use: 6.1 forgets it of what was on the stack meanwhile. */
INLINE int hkdf_put_counter(struct message *message, __u64 info_length, __u8 counter)
{
	opaque(info_length);
	if (info_length > HKDF_INFO_MAX)
		return 1;
	message->bytes[HKDF_INFO_AT + info_length] = counter;
	return 0;
}

/*
 * T(i) = HMAC(PRK, T(i - 1) || info || i), one after the other in hkdf->output. In the message:
 * the info at HKDF_INFO_AT; the 32 bytes before it and the byte after it are overwritten. Returns
 * 0; 1 for more than HKDF_INFO_MAX bytes of info or HKDF_OUTPUT_MAX of output.
 */
NO_INLINE int hkdf_sha256_expand(struct hkdf *hkdf, const struct hmac_sha256_key *prk,
				 struct message *message, __u64 info_length, __u64 output_length)
{
	__u64 at = HKDF_INFO_AT, length = info_length + 1;

	if (!hkdf || !prk || !message || info_length > HKDF_INFO_MAX ||
	    output_length > HKDF_OUTPUT_MAX)
		return 1;
	for (__u64 i = 0; i < HKDF_OUTPUT_MAX / SHA256_DIGEST; i++) {
		opaque(i);
		if (i * SHA256_DIGEST >= output_length)
			break;
		if (hkdf_put_counter(message, info_length, i + 1))
			break;
		hmac_sha256_message(&hkdf->hash, prk, message, at, length);
		__builtin_memcpy(hkdf->output + i * SHA256_DIGEST, hkdf->hash.digest,
				 SHA256_DIGEST);
		__builtin_memcpy(message->bytes + HKDF_BEFORE, hkdf->hash.digest, SHA256_DIGEST);
		at = HKDF_BEFORE;
		length = SHA256_DIGEST + info_length + 1;
	}
	__builtin_memset(message->bytes + HKDF_BEFORE, 0, SHA256_DIGEST);
	__builtin_memset(&hkdf->hash, 0, sizeof(hkdf->hash));
	return 0;
}
