/*
 * Every call that libtirpc has for the port mapper of this host, in an order that shows what they do to one another. What
 * comes of each is printed, so that two port mappers can be compared.
 */
#include <arpa/inet.h>
#include <netconfig.h>
#include <netinet/in.h>
#include <rpc/pmap_clnt.h>
#include <rpc/pmap_prot.h>
#include <rpc/pmap_rmt.h>
#include <rpc/rpc.h>
#include <rpc/rpcb_clnt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PROGRAM = 0x20000041 };

static struct netconfig *transport(const char *netid)
{
	struct netconfig *config = getnetconfigent(netid);
	if (config == NULL) {
		fprintf(stderr, "no netconfig for %s\n", netid);
		exit(2);
	}
	return config;
}

static void set(const char *netid, unsigned version, const char *address)
{
	struct netconfig *config = transport(netid);
	struct netbuf *bound = uaddr2taddr(config, address);
	printf("rpcb_set %s %u %s: %d\n", netid, version, address, rpcb_set(PROGRAM, version, config, bound));
}

static void unset(const char *netid, unsigned version)
{
	struct netconfig *config = netid == NULL ? NULL : transport(netid);
	printf("rpcb_unset %s %u: %d\n", netid == NULL ? "all" : netid, version, rpcb_unset(PROGRAM, version, config));
}

static void getaddr(const char *netid, unsigned version)
{
	struct netconfig *config = transport(netid);
	struct sockaddr_storage room;
	struct netbuf address = { .maxlen = sizeof room, .len = 0, .buf = &room };
	if (rpcb_getaddr(PROGRAM, version, config, &address, config->nc_protofmly[4] == '6' ? "::1" : "127.0.0.1")) {
		char *text = taddr2uaddr(config, &address);
		printf("rpcb_getaddr %s %u: %s\n", netid, version, text);
		free(text);
	} else {
		printf("rpcb_getaddr %s %u: %s\n", netid, version, clnt_sperrno(rpc_createerr.cf_stat));
	}
}

static void getmaps(const char *netid)
{
	for (rpcblist *at = rpcb_getmaps(transport(netid), "localhost"); at != NULL; at = at->rpcb_next) {
		const RPCB *map = &at->rpcb_map;
		if (map->r_prog == PROGRAM)
			printf("rpcb_getmaps %s: %u %s %s %s\n", netid, map->r_vers, map->r_netid, map->r_addr, map->r_owner);
	}
}

static void pmaps(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	for (struct pmaplist *at = pmap_getmaps(&here); at != NULL; at = at->pml_next) {
		const struct pmap *map = &at->pml_map;
		if (map->pm_prog == PROGRAM)
			printf("pmap_getmaps: %lu %lu %lu\n", map->pm_vers, map->pm_prot, map->pm_port);
	}
}

static void getport(unsigned version, unsigned protocol)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	printf("pmap_getport %u %u: %u\n", version, protocol, pmap_getport(&here, PROGRAM, version, protocol));
}

static void rmtcall(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { .tv_sec = 1 };
	rpcport_t port = 0;
	enum clnt_stat status = pmap_rmtcall(&here, PROGRAM, 1, NULLPROC, (xdrproc_t)xdr_void, NULL, (xdrproc_t)xdr_void,
					     NULL, limit, &port);
	printf("pmap_rmtcall: %s\n", clnt_sperrno(status));
}

static void addresses(const char *netid, const char *text)
{
	struct netconfig *config = transport(netid);
	struct netbuf *there = rpcb_uaddr2taddr(config, (char *)text);
	printf("rpcb_uaddr2taddr %s %s:", netid, text);
	for (unsigned at = 0; there != NULL && at < there->len; at++)
		printf(" %02x", ((unsigned char *)there->buf)[at]);
	char *again = rpcb_taddr2uaddr(config, uaddr2taddr(config, text));
	printf("\nrpcb_taddr2uaddr %s %s: %s\n", netid, text, again == NULL ? "none" : again);
}

int main(void)
{
	time_t there = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	unset(NULL, 1);
	unset(NULL, 2);
	set("tcp", 1, "0.0.0.0.200.1");
	set("tcp", 1, "0.0.0.0.200.1");
	set("tcp", 1, "0.0.0.0.200.2");
	set("udp", 1, "127.0.0.1.200.1");
	set("tcp6", 1, "::.200.1");
	set("udp6", 2, "::1.200.2");
	getmaps("tcp");
	getmaps("udp");
	getmaps("tcp6");
	pmaps();
	for (unsigned version = 1; version <= 3; version++) {
		getaddr("tcp", version);
		getaddr("udp", version);
		getaddr("tcp6", version);
		getaddr("udp6", version);
		getport(version, IPPROTO_TCP);
		getport(version, IPPROTO_UDP);
	}
	getport(1, 99);
	rmtcall();
	unset("udp", 1);
	getaddr("udp", 1);
	getaddr("tcp", 1);
	printf("pmap_set: %d\n", pmap_set(PROGRAM, 2, IPPROTO_TCP, 51207));
	printf("pmap_set again: %d\n", pmap_set(PROGRAM, 2, IPPROTO_TCP, 51207));
	printf("pmap_set other: %d\n", pmap_set(PROGRAM, 2, IPPROTO_TCP, 51208));
	getmaps("udp");
	printf("pmap_unset: %d\n", pmap_unset(PROGRAM, 2));
	getmaps("udp");
	unset(NULL, 1);
	unset(NULL, 2);
	getmaps("udp");
	addresses("tcp", "192.0.2.7.8.1");
	addresses("udp6", "2001:db8::7.8.1");
	printf("rpcb_gettime: %d\n", rpcb_gettime("localhost", &there) && labs((long)(there - time(NULL))) < 60);
	return 0;
}
