/*
 * everything-client HOST NETID: calls every procedure of both versions of
 * everything.x through rpcgen's stubs, found through the port mapper, with values
 * at their limits, and compares the answers bit for bit. Prints `ok NAME` for each;
 * ends with 1 at the first difference, with 2 when it could not ask.
 */
#include "describe.h"
#include "everything.h"
#include "values.h"

#include <limits.h>
#include <netconfig.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What libtirpc sends and takes over UDP, less the headers. */
#define DATAGRAM 8000
/* The longest string without a typedef: xdr_wrapstring takes no more. */
#define WRAPPED 9000

static const xdrproc_t no_value = (xdrproc_t)(void *)xdr_void;

static CLIENT *client;
static int datagrams;

static void fail(const char *name, const char *what)
{
    printf("FAILED %s: %s\n", name, what);
    exit(1);
}

static void answered(const char *name, enum clnt_stat status)
{
    if (status != RPC_SUCCESS)
        fail(name, clnt_sperror(client, ""));
}

/* The bytes that stand for a value: equal when it is, NaNs and all. */
static u_int encode(const char *name, xdrproc_t type, void *value, char *to, u_int room)
{
    XDR stream;
    xdrmem_create(&stream, to, room, XDR_ENCODE);
    if (!type(&stream, value))
        fail(name, "the value cannot be encoded");
    return xdr_getpos(&stream);
}

static void same(const char *name, xdrproc_t type, void *expected, void *actual)
{
    static char left[4 << 20], right[4 << 20];
    u_int size = encode(name, type, expected, left, sizeof(left));
    if (size != encode(name, type, actual, right, sizeof(right)) || memcmp(left, right, size) != 0)
        fail(name, "another answer than expected");
}

