/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a suite defines: struct suite_header and what it says (suite_header_type, _receiver and
 * _counter, see tunnel_header.h), struct suite_key, which a session has for each direction, and
 * struct suite_work, before it includes this; and these functions.
 */
#pragma once

#include "aead.h"

struct tunnel_command;
struct tunnel_session;
struct tunnel_work;

INLINE void suite_header_write(struct suite_header *header, __u32 receiver, __u64 counter);

/* Sets nonce and associated data. */
INLINE void suite_message(struct aead_message *message, const struct suite_header *header,
			  __u64 counter);

/* By the session in the slot. Return an enum aead_result. */
INLINE int suite_seal(struct tunnel_session *session, __u32 slot, struct tunnel_work *work);
INLINE int suite_open(struct tunnel_session *session, __u32 slot, struct tunnel_work *work);

/* In a syscall program. Keys into the slot: returns 0, or 1 when there is no such cipher. */
INLINE int suite_prepare(struct tunnel_session *session, __u32 slot,
			 struct tunnel_command *command);
INLINE void suite_forget(struct tunnel_session *session, __u32 slot);
