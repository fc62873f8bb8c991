/* SPDX-License-Identifier: GPL-2.0-only */
/* Whom certificates may come from, what became of them, and the memory of one check. */
#pragma once

#include "curve_budget.h"
#include "gate_exchange.h"
#include "p256_decode.h"
#include "sha256_message.h"
#include "siphash_message.h"
#include "x509.h"

#define PKI_AUTHORITIES_DEFAULT 16
#define PKI_REVOKED_DEFAULT	65536
#define PKI_VERIFIED_DEFAULT	16384
#define PKI_RULES_DEFAULT	1024
#define PKI_VOUCHERS		16

/* Changes when an old pinned map of these cannot be read any more. */
enum pki_layout {
	PKI_LAYOUT = 2,
};

enum pki_layout unused_pki_layout __attribute__((unused));

/* Set by the controller, once, when the maps are new; next_id as authorities come. */
struct pki_birth {
	__u32 layout;
	__u8 generator_width; /* of the tables: see p256_tables.h */
	__u8 key_width;
	__u8 reserved[2];
	__u32 next_id;
	__u32 reserved2;
};

struct pki_config {
	struct sha256_state transcript; /* after the block label || audience */
	struct siphash_key receipt_key;
	struct token_rate source_rate; /* of curve operations */
	struct token_rate all_rate;
	__u32 rules;   /* number of the rules that count; what was admitted under others is out */
	__u8 any_name; /* no subject alternative name is asked for */
	__u8 crl_required; /* of each certificate, revocation must be known */
	__u8 reserved[2];
};

/* The controller writes the configuration that is not active, then makes it so. */
struct pki_config pki_configs[2];
__u32 pki_active;
/* How many entries of revoked are keys: without any, nobody looks. The controller's. */
__u32 pki_keys_revoked;
struct pki_birth pki_birth;

/* By what an issuer is found: SHA-256 of its name, and its key identifier. */
struct pki_identity {
	__u8 name[32];
	struct x509_id key;
};

/* Who issued a certificate: an authority of the operator, or a CA that was verified. */
struct pki_issuer {
	struct pki_identity identity;
	__u32 path_length; /* CAs that may follow; X509_NO_LIMIT */
	__u64 not_after_s; /* of the whole chain so far */
	struct p256_xy point;
	__u32 table; /* number of its table, from 1 on; 0: it has none */
	__u32 reserved;
};

/* Written by the controller alone. */
struct pki_authority {
	struct pki_issuer issuer;
	__u64 crl_until_s; /* Unix time after which its list of revoked certificates is stale */
	__u32 id;	   /* differs for each authority that was ever here; 0: none is */
	__u32 has_crl;
};

/* identity -> place of the authority. Trust anchors and known intermediates are alike here. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PKI_AUTHORITIES_DEFAULT);
	__type(key, struct pki_identity);
	__type(value, __u32);
} authority_places SEC(".maps");

/* place -> authority */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PKI_AUTHORITIES_DEFAULT);
	__type(key, __u32);
	__type(value, struct pki_authority);
} authorities SEC(".maps");

/* What an admission stands and falls with: a certificate that an authority issued itself. */
struct pki_basis {
	__u32 place;
	__u32 id; /* of the authority */
	struct x509_id serial;
	__u32 reserved;
};

struct pki_revocation {
	__u32 id;	       /* of the authority; 0: a key is revoked, whoever certified it */
	struct x509_id serial; /* or the key's identifier */
};

/* Of the leaf, and of who issued each certificate of its message; length 0: none. */
struct pki_keys {
	struct x509_id id[PKI_CERTIFICATES_MAX + 1];
};

enum pki_revoked {
	PKI_REVOKED_BY_LIST = 1,
	PKI_REVOKED_BY_OPERATOR = 2, /* whatever lists say, now or later */
};

enum pki_revoked unused_pki_revoked __attribute__((unused));

/* certificate, or key -> enum pki_revoked; written by the controller alone */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PKI_REVOKED_DEFAULT);
	__type(key, struct pki_revocation);
	__type(value, __u32);
} revoked SEC(".maps");

enum pki_name_kind {
	PKI_NAME_NONE = 0,
	PKI_NAME_DNS = 1,
	PKI_NAME_URI = 2,
	PKI_NAME_IPV4 = 3,
	PKI_NAME_IPV6 = 4,
};

enum pki_name_kind unused_pki_name_kind __attribute__((unused));

#define PKI_NAME_BYTES 250

