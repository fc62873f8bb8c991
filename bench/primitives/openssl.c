// SPDX-License-Identifier: MIT
/*
 * What libcrypto takes for the same work, on the CPU that the first argument names. A command is a
 * line,
 * "<operation> <count>"; the answer is how often the result was right and the nanoseconds for all.
 *
 * Everything that can be prepared is prepared: contexts with their keys, groups with their tables,
 * signatures and scalars as numbers. Inputs are random and differ from call to call.
 */
#define _GNU_SOURCE
#define OPENSSL_API_COMPAT 10101 /* the low level functions are the fast ones */
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEYS   4
#define INPUTS 1024
#define PACKET 1400
#define TAG    16
#define NONCE  12
#define AAD    16

static void must(int ok, const char *what)
{
	if (ok == 1)
		return;
	fprintf(stderr, "openssl: %s failed\n", what);
	exit(1);
}

static void *must_have(void *pointer, const char *what)
{
	must(pointer != NULL, what);
	return pointer;
}

static unsigned long long now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* Hashes */

static unsigned char messages[64][PACKET];

static void hash_prepare(int unused)
{
	must(RAND_bytes(messages[0], sizeof(messages)), "random bytes");
}

static int hash_run(int length, int i)
{
	unsigned char digest[32];
	SHA256_CTX context;

	return SHA256_Init(&context) && SHA256_Update(&context, messages[i % 64], length) &&
	       SHA256_Final(digest, &context);
}

/* Signatures, and a * G + b * Q */

static struct curve {
	const EC_GROUP *group;
	BN_CTX *context;
	EC_KEY *keys[KEYS];
	int bytes;
	struct {
		unsigned char digest[64];
		ECDSA_SIG *signature;
		BIGNUM *a, *b;
		EC_POINT *sum;
	} inputs[INPUTS];
	EC_POINT *sum;
} curve;

static BIGNUM *random_scalar(const EC_GROUP *group)
{
	BIGNUM *scalar = BN_new();

	must(BN_priv_rand_range(scalar, EC_GROUP_get0_order(group)), "random scalar");
	return scalar;
}

static void curve_prepare(int nid)
{
	struct curve *c = &curve;

	for (int i = 0; i < KEYS; i++) {
		c->keys[i] = must_have(EC_KEY_new_by_curve_name(nid), "curve");
		must(EC_KEY_generate_key(c->keys[i]), "key");
	}
	c->group = EC_KEY_get0_group(c->keys[0]);
	c->context = BN_CTX_new();
	c->sum = EC_POINT_new(c->group);
	c->bytes = nid == NID_X9_62_prime256v1 ? 32 : nid == NID_secp384r1 ? 48 : 64;
	for (int i = 0; i < INPUTS; i++) {
		EC_KEY *key = c->keys[i % KEYS];

		must(RAND_bytes(c->inputs[i].digest, c->bytes), "random bytes");
		c->inputs[i].signature =
			must_have(ECDSA_do_sign(c->inputs[i].digest, c->bytes, key), "signature");
		c->inputs[i].a = random_scalar(c->group);
		c->inputs[i].b = random_scalar(c->group);
		c->inputs[i].sum = EC_POINT_new(c->group);
		must(EC_POINT_mul(c->group, c->inputs[i].sum, c->inputs[i].a,
				  EC_KEY_get0_public_key(key), c->inputs[i].b, c->context),
		     "sum");
	}
}

static int verify_run(int unused, int i)
{
	return ECDSA_do_verify(curve.inputs[i % INPUTS].digest, curve.bytes,
			       curve.inputs[i % INPUTS].signature, curve.keys[i % KEYS]) == 1;
}

static int schnorr_run(int unused, int i)
{
	const EC_POINT *key = EC_KEY_get0_public_key(curve.keys[i % KEYS]);

	return EC_POINT_mul(curve.group, curve.sum, curve.inputs[i % INPUTS].a, key,
			    curve.inputs[i % INPUTS].b, curve.context) &&
	       EC_POINT_cmp(curve.group, curve.sum, curve.inputs[i % INPUTS].sum, curve.context) ==
		       0;
}

/* AEADs: the context has the key, each packet its nonce. */

enum { AES, CHACHA };

static struct aead {
	EVP_CIPHER_CTX *seal, *open;
	unsigned char nonces[64][NONCE], aad[AAD], sealed[64][PACKET], tags[64][TAG],
		output[PACKET];
} aead;

static EVP_CIPHER_CTX *cipher_context(const EVP_CIPHER *cipher, const unsigned char *key,
				      int encrypt)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	must(EVP_CipherInit_ex(context, cipher, NULL, key, NULL, encrypt), "cipher");
	return context;
}

