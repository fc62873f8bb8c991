/* SPDX-License-Identifier: GPL-2.0-only */
/* What the maps of a gate were made for. */
#pragma once

#include "common.h"

/* Changes when an old pinned map of these features cannot be read any more. */
enum zkp_layout {
	ZKP_LAYOUT = 1,
};

enum zkp_layout unused_zkp_layout __attribute__((unused));

/* Set by the controller, once, when the maps are new. */
struct zkp_birth {
	__u32 layout;
	__u8 generator_width; /* of the tables, where there are some: see p256_tables.h */
	__u8 key_width;
	__u8 reserved[2];
};

struct zkp_birth zkp_birth;
