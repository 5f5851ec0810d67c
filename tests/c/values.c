#include "values.h"

#include <float.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

void *keep(size_t size)
{
    void *memory = calloc(1, size == 0 ? 1 : size);
    if (memory == NULL) {
        perror("out of memory");
        exit(2);
    }
    return memory;
}

char *letters(size_t length)
{
    char *text = keep(length + 1);
    for (size_t i = 0; i < length; i++)
        text[i] = (char)('!' + (i * 7 + i / 89) % 90);
    return text;
}

char *any_bytes(size_t length)
{
    char *bytes = keep(length);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(i * 5 + i / 256);
    return bytes;
}

static void *copy(const void *from, size_t size)
{
    return memcpy(keep(size), from, size);
}

/* A compound literal, kept. */
#define KEEP(type, ...) ((type *)copy(&(type)__VA_ARGS__, sizeof(type)))

node *nodes(int length)
{
    node *list = NULL;
    for (int i = 1; i <= length; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%.*s", i % 9, "nodename");
        list = KEEP(node, {.value = i, .name = copy(name, sizeof(name)), .next = list});
    }
    return list;
}

hop *hops(int length)
{
    hop *list = NULL;
    for (int i = 1; i <= length; i++)
        list = KEEP(hop, {.value = i, .next = list});
    return list;
}

static tree *tree_between(int low, int high)
{
    if (low > high)
        return NULL;
    int middle = low + (high - low) / 2;
    return KEEP(tree, {tree_between(low, middle - 1), middle, tree_between(middle + 1, high)});
}

tree *full_tree(int depth)
{
    return tree_between(0, (1 << depth) - 2);
}

tree *bent_tree(int depth)
{
    tree *root = NULL;
    for (int i = 0; i < depth; i++)
        root = KEEP(tree, {.left = root, .key = i, .right = NULL});
    return root;
}

static expression *constant(quad_t value)
{
    return KEEP(expression, {"a number", {OP_NUMBER, {.number = value}}});
}

static expression *both(operation op, expression *first, expression *second)
{
    return KEEP(expression, {"", {op, {.both = {first, second}}}});
}

expression *some_expression(void)
{
    expression *minus = KEEP(expression, {"minus", {OP_NEGATE, {.operand = constant(4)}}});
    return both(OP_ADD, both(OP_MULTIPLY, constant(2), both(OP_ADD, constant(3), minus)), constant(7));
}

integers least_integers(void)
{
    return (integers){
        .a_char = SCHAR_MIN, .a_short = SHRT_MIN, .an_int = INT_MIN,
        .a_long = INT32_MIN, /* four bytes on the wire, whatever C thinks */
        .a_hyper = INT64_MIN, .an_int8 = INT8_MIN, .an_int16 = INT16_MIN,
        .an_int32 = INT32_MIN, .an_int64 = INT64_MIN, .a_quad = INT64_MIN,
        .a_longlong = INT64_MIN, .an_amount = INT32_MIN,
    };
}

integers greatest_integers(void)
{
    return (integers){
        .a_char = SCHAR_MAX, .a_u_char = UCHAR_MAX, .an_unsigned_char = UCHAR_MAX,
        .a_short = SHRT_MAX, .a_u_short = USHRT_MAX, .an_unsigned_short = USHRT_MAX,
        .an_int = INT_MAX, .a_u_int = UINT_MAX, .an_unsigned_int = UINT_MAX, .an_unsigned = UINT_MAX,
        .a_long = INT32_MAX, .a_u_long = UINT32_MAX, .an_unsigned_long = UINT32_MAX,
        .a_hyper = INT64_MAX, .an_unsigned_hyper = UINT64_MAX,
        .an_int8 = INT8_MAX, .a_uint8 = UINT8_MAX, .an_int16 = INT16_MAX, .a_uint16 = UINT16_MAX,
        .an_int32 = INT32_MAX, .a_uint32 = UINT32_MAX, .an_int64 = INT64_MAX, .a_uint64 = UINT64_MAX,
        .a_quad = INT64_MAX, .a_u_quad = UINT64_MAX, .a_longlong = INT64_MAX, .a_u_longlong = UINT64_MAX,
        .an_amount = INT32_MAX,
    };
}

scalars some_scalars(void)
{
    return (scalars){.single = -FLT_MIN, .twice = DBL_MAX, .yes_or_no = TRUE, .shade = BLUE, .height = LEVEL_LOWEST};
}

opaques empty_opaques(void)
{
    return (opaques){.name = "", .remark = ""};
}

opaques full_opaques(void)
{
    opaques value = {
        .at_most_three = {3, any_bytes(3)},
        .little = {7, any_bytes(7)},
        .any = {257, any_bytes(257)},
        .name = letters(LABEL_MAX),
        .remark = "Gr\xc3\xbc\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\xa6\x80",
    };
    memcpy(value.four, "\x00\x01\xfe\xff", 4);
    memcpy(value.one, "\x80", 1);
    memcpy(value.whole, any_bytes(16), 16);
    memcpy(value.padded, "\xff\xee\xdd\xcc\xbb", 5);
    return value;
}

arrays empty_arrays(void)
{
    return (arrays){
        .heights = {0, NULL},
        .shades = {RED, RED},
        .pair_of_names = {"", ""},
    };
}

