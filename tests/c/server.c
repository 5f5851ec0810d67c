/*
 * everything-server: both versions of everything.x, as rpcgen and libtirpc make a
 * server, on every visible netid, told to the port mapper. Prints `ready` when it
 * is, takes its registrations back on SIGTERM.
 */
#include "describe.h"
#include "everything.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Made by rpcgen -m, which declares them nowhere. */
void everything_prog_1(struct svc_req *request, SVCXPRT *transport);
void everything_prog_2(struct svc_req *request, SVCXPRT *transport);

/*
 * Version 1. The result is the argument itself, which the dispatcher frees as
 * such: freeing the result does nothing.
 */
#define ECHO(procedure, type)                                                       \
    bool_t procedure##_1_svc(type argument, type *result, struct svc_req *request)  \
    {                                                                               \
        (void)request;                                                              \
        *result = argument;                                                         \
        return TRUE;                                                                \
    }

ECHO(echo_char, char)
ECHO(echo_u_char, u_char)
ECHO(echo_short, short)
ECHO(echo_u_short, u_short)
ECHO(echo_int, int)
ECHO(echo_u_int, u_int)
ECHO(echo_long, long)
ECHO(echo_u_long, u_long)
ECHO(echo_hyper, quad_t)
ECHO(echo_u_hyper, u_quad_t)
ECHO(echo_float, float)
ECHO(echo_double, double)
ECHO(echo_bool, bool_t)
ECHO(echo_colour, colour)
ECHO(echo_level, level)
ECHO(echo_amount, amount)
ECHO(echo_string, char *)
ECHO(echo_label, label)
ECHO(echo_blob, blob)
ECHO(echo_small_blob, small_blob)
ECHO(echo_hypers, hypers)
ECHO(echo_shorts, shorts)
ECHO(echo_samples, samples)
ECHO(echo_colours, colours)
ECHO(echo_flags, flags)
ECHO(echo_labels, labels)
ECHO(echo_nodes, node_list)
ECHO(echo_hops, hop_list)
ECHO(echo_tree, tree_root)
ECHO(echo_expression, expression)
ECHO(echo_integers, integers)
ECHO(echo_integers_list, integers_list)
ECHO(echo_scalars, scalars)
ECHO(echo_opaques, opaques)
ECHO(echo_arrays, arrays)
ECHO(echo_optionals, optionals)
ECHO(echo_by_enum, by_enum)
ECHO(echo_by_level, by_level)
ECHO(echo_by_int, by_int)
ECHO(echo_by_unsigned, by_unsigned)
ECHO(echo_by_bool, by_bool)
ECHO(echo_by_alias, alias_of_union)
ECHO(echo_unions, unions)
ECHO(echo_everything, everything)

bool_t nothing_1_svc(void *result, struct svc_req *request)
{
    (void)result;
    (void)request;
    return TRUE;
}

int everything_prog_1_freeresult(SVCXPRT *transport, xdrproc_t type, caddr_t result)
{
    (void)transport;
    (void)type;
    (void)result;
    return TRUE;
}

/*
 * Version 2. What a result points at lives until the next call of the same
 * procedure.
 */
static void *sized(void **memory, size_t size)
{
    *memory = realloc(*memory, size == 0 ? 1 : size);
    if (*memory == NULL)
        abort();
    return *memory;
}

bool_t who_2_svc(char **result, struct svc_req *request)
{
    (void)request;
    *result = "C";
    return TRUE;
}

bool_t subtract_2_svc(int first, int second, int *result, struct svc_req *request)
{
    (void)request;
    *result = first - second;
    return TRUE;
}

bool_t repeat_2_svc(char *first, u_int times, char *last, char **result, struct svc_req *request)
{
    static void *memory;
    (void)request;
    *result = sized(&memory, strlen(first) * times + strlen(last) + 1);
    char *end = *result;
    for (u_int i = 0; i < times; i++)
        end = stpcpy(end, first);
    strcpy(end, last);
    return TRUE;
}

bool_t sum_2_svc(hypers numbers, quad_t *result, struct svc_req *request)
{
    (void)request;
    *result = 0;
    for (u_int i = 0; i < numbers.hypers_len; i++)
        *result += numbers.hypers_val[i];
    return TRUE;
}

bool_t scale_2_svc(double value, float by, double *result, struct svc_req *request)
{
    (void)request;
    *result = value * by;
    return TRUE;
}

bool_t count_up_2_svc(int from, triple *result, struct svc_req *request)
{
    (void)request;
    for (int i = 0; i < 6; i++)
        result[i / 3][i % 3] = from + i;
    return TRUE;
}

