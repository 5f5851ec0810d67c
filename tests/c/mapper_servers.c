/*
 * Every way that libtirpc has to make a server that the port mapper of this host knows, and to find it there. What comes of
 * each is printed, without what is another in each run, so that two port mappers can be compared.
 */
#include <netconfig.h>
#include <netinet/in.h>
#include <rpc/pmap_clnt.h>
#include <rpc/rpc.h>
#include <rpc/rpcb_clnt.h>
#include <rpc/svc_soc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CREATED = 0x20000051, TRANSPORT, OLD, SIMPLE, SIMPLEST, PRIVATE };
enum { DOUBLE = 1, STOP = 2 };

static const char *const NETTYPES[] = { "netpath", "visible", "circuit_v", "datagram_v", "circuit_n", "datagram_n", "tcp", "udp" };
static const char *const TRANSPORTS[] = { "tcp", "udp", "tcp6", "udp6" };

static const struct timeval LIMIT = { .tv_sec = 10 };

static void dispatch(struct svc_req *request, SVCXPRT *transport)
{
	int number = 0;

	switch (request->rq_proc) {
	case NULLPROC:
		svc_sendreply(transport, (xdrproc_t)xdr_void, NULL);
		break;
	case DOUBLE:
		if (!svc_getargs(transport, (xdrproc_t)xdr_int, (caddr_t)&number)) {
			svcerr_decode(transport);
			return;
		}
		number *= 2;
		svc_sendreply(transport, (xdrproc_t)xdr_int, (caddr_t)&number);
		break;
	case STOP:
		svc_sendreply(transport, (xdrproc_t)xdr_void, NULL);
		svc_exit();
		break;
	default:
		svcerr_noproc(transport);
	}
}

static char *double_it(char *number)
{
	static int result;

	result = *(int *)number * 2;
	return (char *)&result;
}

/* What the port mapper has of a program: no ports, which are others in each run. */
static void entries(const char *when, unsigned program)
{
	for (rpcblist *at = rpcb_getmaps(getnetconfigent("tcp"), "localhost"); at != NULL; at = at->rpcb_next) {
		const RPCB *map = &at->rpcb_map;
		if (map->r_prog != program)
			continue;
		char *address = strdup(map->r_addr);
		for (int dots = 0; dots < 2 && strrchr(address, '.') != NULL && address[0] != '/'; dots++)
			*strrchr(address, '.') = '\0';
		printf("%s: %x %u %s %s %s\n", when, map->r_prog, map->r_vers, map->r_netid, address, map->r_owner);
		free(address);
	}
}

static void serve(int ready)
{
	printf("svc_create visible: %d\n", svc_create(dispatch, CREATED, 1, "visible"));
	printf("svc_create tcp: %d\n", svc_create(dispatch, CREATED, 2, "tcp"));
	printf("svc_create datagram_n: %d\n", svc_create(dispatch, CREATED, 3, "datagram_n"));
	for (unsigned at = 0; at < 4; at++) {
		struct netconfig *config = getnetconfigent(TRANSPORTS[at]);
		SVCXPRT *transport = svc_tp_create(dispatch, TRANSPORT, 1, config);
		printf("svc_tp_create %s: %d\n", TRANSPORTS[at], transport != NULL);
		printf("svc_reg %s: %d\n", TRANSPORTS[at], svc_reg(transport, TRANSPORT, 2, dispatch, config));
		printf("svc_reg %s, not told: %d\n", TRANSPORTS[at], svc_reg(transport, PRIVATE, 1, dispatch, NULL));
	}
	SVCXPRT *udp = svcudp_create(RPC_ANYSOCK), *tcp = svctcp_create(RPC_ANYSOCK, 0, 0);
	pmap_unset(OLD, 1);
	printf("svc_register: %d %d\n", svc_register(udp, OLD, 1, dispatch, IPPROTO_UDP),
	       svc_register(tcp, OLD, 1, dispatch, IPPROTO_TCP));
	printf("rpc_reg: %d\n", rpc_reg(SIMPLE, 1, DOUBLE, double_it, (xdrproc_t)xdr_int, (xdrproc_t)xdr_int, "udp"));
	printf("registerrpc: %d\n",
	       registerrpc(SIMPLEST, 1, DOUBLE, double_it, (xdrproc_t)xdr_int, (xdrproc_t)xdr_int));
	if (write(ready, "", 1) != 1)
		exit(2);
	svc_run();
	svc_unreg(CREATED, 1);
	entries("one version gone", CREATED);
	svc_unregister(OLD, 1);
	entries("gone, the old way", OLD);
	fflush(stdout);
	/* All others stay. */
	_exit(0);
}