arrays full_arrays(void)
{
    static u_char u_chars[] = {0, 1, 127, 128, 255};
    static short smalls[] = {SHRT_MIN, -1, 0, 1, SHRT_MAX, 7};
    static u_quad_t wide[] = {0, 1, 2, 3, 1UL << 32, 5, UINT64_MAX - 1, UINT64_MAX};
    static bool_t answers[] = {TRUE, FALSE, TRUE};
    static level heights[] = {LEVEL_HIGHEST, LEVEL_COLD, LEVEL_NORMAL, LEVEL_LOWEST};
    static point path[] = {{1, 2}, {3, 4}, {-5, INT_MIN}};
    static label names[] = {"", "b", "cc", "\xc3\xa9t\xc3\xa9"};
    static triple rows[] = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
    static digest digests[2];
    static quad_t hypers_of_one[] = {INT64_MIN, INT64_MAX};
    small_blob *pieces = keep(3 * sizeof(small_blob));
    hypers *lists = keep(2 * sizeof(hypers));

    memcpy(digests[0], "0123456789abcdef", sizeof(digest));
    memcpy(digests[1], any_bytes(16), sizeof(digest));
    pieces[0] = (small_blob){0, NULL};
    pieces[1] = (small_blob){1, any_bytes(1)};
    pieces[2] = (small_blob){7, any_bytes(7)};
    lists[0] = (hypers){0, NULL};
    lists[1] = (hypers){COUNT(hypers_of_one), hypers_of_one};
    return (arrays){
        .fixed = {INT_MIN, -1, 1, INT_MAX},
        .few_hypers = {-2, INT64_MAX},
        .floats = {0.5f, -0.0f, FLT_MAX},
        .chars = {'a', SCHAR_MIN, SCHAR_MAX},
        .u_chars = {COUNT(u_chars), u_chars},
        .smalls = {COUNT(smalls), smalls},
        .wide = {COUNT(wide), wide},
        .answers = {COUNT(answers), answers},
        .shades = {GREEN, BLUE},
        .heights = {COUNT(heights), heights},
        .corners = {{-1, 1}, {INT_MAX, INT_MIN}},
        .path = {COUNT(path), path},
        .names = {COUNT(names), names},
        .pair_of_names = {"left", "right"},
        .table = {{11, 12, 13}, {21, 22, 23}},
        .rows = {COUNT(rows), rows},
        .digests = {COUNT(digests), digests},
        .pieces = {3, pieces},
        .lists = {2, lists},
    };
}

optionals all_absent(void)
{
    return (optionals){0};
}

optionals all_present(void)
{
    static triple row = {-7, 0, 7};
    static quad_t numbers[] = {1, 2, 3};
    return (optionals){
        .an_int = KEEP(int, {-1}),
        .a_hyper = KEEP(quad_t, {INT64_MIN}),
        .shade = KEEP(colour, {GREEN}),
        .name = KEEP(label, {"somebody"}),
        .place = KEEP(point, {-3, 3}),
        .row = &row,
        .piece = KEEP(small_blob, {3, any_bytes(3)}),
        .list = KEEP(hypers, {COUNT(numbers), numbers}),
    };
}

unions least_unions(void)
{
    return (unions){
        .levels = {{.height = LEVEL_NORMAL}, {.height = LEVEL_NORMAL}},
        .alias = {.how_much = 0},
    };
}

unions all_unions(void)
{
    static triple row = {1, -2, 3};
    static int numbers[] = {5, -6};
    by_enum *shades = keep(3 * sizeof(by_enum));
    by_int *codes = keep(12 * sizeof(by_int));

    shades[0] = (by_enum){RED, {.number = INT_MIN}};
    shades[1] = (by_enum){GREEN, {.name = "leaf"}};
    shades[2] = (by_enum){.shade = BLUE};
    codes[0] = (by_int){.code = 0};
    codes[1] = (by_int){-1, {.four = {'f', 'o', 'u', 'r'}}};
    codes[2] = (by_int){1, {.row = NULL}};
    codes[3] = (by_int){2, {.row = &row}};
    codes[4] = (by_int){3, {.row = &row}};
    codes[5] = (by_int){4, {.numbers = {COUNT(numbers), numbers}}};
    codes[6] = (by_int){5, {.three = {-1, 0, 1}}};
    codes[7] = (by_int){6, {.words = "seven words"}};
    codes[8] = (by_int){7, {.inner = {GREEN, {.name = "inside"}}}};
    codes[9] = (by_int){8, {.rest = {2, any_bytes(2)}}};
    codes[10] = (by_int){INT_MAX, {.rest = {0, NULL}}};
    codes[11] = (by_int){INT_MIN, {.rest = {5, any_bytes(5)}}};
    return (unions){
        .shades = {3, shades},
        .levels = {{LEVEL_COLD, {.below = -273}}, {LEVEL_HIGHEST, {.top = {8848, -1}}}},
        .codes = {12, codes},
        .size = {UINT_MAX, {.everything = "all of it"}},
        .maybe = KEEP(by_bool, {TRUE, {.value = "present"}}),
        .alias = {BELOW_ZERO, {.hops = hops(3)}},
    };
}

everything *least_everything(void)
{
    return KEEP(everything, {
        .raw = empty_opaques(),
        .many = empty_arrays(),
        .sum = {"", {OP_NUMBER, {.number = 0}}},
        .variants = least_unions(),
    });
}

everything *whole_everything(void)
{
    return KEEP(everything, {
        .ints = greatest_integers(),
        .few = some_scalars(),
        .raw = full_opaques(),
        .many = full_arrays(),
        .maybe = all_present(),
        .nodes = nodes(10),
        .root = full_tree(4),
        .sum = *some_expression(),
        .variants = all_unions(),
    });
}
