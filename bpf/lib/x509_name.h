/* SPDX-License-Identifier: GPL-2.0-only */
/* Distinguished names: compared as bytes, so that all that matters here is that they are names. */
#pragma once

#include "x509_types.h"

#define X509_ATTRIBUTES_MAX 32

/* One attribute of the set that is open, or of the next one. */
INLINE void x509_attribute(const struct message *m, struct der *name, struct der *set)
{
	struct der attribute;

	if (set->at == set->end) {
		der_take(m, name, DER_SET, DROP_CERT_NAME);
		*set = der_enter(name);
	}
	der_take(m, set, DER_SEQUENCE, DROP_CERT_NAME);
	attribute = der_enter(set);
	der_take(m, &attribute, DER_OID, DROP_CERT_NAME);
	if (!der_length(&attribute) || attribute.at == attribute.end)
		der_refuse(&attribute, DROP_CERT_NAME);
	der_next(m, &attribute);
	der_finish(&attribute, DROP_CERT_NAME);
	set->reason = name->reason = attribute.reason;
}

/* Reads a name; it may be empty. Returns 0. */
NO_INLINE int x509_name(const struct message *m, struct der *r, struct der_span *span)
{
	struct der name, set = {};

	if (!m || !r || !span)
		return 0;
	der_take(m, r, DER_SEQUENCE, DROP_CERT_FORMAT);
	*span = der_span_of(r);
	name = der_enter(r);
	for (int i = 0; i < X509_ATTRIBUTES_MAX; i++) {
		if (name.reason || (name.at == name.end && set.at == set.end))
			break;
		x509_attribute(m, &name, &set);
	}
	if (name.at != name.end || set.at != set.end)
		der_refuse(&name, DROP_CERT_NAME);
	r->reason = name.reason;
	return 0;
}