static const char *doubled(CLIENT *client)
{
	int number = 21, result = 0;

	if (client == NULL)
		return clnt_sperrno(rpc_createerr.cf_stat);
	enum clnt_stat status = clnt_call(client, DOUBLE, (xdrproc_t)xdr_int, (caddr_t)&number, (xdrproc_t)xdr_int,
					  (caddr_t)&result, LIMIT);
	clnt_destroy(client);
	return status != RPC_SUCCESS ? clnt_sperrno(status) : result == 42 ? "42" : "another number";
}

static void call(const char *host)
{
	int number = 21, result = 0;

	for (unsigned at = 0; at < sizeof NETTYPES / sizeof *NETTYPES; at++) {
		const char *nettype = NETTYPES[at];
		for (unsigned version = 1; version <= 4; version++)
			printf("clnt_create %s %s %u: %s\n", host, nettype, version,
			       doubled(clnt_create(host, CREATED, version, nettype)));
		rpcvers_t version = 0;
		CLIENT *client = clnt_create_vers(host, CREATED, &version, 1, 9, nettype);
		printf("clnt_create_vers %s %s: %s, %u\n", host, nettype, doubled(client), version);
		result = 0;
		printf("rpc_call %s %s: %s", host, nettype,
		       clnt_sperrno(rpc_call(host, OLD, 1, DOUBLE, (xdrproc_t)xdr_int, (char *)&number,
					     (xdrproc_t)xdr_int, (char *)&result, nettype)));
		printf(", %d\n", result);
	}
	for (unsigned at = 0; at < 4; at++) {
		struct netconfig *config = getnetconfigent(TRANSPORTS[at]);
		printf("clnt_tp_create %s %s: %s\n", host, TRANSPORTS[at], doubled(clnt_tp_create(host, TRANSPORT, 2, config)));
		printf("clnt_tp_create %s %s, not told: %s\n", host, TRANSPORTS[at],
		       doubled(clnt_tp_create(host, PRIVATE, 1, config)));
	}
	result = 0;
	int status = callrpc(host, SIMPLE, 1, DOUBLE, (xdrproc_t)xdr_int, (char *)&number, (xdrproc_t)xdr_int, (char *)&result);
	printf("callrpc %s: %d, %d\n", host, status, result);
	status = callrpc(host, SIMPLEST, 1, DOUBLE, (xdrproc_t)xdr_int, (char *)&number, (xdrproc_t)xdr_int, (char *)&result);
	printf("callrpc %s, the simplest: %d, %d\n", host, status, result);
	printf("getrpcport %s: %d %d\n", host, getrpcport((char *)host, OLD, 1, IPPROTO_TCP) > 0,
	       getrpcport((char *)host, PRIVATE, 1, IPPROTO_TCP));
	struct sockaddr_storage room;
	struct netbuf where = { .maxlen = sizeof room, .len = 0, .buf = &room };
	struct timeval limit = { .tv_sec = 2 };
	result = 0;
	enum clnt_stat called = rpcb_rmtcall(getnetconfigent("udp"), host, SIMPLE, 1, DOUBLE, (xdrproc_t)xdr_int, (caddr_t)&number,
					     (xdrproc_t)xdr_int, (caddr_t)&result, limit, &where);
	printf("rpcb_rmtcall %s: %s, %d\n", host, clnt_sperrno(called), result);
}

int main(int count, char **hosts)
{
	int ready[2];
	char byte;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (pipe(ready) != 0)
		return 2;
	pid_t server = fork();
	if (server == 0) {
		close(ready[0]);
		serve(ready[1]);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return 2;
	for (unsigned program = CREATED; program <= PRIVATE; program++)
		entries("registered", program);
	for (int at = 1; at < count; at++)
		call(hosts[at]);
	fflush(stdout);
	CLIENT *client = clnt_create("127.0.0.1", CREATED, 1, "tcp");
	if (client == NULL || clnt_call(client, STOP, (xdrproc_t)xdr_void, NULL, (xdrproc_t)xdr_void, NULL, LIMIT) != RPC_SUCCESS)
		return 2;
	waitpid(server, NULL, 0);
	for (unsigned program = CREATED; program <= PRIVATE; program++)
		rpcb_unset(program, 1, NULL), rpcb_unset(program, 2, NULL), rpcb_unset(program, 3, NULL);
	entries("left", CREATED);
	entries("left", SIMPLE);
	return 0;
}