bool_t fingerprint_2_svc(blob bytes, char *result, struct svc_req *request)
{
    unsigned char sums[16];
    (void)request;
    for (unsigned i = 0; i < sizeof(sums); i++)
        sums[i] = (unsigned char)i;
    for (u_int i = 0; i < bytes.blob_len; i++)
        sums[i % sizeof(sums)] += (unsigned char)bytes.blob_val[i];
    memcpy(result, sums, sizeof(sums));
    return TRUE;
}

bool_t reverse_2_svc(hop_list list, hop_list *result, struct svc_req *request)
{
    static void *memory;
    size_t count = 0;
    (void)request;
    for (hop *each = list; each != NULL; each = each->next)
        count++;
    hop *turned = sized(&memory, count * sizeof(hop));
    *result = NULL;
    for (hop *each = list; each != NULL; each = each->next, turned++) {
        *turned = (hop){each->value, *result};
        *result = turned;
    }
    return TRUE;
}

static u_int count_keys(const tree *root)
{
    return root == NULL ? 0 : count_keys(root->left) + 1 + count_keys(root->right);
}

static quad_t *write_keys(const tree *root, quad_t *to)
{
    if (root == NULL)
        return to;
    to = write_keys(root->left, to);
    *to++ = root->key;
    return write_keys(root->right, to);
}

bool_t flatten_2_svc(tree_root root, hypers *result, struct svc_req *request)
{
    static void *memory;
    (void)request;
    result->hypers_len = count_keys(root);
    result->hypers_val = sized(&memory, result->hypers_len * sizeof(quad_t));
    write_keys(root, result->hypers_val);
    return TRUE;
}

static quad_t evaluate(const expression *what)
{
    if (what == NULL)
        return 0;
    const formula *formula = &what->what;
    switch (formula->op) {
    case OP_NUMBER:
        return formula->formula_u.number;
    case OP_NEGATE:
        return -evaluate(formula->formula_u.operand);
    case OP_ADD:
        return evaluate(formula->formula_u.both.first) + evaluate(formula->formula_u.both.second);
    case OP_MULTIPLY:
        return evaluate(formula->formula_u.both.first) * evaluate(formula->formula_u.both.second);
    }
    return 0;
}

bool_t evaluate_2_svc(expression what, quad_t *result, struct svc_req *request)
{
    (void)request;
    *result = evaluate(&what);
    return TRUE;
}

bool_t next_2_svc(colour now, colour *result, struct svc_req *request)
{
    (void)request;
    *result = (now + 1) % 3;
    return TRUE;
}

bool_t same_2_svc(label first, label second, bool_t *result, struct svc_req *request)
{
    (void)request;
    *result = strcmp(first, second) == 0;
    return TRUE;
}

bool_t look_up_2_svc(label wanted, labels names, shorts numbers, by_bool *result, struct svc_req *request)
{
    static char decimal[16];
    (void)request;
    result->present = FALSE;
    for (u_int i = 0; i < names.labels_len && i < numbers.shorts_len; i++)
        if (strcmp(names.labels_val[i], wanted) == 0) {
            snprintf(decimal, sizeof(decimal), "%d", numbers.shorts_val[i]);
            result->present = TRUE;
            result->by_bool_u.value = decimal;
            break;
        }
    return TRUE;
}

bool_t describe_2_svc(everything value, char **result, struct svc_req *request)
{
    (void)request;
    *result = describe(&value);
    return TRUE;
}

static char remembered[LABEL_MAX + 1];

bool_t remember_2_svc(label name, int number, void *result, struct svc_req *request)
{
    (void)result;
    (void)request;
    snprintf(remembered, sizeof(remembered), "%.200s %d", name, number);
    return TRUE;
}

bool_t recall_2_svc(label *result, struct svc_req *request)
{
    (void)request;
    *result = remembered;
    return TRUE;
}

int everything_prog_2_freeresult(SVCXPRT *transport, xdrproc_t type, caddr_t result)
{
    return everything_prog_1_freeresult(transport, type, result);
}

static void stop(int signal)
{
    (void)signal;
    svc_exit();
}

int main(void)
{
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);

    if (svc_create(everything_prog_1, EVERYTHING_PROG, EVERYTHING_V1, "visible") == 0
        || svc_create(everything_prog_2, EVERYTHING_PROG, EVERYTHING_V2, "visible") == 0) {
        fprintf(stderr, "everything-server: cannot be created or registered\n");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    svc_run();
    svc_unreg(EVERYTHING_PROG, EVERYTHING_V1);
    svc_unreg(EVERYTHING_PROG, EVERYTHING_V2);
    return 0;
}
