/* SPDX-License-Identifier: GPL-2.0-only */
/* Authorities that are still trusted, and certificates of theirs that are revoked. */
#pragma once

#include "pki_state.h"

INLINE const struct pki_authority *pki_authority_of(const struct pki_basis *basis)
{
	__u32 place = basis->place;
	const struct pki_authority *authority = bpf_map_lookup_elem(&authorities, &place);

	return authority && read_once(authority->id) == basis->id ? authority : NULL;
}

/* Whether the certificate still counts, for its issuer and its serial number. */
INLINE enum reason pki_basis_check(const struct pki_basis *basis, __u64 now_s)
{
	const struct pki_authority *authority = pki_authority_of(basis);
	struct pki_revocation key;

	if (!basis->id || !authority)
		return DROP_AUTHORITY_GONE;
	if (!authority->has_crl && pki_config_now()->crl_required)
		return DROP_CRL_MISSING;
	if (authority->has_crl && now_s > read_once(authority->crl_until_s))
		return DROP_CRL_STALE;
	key.id = basis->id;
	key.serial = basis->serial;
	return bpf_map_lookup_elem(&revoked, &key) ? DROP_CERT_REVOKED : REASON_NONE;
}

/* Whether the operator has revoked one of these keys, whoever certified it. Returns an enum reason.
 */
NO_INLINE int pki_keys_check(const struct pki_keys *keys)
{
	struct pki_revocation key;

	if (!keys)
		return DROP_CERT_REVOKED;
	if (!read_once(pki_keys_revoked))
		return REASON_NONE;
	key.id = 0;
	for (__u32 i = 0; i <= PKI_CERTIFICATES_MAX; i++) {
		key.serial = keys->id[i];
		if (key.serial.length && bpf_map_lookup_elem(&revoked, &key))
			return DROP_CERT_REVOKED;
	}
	return REASON_NONE;
}

/* What an admission rests on, when it is given. */
INLINE enum reason grant_give(struct gate *g, __u64 expires_ns)
{
	struct pki_work *work = work_now();
	struct address prefix = g->prefix;

	if (!work)
		return DROP_ADMISSION_FAILED;
	work->grant.expires_ns = expires_ns;
	work->grant.basis = work->basis;
	work->grant.rules = pki_config_now()->rules;
	return bpf_map_update_elem(&grants, &prefix, &work->grant, BPF_ANY) ? DROP_ADMISSION_FAILED
									    : REASON_NONE;
}

/* And whether it still holds. Without a fresh clock nobody can tell. */
NO_INLINE int pki_grant_check(const struct gate *g)
{
	const struct pki_grant *grant;
	struct address prefix;
	int reason;

	if (!g)
		return DROP_NOT_ADMITTED;
	prefix = g->prefix;
	grant = bpf_map_lookup_elem(&grants, &prefix);
	if (!grant)
		return DROP_NOT_ADMITTED;
	if (g->now_ns > gate_horizon_ns(g))
		return DROP_CLOCK_STALE;
	if (grant->expires_ns <= g->now_ns)
		return DROP_ADMISSION_EXPIRED;
	if (grant->rules != pki_config_now()->rules)
		return DROP_RULES_CHANGED;
	reason = pki_keys_check(&grant->keys);
	return reason ? reason : pki_basis_check(&grant->basis, gate_wall_ms(g->now_ns) / 1000);
}

INLINE enum reason grant_check(const struct gate *g)
{
	return pki_grant_check(g);
}
