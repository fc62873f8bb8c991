/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Receipts: chains that are longer than a message, without state for strangers. The gate verifies a
 * CA, and answers with what it found, under a MAC that covers the source as well; in its next
 * message the source goes on from there. And vouchers, by which the controller says the same of a
 * leaf.
 */
#pragma once

#include "pki_chain.h"

/* Behind all that can have come in the message. */
#define PKI_SCRATCH_AT MESSAGE_HEAD_MAX

#define PKI_RECEIPT_SIGNED (PKI_RECEIPT_BYTES - 16)

/* The tag of what lies in the scratch, of that length, with the source behind it. */
INLINE struct siphash_tag128 pki_tag(struct pki_work *work, const struct siphash_key *key,
				     __u32 length)
{
	struct address *source = (void *)work->message.bytes + PKI_SCRATCH_AT + length;

	*source = work->gate.packet.source;
	work->mac = siphash128_start(key);
	siphash_message(&work->mac, &work->message, PKI_SCRATCH_AT, length + sizeof(*source));
	return siphash128_finish(&work->mac);
}

/* The receipt in front of the certificates: whether it is ours, and what it says. */
NO_INLINE int pki_use_receipt(struct pki_work *work)
{
	struct pki_receipt *receipt;
	struct siphash_tag128 tag;
	__u64 issued_ms;

	if (!work || work->length < PKI_RECEIPT_BYTES)
		return DROP_CHAIN_FORMAT;
	receipt = (void *)work->message.bytes + PKI_SCRATCH_AT;
	__builtin_memcpy(receipt, work->message.bytes, PKI_RECEIPT_SIGNED);
	tag = pki_tag(work, &pki_config_now()->receipt_key, PKI_RECEIPT_SIGNED);
	if ((tag.low ^ *(__u64 *)(work->message.bytes + PKI_RECEIPT_SIGNED)) |
	    (tag.high ^ *(__u64 *)(work->message.bytes + PKI_RECEIPT_SIGNED + 8)))
		return DROP_RECEIPT;
	issued_ms = receipt->issued_ms;
	if (gate_check_time(&work->gate, issued_ms))
		return DROP_RECEIPT;
	work->top = receipt->issuer;
	work->basis = receipt->basis;
	work->at += PKI_RECEIPT_BYTES;
	work->length -= PKI_RECEIPT_BYTES;
	return pki_basis_check(&work->basis, work->now_s);
}

/* Writes the receipt for work->issuer, behind the header of the answer. */
INLINE void pki_write_receipt(struct pki_work *work, struct gate_proof *message)
{
	struct pki_receipt *receipt = (void *)work->message.bytes + PKI_SCRATCH_AT;
	struct siphash_tag128 tag;

	receipt->issuer = work->issuer;
	receipt->basis = work->basis;
	receipt->issued_ms = gate_wall_ms(work->gate.now_ns);
	tag = pki_tag(work, &pki_config_now()->receipt_key, PKI_RECEIPT_SIGNED);
	receipt->tag[0] = tag.low;
	receipt->tag[1] = tag.high;
	gate_sum_before(&work->gate, message, sizeof(*message));
	message->header.type = PKI_RECEIPT_MESSAGE;
	__builtin_memcpy(&message->challenge, receipt, PKI_RECEIPT_BYTES);
	work->gate.answered = 1;
}

/* Whether the controller vouches for this challenge, and for whom. Returns an enum reason. */
NO_INLINE int pki_use_voucher(struct pki_work *work)
{
	const struct pki_voucher *voucher;
	struct spent_key key;

	if (!work)
		return DROP_VOUCHER;
	key.salt = work->challenge.salt;
	key.tag = work->challenge.tag;
	voucher = bpf_map_lookup_elem(&vouchers, &key);
	if (!voucher)
		return DROP_VOUCHER;
	work->basis = voucher->basis;
	work->issuer.not_after_s = voucher->not_after_s;
	work->grant.shown = voucher->shown;
	work->grant.keys = voucher->keys;
	if (work->issuer.not_after_s < work->now_s)
		return DROP_CERT_EXPIRED;
	return pki_basis_check(&work->basis, work->now_s);
}
