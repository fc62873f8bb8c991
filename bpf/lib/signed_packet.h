/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets to protected UDP ports: the trailer, what it proves, and what goes on without it. */
#pragma once

#include "signed_check.h"
#include "strip.h"

INLINE __u32 trailer_bytes_of(__u8 type)
{
	switch (type) {
	case SIGNED:
		return SIGNED_BYTES;
	case SIGNED_WITH_COOKIE:
		return SIGNED_WITH_COOKIE_BYTES;
	case SIGNED_SESSION:
		return SESSION_TRAILER_BYTES;
	default:
		return 0;
	}
}

INLINE bool udp_length_is(hook_context *ctx, const struct packet *p)
{
	__u32 offset = p->l4_offset;
	struct udphdr *udp;

	if (offset > L4_OFFSET_MAX)
		return false;
	udp = hook_data(ctx) + offset;
	return (void *)(udp + 1) <= hook_end(ctx) && udp->len == bpf_htons(p->l4_length);
}

/* Length and fields of the trailer, which is in work. */
INLINE enum reason trailer_check(const struct signed_work *work)
{
	const struct signed_fields *fields = &work->trailer.packet.fields;

	if (work->type == SIGNED_SESSION)
		return work->trailer.session.counter ? REASON_NONE : DROP_TRAILER_FORMAT;
	return fields->instance && fields->counter && !fields->reserved ? REASON_NONE
									: DROP_TRAILER_FORMAT;
}

/*
 * The bytes before end, a number that the compiler knows of them. What lies in one buffer, as
 * nearly all packets do, is read without a call.
 */
INLINE bool tail_read(struct xdp_md *ctx, __u32 end, void *to, __u32 bytes)
{
	__u64 at = end - bytes;
	void *from;

	opaque(at);
	if (at <= L4_OFFSET_MAX + sizeof(struct udphdr) + SIGNED_PACKET_BYTES_MAX) {
		from = hook_data(ctx) + at;
		if (from + bytes <= hook_end(ctx)) {
			__builtin_memcpy(to, from, bytes);
			return true;
		}
	}
	return !bpf_xdp_load_bytes(ctx, end - bytes, to, bytes);
}

/* Reads the trailer from the packet's end. Returns an enum reason. */
NO_INLINE int trailer_read(struct xdp_md *ctx, const struct packet *p, struct signed_work *work)
{
	__u32 end, payload, bytes;
	struct signed_foot foot;

	if (!p || !work)
		return DROP_UNSIGNED;
	payload = p->l4_length - sizeof(struct udphdr);
	end = p->l4_offset + p->l4_length;
	if (payload < sizeof(foot) || !tail_read(ctx, end, &foot, sizeof(foot)))
		return DROP_UNSIGNED;
	if (foot.magic != bpf_htonl(GATE_MAGIC))
		return DROP_UNSIGNED;
	if (foot.version != SIGNED_VERSION)
		return DROP_TRAILER_VERSION;
	bytes = trailer_bytes_of(foot.type);
	opaque(bytes);
	if (!bytes || bytes > SIGNED_WITH_COOKIE_BYTES || foot.reserved || payload < bytes ||
	    payload > SIGNED_PACKET_BYTES_MAX || !udp_length_is(ctx, p))
		return DROP_TRAILER_FORMAT;
	work->type = foot.type;
	work->trailer_bytes = bytes;
	work->payload_bytes = payload - bytes;
	if (foot.type == SIGNED_SESSION
		    ? !tail_read(ctx, end, work->trailer.bytes, SESSION_TRAILER_BYTES)
		    : bpf_xdp_load_bytes(ctx, end - bytes, work->trailer.bytes, bytes))
		return DROP_TRAILER_FORMAT;
	return trailer_check(work);
}

/* The payload, and so many bytes of the trailer behind it, to where messages begin. */
INLINE bool signed_load(struct xdp_md *ctx, const struct packet *p, struct signed_work *work,
			__u64 trailer_bytes)
{
	return !message_load_xdp(&work->message, SIGNED_MESSAGE_AT, ctx,
				 p->l4_offset + sizeof(struct udphdr),
				 work->payload_bytes + trailer_bytes);
}

