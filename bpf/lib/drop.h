/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a packet passed, was answered, or was dropped. One enum for all features: numbers are never
 * reused and never renumbered, since they stand in verdict messages, dashboards and logs.
 */
#pragma once

#include "common.h"

enum reason {
	REASON_NONE = 0,

	/* Passed on to the next program, or to the stack. */
	PASS_NOT_IP = 1,	 /* ARP and whatever else is neither IPv4 nor IPv6 */
	PASS_OTHER_PROTOCOL = 2, /* neither TCP nor UDP */
	PASS_LATER_FRAGMENT = 3, /* useless without its first fragment, which was judged */
	PASS_UNPROTECTED = 4,	 /* a port that is not protected */
	PASS_ALLOWED = 5,	 /* on the allow list */
	PASS_ADMITTED = 6,	 /* from an admitted source, within its rate */
	PASS_MONITORED = 7,   /* would have been dropped, which is counted under its number too */
	PASS_UNCONFIRMED = 8, /* the operator did not confirm in time: the gate stands open */
	PASS_SIGNED = 9,      /* its signature holds */
	PASS_SESSION = 10,    /* the tag of its session holds */
	PASS_SESSION_REQUEST = 11, /* its signature holds; the controller answers it */

	PASS_CONTENT = 12, /* it hashes to its id */
	PASS_CHUNK = 13,   /* its path leads to the root that its id commits to */

	/* Answered by the gate itself. */
	ANSWER_CHALLENGE = 32,
	ANSWER_ADMITTED = 33,
	ANSWER_COOKIE =
		34, /* signed, but curve operations are scarce: a challenge for its source */

	ANSWER_RECEIPT = 40, /* a CA certificate holds: a receipt for its chain */

	ANSWER_RESULT = 48, /* an operation was done here */
	ANSWER_ERROR = 49, /* an authenticated request that cannot be served; its answer says why */
	ANSWER_QUEUED = 50, /* handed to user space, which answers */

	/* Dropped: the packet itself. */
	DROP_TRUNCATED = 64,	     /* shorter than its headers say */
	DROP_MALFORMED = 65,	     /* impossible header fields */
	DROP_FRAGMENT = 66,	     /* first fragment to a protected port */
	DROP_VLAN_DEPTH = 67,	     /* more than two VLAN tags */
	DROP_EXTENSION_HEADERS = 68, /* more IPv6 extension headers than are followed */

	/* Dropped: traffic to a protected port. */
	DROP_DENIED = 72,	     /* on the deny list */
	DROP_NOT_ADMITTED = 73,	     /* no proof yet */
	DROP_ADMISSION_EXPIRED = 74, /* admitted once, not any more */
	DROP_RATE_LIMITED = 75,	     /* admitted, above its packet rate */
	DROP_SYN_LIMITED = 76,	     /* admitted, above its rate of new TCP connections */

	/* Dropped: messages to the gate. From DROP_SERVICE on, the sender is told. */
	DROP_MESSAGE_LENGTH = 80,
	DROP_MESSAGE_MAGIC = 81,
	DROP_MESSAGE_VERSION = 82,
	DROP_MESSAGE_TYPE = 83,
	DROP_MESSAGE_FORMAT = 84,    /* a field that must be zero is not */
	DROP_HEADER_OPTIONS = 85,    /* IPv4 options or IPv6 extension headers before a message */
	DROP_ADDRESS = 86,	     /* multicast, unspecified or IPv4-mapped: cannot be a peer's */
	DROP_CLOCK_STALE = 87,	     /* the wall clock was not refreshed within its horizon */
	DROP_REPLY_LIMITED = 88,     /* answers to this source are rate limited */
	DROP_SERVICE = 89,	     /* challenge of another service */
	DROP_KEY_ID = 90,	     /* challenge under a secret that this gate does not have */
	DROP_CHALLENGE_FUTURE = 91,  /* issued later than now */
	DROP_CHALLENGE_EXPIRED = 92, /* issued too long ago */
	DROP_CHALLENGE_BEFORE_START = 93, /* issued before this gate began to remember spent ones */
	DROP_DIFFICULTY = 94,		  /* below what the operator demands at least */
	DROP_TAG = 95,			  /* not our challenge, or not given to this source */
	DROP_SPENT = 96,		  /* the challenge has admitted once */
	DROP_PROOF = 97,		  /* the proof does not hold */
	DROP_SPENT_FULL = 98,		  /* no room to remember another spent challenge */
	DROP_PREFIX_LIMITED = 99,	  /* too many admissions in this source's wider prefix */
	DROP_ADMISSION_FAILED = 100,	  /* the kernel would not store the admission */

