/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the packet's payload, work->message, and the message that ciphers work on. */
#pragma once

#include "offload_state.h"

/* Copies in words: what comes after the bytes, up to the next word, is copied too. */
NO_INLINE int offload_copy(struct offload_work *work, __u32 at, __u32 to_aad, __u32 length)
{
	struct aead_message *m;

	if (!work)
		return 1;
	m = &work->gcm.message;
	for (__u32 i = 0; i < OFFLOAD_BODY_MAX + AEAD_TAG; i += 4) {
		__u32 from = at + i, word;

		opaque(from);
		if (i >= length || from > OFFLOAD_PAYLOAD_MAX - 4)
			break;
		word = *(__u32 *)(work->message.bytes + from);
		if (to_aad)
			*(__u32 *)(m->aad + i) = word;
		else
			*(__u32 *)(m->text + i) = word;
	}
	return 0;
}

/* The text back into the message, in words. */
NO_INLINE int offload_copy_back(struct offload_work *work, __u32 at, __u32 length)
{
	if (!work)
		return 1;
	for (__u32 i = 0; i < OFFLOAD_BODY_MAX + AEAD_TAG; i += 4) {
		__u32 to = at + i;

		opaque(to);
		if (i >= length || to > OFFLOAD_PAYLOAD_MAX)
			break;
		*(__u32 *)(work->message.bytes + to) = *(__u32 *)(work->gcm.message.text + i);
	}
	return 0;
}
