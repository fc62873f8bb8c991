/* SPDX-License-Identifier: GPL-2.0-only */
/* Wire format of certificate chains: see docs/protocols.md. Integers in network byte order. */
#pragma once

#define GATE_MAGIC 0x504B4921 /* "PKI!" */

#define PKI_CERTIFICATES_MAX 3
#define PKI_MESSAGE_MAX	     1400 /* UDP payload: what any path of 1500 bytes carries */

/* Of a proof and of a request: what is in front of certificates, and certificates as many as fit.
 */
#define PKI_HEAD_BYTES	    68
#define PKI_RECEIPT_BYTES   224
#define PKI_BEFORE_HEAD	    48 /* header and challenge */
#define PKI_CERTIFICATES_AT (PKI_BEFORE_HEAD + PKI_HEAD_BYTES)

/* The fixed part of a proof, which is what its answer may fill: a header and a receipt. */
#define GATE_PROOF_BYTES     192
#define GATE_REQUEST_BYTES   GATE_PROOF_BYTES
#define GATE_PROOF_BYTES_MAX (PKI_MESSAGE_MAX - PKI_BEFORE_HEAD)

#define PKI_RECEIPT_MESSAGE 6 /* type of the answer to a request */

enum pki_kind {
	PKI_CHAIN = 1,	       /* certificates up to an authority, leaf first */
	PKI_RECEIPT_CHAIN = 2, /* a receipt, then certificates up to what it is for */
	PKI_VOUCHER = 3,       /* the controller's word */
};

struct pki_head {
	unsigned char kind;
	unsigned char count; /* of certificates */
	unsigned short reserved;
	unsigned char signature[64]; /* r || s by the leaf's key; zeros in a request */
};