	/* Dropped: signed packets, and proofs that are signatures. */
	DROP_UNSIGNED = 101, /* no trailer */
	DROP_TRAILER_VERSION = 102,
	DROP_TRAILER_FORMAT = 103, /* type, length, or a field that must be zero or not */
	DROP_KEY_UNKNOWN = 104,	   /* never trusted, or revoked */
	DROP_KEY_EXPIRED = 105,
	DROP_TIME = 106,	   /* signed too long ago, or later than now */
	DROP_BEFORE_ATTACH = 107,  /* signed before this gate began to remember counters */
	DROP_REPLAY = 108,	   /* the counter has come, or is too old to tell */
	DROP_INSTANCES_FULL = 109, /* the key is used by as many senders as are remembered */
	DROP_SOURCE_BUDGET = 110,  /* curve operations, or hashes, of this source are spent */
	DROP_KEY_BUDGET = 111,	   /* those of this key */
	DROP_CURVE_BUDGET = 112,   /* those of the gate */
	DROP_COOKIE = 113,	   /* not our cookie, not given to this source, or too old */
	DROP_SIGNATURE = 114,	   /* the signature does not hold */
	DROP_SESSION_UNKNOWN = 115,
	DROP_SESSION_EXPIRED = 116, /* its time is over, or its counter */
	DROP_SESSION_TAG = 117,	    /* the tag does not hold */

	/* Dropped: the chain of programs on an interface. */
	DROP_CHAIN_EMPTY = 120, /* a program that is expected in the chain is not there */

	/* Not a verdict: an event that found the ring full. */
	EVENT_LOST = 127,

	/* Dropped: proofs of knowledge and of membership. */
	DROP_GROUP = 128,	/* no group of that number */
	DROP_GROUP_EPOCH = 129, /* an epoch of the group that does not count, or not any more */
	DROP_POINT = 130,	/* not on the curve, or a coordinate that is not below p */
	DROP_SCALAR = 131,	/* 0, or not below the order of the curve */
	DROP_IMAGE_LIMIT = 132, /* this member was admitted as often as an epoch allows */
	DROP_IMAGES_FULL = 133, /* no room to count another member's admissions */

	/* Dropped: chains of certificates. The first that applies, of the certificate nearest to
	 * the leaf. */
	DROP_CHAIN_FORMAT = 144,     /* count or lengths do not fit the message */
	DROP_CERT_DER = 145,	     /* not DER: indefinite or wasteful lengths, bytes left over */
	DROP_CERT_FORMAT = 146,	     /* DER, but not that of a certificate */
	DROP_CERT_VERSION = 147,     /* not version 3 */
	DROP_CERT_SERIAL = 148,	     /* 0, negative, wasteful, or longer than 20 bytes */
	DROP_CERT_ALGORITHM = 149,   /* not ecdsa-with-SHA256 */
	DROP_CERT_ALGORITHMS = 150,  /* another one outside than inside */
	DROP_CERT_NAME = 151,	     /* issuer or subject is no name, or is empty and must not be */
	DROP_CERT_TIME = 152,	     /* no time as RFC 5280 writes it */
	DROP_CERT_KEY = 153,	     /* not an uncompressed point of P-256 */
	DROP_CERT_UNIQUE_ID = 154,   /* has an issuer or subject unique identifier */
	DROP_CERT_EXTENSION = 155,   /* an extension is not what its definition says */
	DROP_CERT_EXTENSIONS = 156,  /* none, or more than are looked at */
	DROP_CERT_DUPLICATE = 157,   /* an extension that is understood comes twice */
	DROP_CERT_CRITICAL = 158,    /* a critical extension that is not understood */
	DROP_CERT_CONSTRAINTS = 159, /* name constraints */
	DROP_CERT_POLICY = 160,	     /* policy constraints, mappings, or inhibit any policy */
	DROP_CERT_SIGNATURE_FORMAT = 161,
	DROP_CERT_NOT_YET = 162, /* not valid yet */
	DROP_CERT_EXPIRED = 163, /* of an authority, too */
	DROP_CERT_NOT_CA = 164,	 /* an issuer that is no CA, or says so in passing */
	DROP_CERT_IS_CA = 165,	 /* a leaf that is a CA */
	DROP_CERT_KEY_USAGE =
		166,		 /* of a CA without keyCertSign, of a leaf without a signature's */
	DROP_CERT_PURPOSE = 167, /* extended key usage without clientAuth */
	DROP_CERT_KEY_ID = 168,	 /* without the key identifiers by which issuers are found */
	DROP_CERT_ISSUER = 169,	 /* the next certificate is not its issuer's */
	DROP_CERT_PATH_LENGTH = 170, /* more CAs than one of them allows */
	DROP_CERT_UNTRUSTED = 171,   /* no authority of that name and key identifier */
	DROP_CERT_ALT_NAME =
		172, /* a subject alternative name is malformed, or there are too many */
	DROP_CERT_NO_MATCH =
		173, /* no subject alternative name is one that the operator asked for */
	DROP_CERT_SIGNATURE = 174, /* a certificate's signature does not hold */
	DROP_CERT_REVOKED = 175,
	DROP_CRL_MISSING = 176,	   /* revocation cannot be told: there is no list of that issuer */
	DROP_CRL_STALE = 177,	   /* revocation cannot be told: its list is older than it may be */
	DROP_RECEIPT = 178,	   /* not our receipt, not given to this source, or too old */
	DROP_VOUCHER = 179,	   /* the controller vouches for nobody with this challenge */
	DROP_AUTHORITY_GONE = 180, /* admitted by an authority that is not trusted any more */
	DROP_RULES_CHANGED = 181,  /* admitted under rules that do not count any more */
	/* Dropped: a tunnel, on the way out. */
	DROP_TUNNEL_NO_PEER = 224,     /* the destination is in nobody's allowed IPs */
	DROP_TUNNEL_NO_SESSION = 225,  /* no session yet, or not any more; it may wait for one */
	DROP_TUNNEL_NO_ENDPOINT = 226, /* where the peer is, is not known */
	DROP_TUNNEL_NO_ROUTE = 227,    /* no way there */
	DROP_TUNNEL_TOO_BIG = 228,     /* sealed, it would not fit the way there */
	DROP_TUNNEL_REPLACED = 229,    /* the session went while the packet was at work */
	DROP_TUNNEL_CIPHER = 230,      /* the kernel's cipher, or a helper, refused */