/* Session, key: all that the counter does not say. */
INLINE enum reason session_check(struct gate *g, struct signed_work *work,
				 const struct session *session)
{
	const struct trusted_key *key;
	__u64 id = work->trailer.session.session_id;

	if (!session || !id || read_once(session->id) != id)
		return DROP_SESSION_UNKNOWN;
	g->subject = session->key_id;
	work->place = session->place;
	if (session->expires_ns <= g->now_ns ||
	    bpf_be64_to_cpu(work->trailer.session.counter) > SESSION_COUNTER_MAX)
		return DROP_SESSION_EXPIRED;
	key = key_at(session->place);
	if (!key || key_place(session->key_id) != session->place ||
	    key->generation != session->generation)
		return DROP_KEY_UNKNOWN;
	return key->expires_s <= signed_now_s(g) ? DROP_KEY_EXPIRED : REASON_NONE;
}

/* Without a branch that depends on where tags differ. */
INLINE bool session_tag_is(struct signed_work *work)
{
	const __u64 *given = (const __u64 *)work->trailer.session.tag;
	struct siphash_tag128 tag = siphash128_finish(&work->mac);

	return !((tag.low ^ given[0]) | (tag.high ^ given[1]));
}

/* Returns an enum reason. */
NO_INLINE int session_judge(struct xdp_md *ctx, struct gate *g, struct signed_work *work)
{
	struct session_state *state;
	struct session *session;
	enum reason reason;
	__u64 counter;
	__u32 index;

	if (!g || !work)
		return DROP_SESSION_UNKNOWN;
	index = bpf_be64_to_cpu(work->trailer.session.session_id) & SESSION_INDEX_MASK;
	counter = bpf_be64_to_cpu(work->trailer.session.counter);
	session = bpf_map_lookup_elem(&sessions, &index);
	state = bpf_map_lookup_elem(&session_states, &index);
	reason = session_check(g, work, session);
	if (reason)
		return reason;
	if (!session || !state || replay_check(&state->window, counter))
		return DROP_REPLAY;
	work->mac = siphash128_start(&session->key);
	if (!signed_load(ctx, &g->packet, work, SESSION_TAGGED_BYTES) ||
	    siphash_message(&work->mac, &work->message, SIGNED_MESSAGE_AT,
			    work->payload_bytes + SESSION_TAGGED_BYTES) ||
	    !session_tag_is(work))
		return DROP_SESSION_TAG;
	if (replay_commit(&state->window, counter))
		return DROP_REPLAY;
	write_once(state->last_seen_ns, g->now_ns);
	return PASS_SESSION;
}

/* Clock, time, counter. */
INLINE enum reason signed_check_time(const struct gate *g, struct signed_work *work)
{
	const struct signed_fields *fields = &work->trailer.packet.fields;
	__u64 freshness_s = signed_config_now()->freshness_s;
	__u64 now_s = signed_now_s(g), time_s = bpf_ntohl(fields->time_s);

	if (g->now_ns > gate_horizon_ns(g))
		return DROP_CLOCK_STALE;
	if (time_s + freshness_s < now_s || time_s > now_s + freshness_s)
		return DROP_TIME;
	if (time_s <= gate_birth.not_before_ms / 1000)
		return DROP_BEFORE_ATTACH;
	work->claim.id = fields->instance;
	work->claim.counter = bpf_be64_to_cpu(fields->counter);
	work->claim.time_s = time_s;
	/* Also when our clock is set back by as much as is not noticed. */
	work->claim.over_before_s = now_s - freshness_s - 2 * (config_of(g)->skew_ms / 1000 + 1);
	return REASON_NONE;
}

INLINE bool cookie_holds(const struct gate *g, const struct challenge *cookie)
{
	return cookie->version == CHALLENGE_VERSION && !cookie->reserved &&
	       cookie->service == bpf_htonl(config_of(g)->service) &&
	       !gate_check_time(g, bpf_be64_to_cpu(cookie->issued_ms)) &&
	       !gate_check_tag(g, cookie);
}