static int seal(struct aead *a, int i, unsigned char *output, unsigned char *tag)
{
	int length;

	return EVP_EncryptInit_ex(a->seal, NULL, NULL, NULL, a->nonces[i]) &&
	       EVP_EncryptUpdate(a->seal, NULL, &length, a->aad, AAD) &&
	       EVP_EncryptUpdate(a->seal, output, &length, messages[i], PACKET) &&
	       EVP_EncryptFinal_ex(a->seal, output + length, &length) &&
	       EVP_CIPHER_CTX_ctrl(a->seal, EVP_CTRL_AEAD_GET_TAG, TAG, tag);
}

static void aead_prepare(int cipher)
{
	const EVP_CIPHER *type = cipher == AES ? EVP_aes_256_gcm() : EVP_chacha20_poly1305();
	unsigned char key[32];

	must(RAND_bytes(key, sizeof(key)) && RAND_bytes(aead.nonces[0], sizeof(aead.nonces)) &&
		     RAND_bytes(aead.aad, AAD) && RAND_bytes(messages[0], sizeof(messages)),
	     "random bytes");
	aead.seal = cipher_context(type, key, 1);
	aead.open = cipher_context(type, key, 0);
	for (int i = 0; i < 64; i++)
		must(seal(&aead, i, aead.sealed[i], aead.tags[i]), "seal");
}

static int seal_run(int unused, int i)
{
	unsigned char tag[TAG];

	return seal(&aead, i % 64, aead.output, tag) && !memcmp(tag, aead.tags[i % 64], TAG);
}

static int open_run(int unused, int i)
{
	struct aead *a = &aead;
	int length;

	i %= 64;
	return EVP_DecryptInit_ex(a->open, NULL, NULL, NULL, a->nonces[i]) &&
	       EVP_DecryptUpdate(a->open, NULL, &length, a->aad, AAD) &&
	       EVP_DecryptUpdate(a->open, a->output, &length, a->sealed[i], PACKET) &&
	       EVP_CIPHER_CTX_ctrl(a->open, EVP_CTRL_AEAD_SET_TAG, TAG, a->tags[i]) &&
	       EVP_DecryptFinal_ex(a->open, a->output + length, &length) > 0;
}

/* As many bytes as whole blocks of AES need. */

static EVP_CIPHER_CTX *ecb;

static void ecb_prepare(int unused)
{
	unsigned char key[32];

	must(RAND_bytes(key, sizeof(key)) && RAND_bytes(messages[0], sizeof(messages)),
	     "random bytes");
	ecb = cipher_context(EVP_aes_256_ecb(), key, 1);
}

static int ecb_run(int length, int i)
{
	unsigned char output[PACKET + 32];
	int written;

	return EVP_EncryptUpdate(ecb, output, &written, messages[i % 63], length) &&
	       written == length;
}

static const struct operation {
	const char *name;
	void (*prepare)(int which);
	int which;
	int (*run)(int argument, int i);
	int argument;
} operations[] = {
	{"sha256-block", hash_prepare, 0, hash_run, 40},
	{"sha256-1400", hash_prepare, 0, hash_run, PACKET},
	{"p256-verify", curve_prepare, NID_X9_62_prime256v1, verify_run},
	{"p256-schnorr", curve_prepare, NID_X9_62_prime256v1, schnorr_run},
	{"p384-verify", curve_prepare, NID_secp384r1, verify_run},
	{"p521-verify", curve_prepare, NID_secp521r1, verify_run},
	{"aes-seal", aead_prepare, AES, seal_run},
	{"aes-open", aead_prepare, AES, open_run},
	{"aes-ecb", ecb_prepare, 0, ecb_run, 1408},
	{"chacha-seal", aead_prepare, CHACHA, seal_run},
	{"chacha-open", aead_prepare, CHACHA, open_run},
};

static const struct operation *find(const char *name)
{
	static const struct operation *prepared;

	for (unsigned int i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		const struct operation *operation = &operations[i];

		if (strcmp(name, operation->name))
			continue;
		if (prepared != operation)
			operation->prepare(operation->which);
		return prepared = operation;
	}
	fprintf(stderr, "openssl: no operation \"%s\"\n", name);
	exit(1);
}

static void run(const struct operation *operation, int count)
{
	static int next;
	unsigned long long start = now_ns();
	int right = 0;

	for (int i = 0; i < count; i++)
		right += operation->run(operation->argument, next++ & 0xffffff);
	printf("%d %llu\n", right, now_ns() - start);
	fflush(stdout);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(sched_setaffinity(0, sizeof(set), &set) == 0, "sched_setaffinity");
}

int main(int argc, char **argv)
{
	char line[80], name[32];
	int count;

	must(argc == 2, "reading the number of a CPU");
	pin(atoi(argv[1]));
	while (fgets(line, sizeof(line), stdin)) {
		must(sscanf(line, "%31s %d", name, &count) == 2, "reading a command");
		run(find(name), count);
	}
	return 0;
}