/*
 * A name so that what it lies below is a prefix of it: host names are turned around. Texts end with
 * a zero, which rules for whole names have too. As long as a key of a trie can be.
 */
struct pki_name {
	__u32 bits;
	__u8 kind;
	__u8 bytes[PKI_NAME_BYTES];
	__u8 end;
};

/* beginning of a name -> asked for. The operator's rule. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PKI_RULES_DEFAULT);
	__type(key, struct pki_name);
	__type(value, __u32);
} name_rules SEC(".maps");

#define PKI_SHOWN_BYTES 128

/* The name that lets a leaf in, for whoever wants to know who is in. */
struct pki_shown {
	__u8 kind; /* PKI_NAME_NONE: it has none, and needs none */
	__u8 reserved;
	__u16 length;
	__u8 bytes[PKI_SHOWN_BYTES]; /* its beginning */
};

/* What an admission rests on. */
struct pki_grant {
	__u64 expires_ns; /* boot clock */
	struct pki_basis basis;
	__u32 rules;
	struct pki_shown shown;
	struct pki_keys keys;
};

/* source prefix -> grant. Full: the least recently seen source leaves, and is admitted no more. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GATE_ADMISSIONS);
	__type(key, struct address);
	__type(value, struct pki_grant);
} grants SEC(".maps");

/* Certificates of one message, and the authority above them. */
struct pki_chain_key {
	__u8 digest[32];
	__u32 id;
};

/*
 * chain -> the signatures in it hold. Nothing else is remembered: all rules are looked at each
 * time. It grows by chains whose holder proved himself.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PKI_VERIFIED_DEFAULT);
	__type(key, struct pki_chain_key);
	__type(value, __u32);
} verified SEC(".maps");

/* What the controller found out of a chain that it verified itself. */
struct pki_voucher {
	struct pki_basis basis;
	__u64 not_after_s;
	struct pki_shown shown;
	struct pki_keys keys;
	__u32 reserved;
};

/* challenge -> voucher: written by the controller alone, for the moment in which it admits. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PKI_VOUCHERS);
	__type(key, struct spent_key);
	__type(value, struct pki_voucher);
} vouchers SEC(".maps");

/* What the gate says of a CA, for the next message of the same source. Opaque to the peer. */
struct pki_receipt {
	struct pki_issuer issuer;
	struct pki_basis basis;
	__u64 issued_ms;
	__u64 tag[2];
};

_Static_assert(sizeof(struct pki_receipt) == PKI_RECEIPT_BYTES, "receipt");

/* One more than there can be, so that a masked number is always one of them. */
#define PKI_CERTIFICATES_MASK 3

/* All that is known of one message: see gate_work.h. */
struct pki_work {
	struct gate gate;
	__u64 busy;
	__u64 now_s;
	__u64 not_after_s; /* of the whole chain */
	__u32 kind;
	__u32 is_request;
	__u32 count; /* of certificates */
	__u32 step;  /* signatures that hold */
	__u32 steps;
	__u32 is_known; /* the chain is in verified */
	struct challenge challenge;
	struct pki_issuer top;	  /* who issued the last certificate of the message */
	struct pki_issuer issuer; /* who issued the one that is looked at */
	struct pki_basis basis;
	struct x509 certificate[PKI_CERTIFICATES_MASK + 1];
	__u8 digest[32]; /* of the certificates */
	struct pki_name name;
	struct pki_grant grant;
	struct p256_signature proof; /* of the holder */
	struct p256_signature signature;
	struct p256_xy point;
	__u32 table;
	__u32 at; /* where certificates begin in the message */
	__u32 length;
	__u32 reserved;
	struct siphash_state mac;
	struct sha256 hash;
	struct p256_generic_work curve;
	struct message message;
};

#define GATE_WORK struct pki_work
#include "gate_work.h"

INLINE const struct pki_config *pki_config_now(void)
{
	return &pki_configs[read_once(pki_active) & 1];
}

INLINE struct x509 *pki_certificate(struct pki_work *work, __u32 i)
{
	i &= PKI_CERTIFICATES_MASK;
	opaque(i);
	return &work->certificate[i & PKI_CERTIFICATES_MASK];
}

INLINE bool pki_same_id(const struct x509_id *a, const struct x509_id *b)
{
	const __u64 *x = (const __u64 *)a->bytes, *y = (const __u64 *)b->bytes;

	return a->length == b->length &&
	       !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]));
}

/* Digests of names and the like. */
INLINE bool pki_same_bytes(const __u8 *a, const __u8 *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]));
}