/* The lengths of a packet whose payload is a hello's. */
INLINE void cookie_set_lengths(const struct answer *a, const struct packet *p)
{
	struct iphdr *ip = a->l3;
	struct ipv6hdr *ipv6 = a->l3;

	a->udp->len = bpf_htons(p->l4_length);
	if (p->version == 4)
		ip->tot_len = bpf_htons(sizeof(*ip) + p->l4_length);
	else
		ipv6->payload_len = bpf_htons(p->l4_length);
}

/* Makes the packet, which is longer, a challenge to its sender. False: it is no good any more. */
INLINE bool cookie_write(struct xdp_md *ctx, struct gate *g, const struct signed_work *work)
{
	struct packet *p = &g->packet;
	struct gate_challenge *message;
	struct answer a;

	p->l4_length = sizeof(struct udphdr) + GATE_HELLO_BYTES;
	if (bpf_xdp_adjust_tail(ctx, (int)(p->l4_offset + p->l4_length) - (int)p->frame_length))
		return false;
	if (!answer_locate(ctx, p, &a))
		return false;
	message = (void *)(a.udp + 1);
	if ((void *)(message + 1) > hook_end(ctx))
		return false;
	cookie_set_lengths(&a, p);
	message->header.magic = bpf_htonl(GATE_MAGIC);
	message->header.version = GATE_VERSION;
	message->header.type = GATE_CHALLENGE;
	message->header.status = 0;
	message->header.reserved = 0;
	message->header.transaction = work->trailer.packet.fields.counter;
	message->challenge = work->cookie;
	message->source = p->source;
	return true;
}

/*
 * A packet that needs a cookie, or another one: reason, with an answer if there may be one. In
 * monitor mode there is none, since the packet itself goes on. Returns an enum reason.
 */
NO_INLINE int cookie_ask(struct xdp_md *ctx, struct gate *g, struct signed_work *work, __u32 reason)
{
	struct challenge challenge;
	enum reason refusal;

	if (!g || !work)
		return DROP_COOKIE;
	if (g->packet.options || config_of(g)->monitor ||
	    !is_host_address(&g->packet, &g->packet.destination))
		return DROP_COOKIE;
	if (!gate_answer_allowed(g))
		return DROP_REPLY_LIMITED;
	refusal = gate_issue(g, &challenge);
	if (refusal)
		return refusal;
	work->cookie = challenge;
	if (!cookie_write(ctx, g, work))
		return DROP_COOKIE;
	g->answered = 1;
	return reason;
}

/* Whether curve operations may be spent on it. Returns an enum reason. */
NO_INLINE int cookie_check(struct xdp_md *ctx, struct gate *g, struct signed_work *work)
{
	const struct key_state *key;
	struct challenge cookie;

	if (!g || !work)
		return DROP_COOKIE;
	if (work->type == SIGNED_WITH_COOKIE) {
		__builtin_memcpy(&cookie, work->trailer.packet.cookie, sizeof(cookie));
		return cookie_holds(g, &cookie) ? REASON_NONE
						: cookie_ask(ctx, g, work, DROP_COOKIE);
	}
	key = key_state_at(work->place);
	if (!key)
		return DROP_KEY_UNKNOWN;
	if (!curve_is_scarce(key, &signed_config_now()->rates, g->now_ns))
		return REASON_NONE;
	return cookie_ask(ctx, g, work, ANSWER_COOKIE);
}

/* The block of addresses, in front of the message. */
INLINE void signed_put_addresses(struct signed_work *work, const struct packet *p)
{
	struct signed_addresses *to = (void *)work->message.bytes;

	__builtin_memset(to, 0, sizeof(*to));
	__builtin_memcpy(to->source, &p->source, sizeof(to->source));
	__builtin_memcpy(to->destination, &p->destination, sizeof(to->destination));
	to->source_port = bpf_htons(p->source_port);
	to->destination_port = bpf_htons(p->destination_port);
}