	/* Dropped: a tunnel, on the way in. */
	DROP_TUNNEL_INDEX = 231,  /* no session has this receiver index */
	DROP_TUNNEL_FORGED = 232, /* the tag does not hold */
	DROP_TUNNEL_INNER = 233,  /* what was in it is no IP packet */
	DROP_TUNNEL_SOURCE =
		234, /* it comes from an address that is not among the peer's allowed IPs */
	DROP_TUNNEL_CLEAR = 235, /* inline: from a peer, and not sealed */

	/* Each feature numbers from here: zkp 128, pki 144, cas 208, tunnel 224, offload 248. */

	/* Dropped: content-addressed packets. */
	DROP_NOT_CONTENT = 208,	   /* no header of content, or none of a version that is known */
	DROP_CONTENT_FORMAT = 209, /* type, flags, length, or a size that no object has */
	DROP_CONTENT_LENGTH = 210, /* the packet is not as long as its header says */
	DROP_ID_DENIED = 211,	   /* on the deny list */
	DROP_ID_NOT_ALLOWED = 212, /* there is an allow list, and it is not there */
	DROP_LISTS_CHANGING = 213, /* they changed more than once while it was looked for */
	DROP_CONTENT = 214,	   /* it does not hash to its id */
	DROP_MANIFEST = 215,	   /* size, chunk size and root do not hash to the id */
	DROP_CHUNK_INDEX = 216, /* index, length or path are not those of a chunk of the object */
	DROP_CHUNK = 217,	/* its path does not lead to the root */
	DROP_MANIFEST_AS_CONTENT = 218, /* what is sent whole is the manifest of an object */
	DROP_SEGMENTS = 219,		/* several datagrams at once: left to the card to cut */
	DROP_CONTENT_BUSY = 220,	/* no memory for the check: cannot happen, so it drops */
	DROP_HASH_BUDGET = 221,		/* hashes of all together are spent */

	/* Dropped: requests for operations. */
	DROP_OFFLOAD_CLIENT = 248, /* no client of that id */
	DROP_OFFLOAD_TAG = 249,	   /* its tag does not hold */
	DROP_OFFLOAD_BUSY = 250,   /* no memory for it: cannot happen, so it drops */
	DROP_OFFLOAD_ANSWER = 251, /* a helper refused while the answer was made */
};

#define REASON_COUNT 256 /* as many as a verdict can name */

/* Brings the enum into BTF, from which the TypeScript side is generated. */
enum reason unused_reason __attribute__((unused));

INLINE bool is_pass(enum reason reason)
{
	return reason < ANSWER_CHALLENGE;
}

INLINE bool is_drop(enum reason reason)
{
	return reason >= DROP_TRUNCATED;
}
