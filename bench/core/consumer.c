// SPDX-License-Identifier: MIT
/*
 * What C on libbpf takes for what the loader does in JavaScript. Commands come as lines, answers go as lines:
 *
 *	ring <map id>			how many records there were, nanoseconds for all, sum of their first words
 *	lookups <map id> <keys> <count>	how many values were right, nanoseconds for all
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned long long now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static int open_map(unsigned int id)
{
	int fd = bpf_map_get_fd_by_id(id);

	if (fd >= 0)
		return fd;
	perror("opening the map");
	exit(1);
}

static unsigned long long sum;

static int on_record(void *context, void *data, size_t size)
{
	sum += *(unsigned long long *)data;
	return 0;
}

static void drain_ring(unsigned int id)
{
	static struct ring_buffer *ring;
	unsigned long long start;
	int count;

	if (!ring)
		ring = ring_buffer__new(open_map(id), on_record, NULL, NULL);
	if (!ring) {
		perror("opening the ring");
		exit(1);
	}
	sum = 0;
	start = now_ns();
	count = ring_buffer__consume(ring);
	printf("%d %llu %llu\n", count, now_ns() - start, sum);
}

static void look_up(unsigned int id, unsigned int keys, unsigned int count)
{
	static int fd = -1;
	unsigned int state = 1, found = 0;
	unsigned int value[16];
	unsigned long long start;

	if (fd < 0)
		fd = open_map(id);
	start = now_ns();
	for (unsigned int i = 0; i < count; i++) {
		unsigned int key = (state = state * 1664525 + 1013904223) % keys;

		found += !bpf_map_lookup_elem(fd, &key, value) && value[15] == key;
	}
	printf("%u %llu\n", found, now_ns() - start);
}

int main(void)
{
	unsigned int id, keys, count;
	char line[80];

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "ring %u", &id) == 1)
			drain_ring(id);
		else if (sscanf(line, "lookups %u %u %u", &id, &keys, &count) == 3)
			look_up(id, keys, count);
		else
			return 1;
		fflush(stdout);
	}
	return 0;
}