INLINE enum reason signed_hash(struct xdp_md *ctx, struct gate *g, struct signed_work *work)
{
	const struct signed_config *config = signed_config_now();
	__u64 at = SIGNED_MESSAGE_AT, length = work->payload_bytes + SIGNED_FIELDS_BYTES;

	if (!signed_load(ctx, &g->packet, work, SIGNED_FIELDS_BYTES))
		return DROP_SIGNATURE;
	if (config->bind_address) {
		signed_put_addresses(work, &g->packet);
		at = 0;
		length += SIGNED_MESSAGE_AT;
	}
	__builtin_memcpy(&work->signature, work->trailer.packet.signature, sizeof(work->signature));
	work->kind = SIGNED_PACKET;
	return signed_prepare(g, work, &config->packet, at, length);
}

/* Everything but the signature. Returns GATE_SUSPENDED, or an enum reason. */
NO_INLINE int signed_judge(struct xdp_md *ctx, struct gate *g, struct signed_work *work)
{
	struct key_state *key;
	enum reason reason;

	if (!g || !work)
		return DROP_SIGNATURE;
	reason = signed_key_check(g, work, work->trailer.packet.fields.key_id);
	if (reason)
		return reason;
	reason = signed_check_time(g, work);
	if (reason)
		return reason;
	key = key_state_at(work->place);
	if (!key)
		return DROP_KEY_UNKNOWN;
	reason = instance_check(&key->instances, &work->claim);
	if (reason)
		return reason;
	reason = cookie_check(ctx, g, work);
	if (reason)
		return reason;
	return signed_hash(ctx, g, work);
}

/* Ones' complement sum of a session's trailer, without a call. */
INLINE __u16 session_trailer_sum(const struct signed_work *work)
{
	const __u64 *words = (const __u64 *)work->trailer.bytes;
	__u64 sum = 0;

#pragma unroll
	for (int i = 0; i < SESSION_TRAILER_BYTES / 8; i++) {
		sum += words[i];
		sum += sum < words[i];
	}
	sum = (sum >> 32) + (__u32)sum;
	return ~csum_fold((sum >> 32) + (__u32)sum);
}

/* Bytes of the trailer, as they are summed up in the packet: what begins at an odd place is turned.
 */
INLINE __u16 trailer_sum(struct signed_work *work)
{
	__u64 bytes = work->trailer_bytes;
	__u16 sum;

	opaque(bytes);
	if (bytes > SIGNED_WITH_COOKIE_BYTES)
		return 0;
	if (work->type == SIGNED_SESSION)
		sum = session_trailer_sum(work);
	else
		sum = ~csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)work->trailer.bytes, bytes, 0));
	return work->payload_bytes & 1 ? (__u16)(sum << 8 | sum >> 8) : sum;
}

/* The packet goes on without its trailer, unless the operator wants it. */
INLINE enum reason signed_pass(struct xdp_md *ctx, struct signed_work *work, enum reason reason)
{
	if (signed_config_now()->keep_trailer ||
	    strip_end(ctx, &work->gate.packet, work->trailer_bytes, trailer_sum(work)))
		return reason;
	return DROP_TRUNCATED;
}

/* What becomes of a packet to a protected UDP port. Returns GATE_SUSPENDED, or an enum reason. */
NO_INLINE int evidence_judge(struct xdp_md *ctx, struct gate *g)
{
	struct signed_work *work = work_now();
	enum reason reason;

	if (!g || !work)
		return DROP_SIGNATURE;
	reason = trailer_read(ctx, &g->packet, work);
	if (reason)
		return reason;
	if (work->type != SIGNED_SESSION)
		return signed_judge(ctx, g, work);
	reason = session_judge(ctx, g, work);
	return reason == PASS_SESSION ? signed_pass(ctx, work, reason) : reason;
}

/* The signature of a packet holds: its counter is taken. */
INLINE enum reason signed_settle_packet(struct xdp_md *ctx, struct signed_work *work)
{
	struct key_state *key = key_state_at(work->place);
	enum reason reason;

	if (!key)
		return DROP_KEY_UNKNOWN;
	reason = instance_commit(&key->instances, &work->claim);
	return reason ? reason : signed_pass(ctx, work, PASS_SIGNED);
}