/* Calls an echo with each of the values. */
#define ECHO(procedure, type, xdr, ...)                                   \
    do {                                                                  \
        type values[] = {__VA_ARGS__};                                    \
        for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {   \
            type result;                                                  \
            memset(&result, 0, sizeof(result));                           \
            answered(#procedure, procedure##_1(values[i], &result, client)); \
            same(#procedure, (xdrproc_t)xdr, &values[i], &result);        \
            xdr_free((xdrproc_t)xdr, (void *)&result);                    \
        }                                                                 \
        puts("ok " #procedure);                                           \
    } while (0)

/* Calls a procedure of version 2 and compares with the expected result. */
#define EXPECT(procedure, type, xdr, expected, ...)                       \
    do {                                                                  \
        type wanted = expected;                                           \
        type result;                                                      \
        memset(&result, 0, sizeof(result));                               \
        answered(#procedure, procedure##_2(__VA_ARGS__, &result, client)); \
        same(#procedure, (xdrproc_t)xdr, &wanted, &result);               \
        xdr_free((xdrproc_t)xdr, (void *)&result);                        \
        puts("ok " #procedure);                                           \
    } while (0)

static float single(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static double twice(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void echo_numbers(void)
{
    ECHO(echo_char, char, xdr_char, (char)SCHAR_MIN, -1, 0, 1, 'x', SCHAR_MAX);
    ECHO(echo_u_char, u_char, xdr_u_char, 0, 1, 127, 128, UCHAR_MAX);
    ECHO(echo_short, short, xdr_short, SHRT_MIN, -1, 0, 1, SHRT_MAX);
    ECHO(echo_u_short, u_short, xdr_u_short, 0, 1, 32767, 32768, USHRT_MAX);
    ECHO(echo_int, int, xdr_int, INT_MIN, -1, 0, 1, INT_MAX);
    ECHO(echo_u_int, u_int, xdr_u_int, 0, 1, 0x7fffffff, 0x80000000, UINT_MAX);
    ECHO(echo_long, long, xdr_long, INT32_MIN, -1, 0, 1, INT32_MAX);
    ECHO(echo_u_long, u_long, xdr_u_long, 0, 1, 0x7fffffff, 0x80000000, UINT32_MAX);
    ECHO(echo_hyper, quad_t, xdr_quad_t, INT64_MIN, INT32_MIN, -1, 0, 1, UINT32_MAX, INT64_MAX);
    ECHO(echo_u_hyper, u_quad_t, xdr_u_quad_t, 0, 1, UINT32_MAX, 1UL << 32, UINT64_MAX);
    /* Zeroes, the least and greatest, infinities, quiet and signalling NaNs with payloads. */
    ECHO(echo_float, float, xdr_float, 0.0f, single(0x80000000), 1.0f, -1.5f, single(0x00000001),
         single(0x807fffff), single(0x00800000), single(0x7f7fffff), single(0x7f800000),
         single(0xff800000), single(0x7fc00000), single(0x7fc12345), single(0xffffffff),
         single(0x7f800001), single(0xff8abcde));
    ECHO(echo_double, double, xdr_double, 0.0, twice(0x8000000000000000), 1.0, -1.5, twice(1),
         twice(0x800fffffffffffff), twice(0x0010000000000000), twice(0x7fefffffffffffff),
         twice(0x7ff0000000000000), twice(0xfff0000000000000), twice(0x7ff8000000000000),
         twice(0x7ff8123456789abc), twice(0xffffffffffffffff), twice(0x7ff0000000000001),
         twice(0xfff00badcafebabe));
    ECHO(echo_bool, bool_t, xdr_bool, TRUE, FALSE);
    ECHO(echo_colour, colour, xdr_colour, RED, GREEN, BLUE);
    ECHO(echo_level, level, xdr_level, LEVEL_LOWEST, LEVEL_COLD, LEVEL_NORMAL, LEVEL_HIGHEST);
    ECHO(echo_amount, amount, xdr_amount, INT_MIN, -1, 0, 1, INT_MAX);
}

static void echo_sequences(void)
{
    u_int large = datagrams ? DATAGRAM - 8 : 100001;
    u_int huge = datagrams ? DATAGRAM - 8 : 1 << 20;
    static quad_t numbers[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    static short eight[] = {SHRT_MIN, -1, 0, 1, 2, 3, 4, SHRT_MAX};
    static bool_t flags_of_three[] = {TRUE, FALSE, TRUE};
    static colour all_colours[] = {RED, GREEN, BLUE, RED};
    label names[] = {"", "a", "\xe2\x82\xac", letters(LABEL_MAX)};
    double reals[] = {0.0, -0.0, twice(0x7ff0000000000001), twice(1), -1e300};
    quad_t *many = keep(sizeof(quad_t) * (large / sizeof(quad_t)));
    for (u_int i = 0; i < large / sizeof(quad_t); i++)
        many[i] = (quad_t)(i * 0x9e3779b97f4a7c15u);

    ECHO(echo_string, char *, xdr_wrapstring, "", "a", "ab", "abc", "abcd", "\xc3\xa9t\xc3\xa9", 
         letters(datagrams ? DATAGRAM - 8 : WRAPPED));
    ECHO(echo_label, label, xdr_label, "", "a", letters(LABEL_MAX - 1), letters(LABEL_MAX));
    ECHO(echo_blob, blob, xdr_blob, {0, NULL}, {1, any_bytes(1)}, {2, any_bytes(2)}, {3, any_bytes(3)},
         {4, any_bytes(4)}, {5, any_bytes(5)}, {large, any_bytes(large)}, {huge, any_bytes(huge)});
    ECHO(echo_small_blob, small_blob, xdr_small_blob, {0, NULL}, {6, any_bytes(6)}, {7, any_bytes(7)});
    ECHO(echo_hypers, hypers, xdr_hypers, {0, NULL}, {1, numbers}, {5, numbers}, {large / sizeof(quad_t), many});
    ECHO(echo_shorts, shorts, xdr_shorts, {0, NULL}, {1, eight}, {EIGHT, eight});
    ECHO(echo_samples, samples, xdr_samples, {0, NULL}, {5, reals});
    ECHO(echo_colours, colours, xdr_colours, {0, NULL}, {4, all_colours});
    ECHO(echo_flags, flags, xdr_flags, {0, NULL}, {3, flags_of_three});
    ECHO(echo_labels, labels, xdr_labels, {0, NULL}, {1, names}, {FEW, names});
}

static void echo_recursive(void)
{
    expression nothing_there = {"nothing", {OP_ADD, {.both = {NULL, NULL}}}};

    ECHO(echo_nodes, node_list, xdr_node_list, NULL, nodes(1), nodes(2), nodes(datagrams ? 300 : 1000));
    ECHO(echo_hops, hop_list, xdr_hop_list, NULL, hops(1), hops(1000 - 10), hops(datagrams ? 990 : 10000));
    ECHO(echo_tree, tree_root, xdr_tree_root, NULL, full_tree(1), full_tree(8), bent_tree(50));
    ECHO(echo_expression, expression, xdr_expression, *some_expression(), nothing_there,
         {"", {OP_NUMBER, {.number = INT64_MIN}}}, {letters(LABEL_MAX), {OP_NEGATE, {.operand = NULL}}});
}

static void echo_structures(void)
{
    integers both[] = {least_integers(), greatest_integers()};

    ECHO(echo_integers, integers, xdr_integers, least_integers(), greatest_integers(), {0});
    ECHO(echo_integers_list, integers_list, xdr_integers_list, {0, NULL}, {2, both});
    ECHO(echo_scalars, scalars, xdr_scalars, some_scalars(), {0});
    ECHO(echo_opaques, opaques, xdr_opaques, empty_opaques(), full_opaques());
    ECHO(echo_arrays, arrays, xdr_arrays, empty_arrays(), full_arrays());
    ECHO(echo_optionals, optionals, xdr_optionals, all_absent(), all_present());
}

static void echo_unions(void)
{
    unions all = all_unions();

    ECHO(echo_by_enum, by_enum, xdr_by_enum, {RED, {.number = -5}}, {GREEN, {.name = "leaf"}}, {.shade = BLUE});
    ECHO(echo_by_level, by_level, xdr_by_level, {LEVEL_LOWEST, {.below = INT64_MIN}}, {LEVEL_COLD, {.below = 1}},
         {LEVEL_HIGHEST, {.top = {1, -1}}}, {.height = LEVEL_NORMAL});
    for (u_int i = 0; i < all.codes.codes_len; i++)
        ECHO(echo_by_int, by_int, xdr_by_int, all.codes.codes_val[i]);
    ECHO(echo_by_unsigned, by_unsigned, xdr_by_unsigned, {.size = 0}, {1, {.exactly = twice(0x7ff0000000000001)}},
         {0xffffffff, {.everything = letters(LABEL_MAX)}});
    ECHO(echo_by_bool, by_bool, xdr_by_bool, {TRUE, {.value = ""}}, {TRUE, {.value = "there"}}, {.present = FALSE});
    ECHO(echo_by_alias, alias_of_union, xdr_alias_of_union, {LABEL_MAX, {.longest = letters(LABEL_MAX)}},
         {BELOW_ZERO, {.hops = hops(3)}}, {0, {.other = INT64_MAX}}, {INT_MIN, {.other = INT64_MIN}});
    ECHO(echo_unions, unions, xdr_unions, least_unions(), all);
    ECHO(echo_everything, everything, xdr_everything, *least_everything(), *whole_everything());
}

static void compute(const char *server)
{
    /* SUM of these would overflow 32 bits on the way. */
    static quad_t numbers[] = {INT64_MAX, INT64_MIN, 1L << 40, -3};
    static label names[] = {"one", "two", ""};
    static short values[] = {1, -2, SHRT_MIN};
    digest sums;
    matrix rows = {{INT_MAX - 5, INT_MAX - 4, INT_MAX - 3}, {INT_MAX - 2, INT_MAX - 1, INT_MAX}};
    hypers keys = {7, (quad_t[]){0, 1, 2, 3, 4, 5, 6}};
    labels all_names = {3, names};
    shorts all_values = {3, values};
    hop *turned = NULL, *list = NULL;
    for (int i = 0; i < 900; i++) {
        list = memcpy(keep(sizeof(hop)), &(hop){i, list}, sizeof(hop));
        turned = memcpy(keep(sizeof(hop)), &(hop){899 - i, turned}, sizeof(hop));
    }

    {
        char *who = NULL;
        answered("who", who_2(&who, client));
        if (server != NULL && strcmp(who, server) != 0)
            fail("who", who);
        puts("ok who");
    }
    EXPECT(subtract, int, xdr_int, 5 - 7, 5, 7);
    EXPECT(subtract, int, xdr_int, INT_MIN, -1, INT_MAX);
    EXPECT(repeat, char *, xdr_wrapstring, "ababab!", "ab", 3, "!");
    EXPECT(repeat, char *, xdr_wrapstring, "", "ab", 0, "");
    EXPECT(sum, quad_t, xdr_quad_t, (1L << 40) - 4, ((hypers){4, numbers}));
    EXPECT(scale, double, xdr_double, -0.375, 1.5, -0.25f);
    {
        matrix result;
        answered("count_up", count_up_2(INT_MAX - 5, result, client));
        same("count_up", (xdrproc_t)xdr_matrix, rows, result);
        puts("ok count_up");
    }
    {
        digest wanted = {0};
        for (int i = 0; i < 16; i++)
            wanted[i] = (char)(i + (i < 4 ? 200 : 100));
        char *bytes = keep(20);
        memset(bytes, 100, 20);
        answered("fingerprint", fingerprint_2((blob){20, bytes}, sums, client));
        same("fingerprint", (xdrproc_t)xdr_digest, wanted, sums);
        puts("ok fingerprint");
    }
    EXPECT(reverse, hop_list, xdr_hop_list, turned, list);
    EXPECT(flatten, hypers, xdr_hypers, keys, full_tree(3));
    EXPECT(evaluate, quad_t, xdr_quad_t, 5, *some_expression());
    EXPECT(next, colour, xdr_colour, RED, BLUE);
    EXPECT(same, bool_t, xdr_bool, TRUE, letters(LABEL_MAX), letters(LABEL_MAX));
    EXPECT(same, bool_t, xdr_bool, FALSE, "a", "b");
    EXPECT(look_up, by_bool, xdr_by_bool, ((by_bool){TRUE, {.value = "-32768"}}), "", all_names, all_values);
    EXPECT(look_up, by_bool, xdr_by_bool, ((by_bool){.present = FALSE}), "three", all_names, all_values);
    EXPECT(describe, char *, xdr_wrapstring, describe(least_everything()), *least_everything());
    EXPECT(describe, char *, xdr_wrapstring, describe(whole_everything()), *whole_everything());
    {
        label remembered = NULL;
        char nothing;
        answered("remember", remember_2("the answer", 42, &nothing, client));
        answered("recall", recall_2(&remembered, client));
        if (strcmp(remembered, "the answer 42") != 0)
            fail("recall", remembered);
        puts("ok remember\nok recall");
    }
}

/* By netid, where clnt_create takes only classes of them: tcp6 is none. */
static void connect_to(const char *host, rpcvers_t version, const char *netid)
{
    struct netconfig *network = getnetconfigent(netid);
    if (client != NULL)
        clnt_destroy(client);
    client = network == NULL ? NULL : clnt_tp_create(host, EVERYTHING_PROG, version, network);
    if (client == NULL) {
        clnt_pcreateerror("everything-client");
        exit(2);
    }
}

/* What the server refuses, and how. */
static void refusals(const char *host, const char *netid)
{
    struct timeval wait = {25, 0};
    struct rpc_err error;
    enum clnt_stat status;

    status = clnt_call(client, 4711, no_value, NULL, no_value, NULL, wait);
    if (status != RPC_PROCUNAVAIL)
        fail("an unknown procedure", clnt_sperror(client, ""));
    puts("ok an unknown procedure");

    /* The port mapper answers with another version's address. */
    connect_to(host, 99, netid);
    status = clnt_call(client, NULLPROC, no_value, NULL, no_value, NULL, wait);
    clnt_geterr(client, &error);
    if (status != RPC_PROGVERSMISMATCH || error.re_vers.low != 1 || error.re_vers.high != 2)
        fail("an unknown version", clnt_sperror(client, ""));
    puts("ok an unknown version");
}

int main(int count, char **arguments)
{
    if (count < 3 || count > 4) {
        fprintf(stderr, "usage: everything-client HOST NETID [WHO]\n");
        return 2;
    }
    const char *host = arguments[1], *netid = arguments[2];
    datagrams = strncmp(netid, "udp", 3) == 0;
    setvbuf(stdout, NULL, _IOLBF, 0);

    connect_to(host, EVERYTHING_V1, netid);
    {
        char nothing;
        answered("nothing", nothing_1(&nothing, client));
        puts("ok nothing");
    }
    echo_numbers();
    echo_sequences();
    echo_recursive();
    echo_structures();
    echo_unions();

    connect_to(host, EVERYTHING_V2, netid);
    compute(count == 4 ? arguments[3] : NULL);
    refusals(host, netid);
    puts("all ok");
    return 0;
}
