#include "describe.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *written;
static size_t length, room;
/* Whether a blank goes before the next word. */
static int apart;

static void append(const char *bytes, size_t size)
{
    if (length + size + 1 > room) {
        room = (length + size + 1) * 2;
        written = realloc(written, room);
        if (written == NULL)
            abort();
    }
    memcpy(written + length, bytes, size);
    length += size;
    written[length] = '\0';
}

static void word(const char *format, ...)
{
    char buffer[64];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    if (apart)
        append(" ", 1);
    append(buffer, (size_t)size);
    apart = 1;
}

static void open_with(const char *mark)
{
    word("%s", mark);
    apart = 0;
}

static void close_with(const char *mark)
{
    append(mark, 1);
    apart = 1;
}

static void integer(int64_t value)
{
    word("%" PRId64, value);
}

static void natural(uint64_t value)
{
    word("%" PRIu64, value);
}

static void boolean(bool_t value)
{
    word(value ? "true" : "false");
}

static void single(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    word("0x%08" PRIx32, bits);
}

static void twice(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    word("0x%016" PRIx64, bits);
}

static void hexadecimal(const char *bytes, size_t size)
{
    word("h");
    for (size_t i = 0; i < size; i++) {
        char digits[3];
        snprintf(digits, sizeof(digits), "%02x", (unsigned char)bytes[i]);
        append(digits, 2);
    }
}

static void string(const char *value)
{
    word("%zu:", strlen(value));
    append(value, strlen(value));
}

/* Items of a fixed array, and of a variable one. */
#define EACH(count, statement)                       \
    do {                                             \
        open_with("[");                              \
        for (u_int i = 0; i < (u_int)(count); i++) { \
            statement;                               \
        }                                            \
        close_with("]");                             \
    } while (0)

/* What a pointer points at, or a dash. */
#define MAYBE(pointer, statement) \
    do {                          \
        if ((pointer) == NULL)    \
            word("-");            \
        else {                    \
            statement;            \
        }                         \
    } while (0)

static void describe_triple(const int *value)
{
    EACH(3, integer(value[i]));
}

static void describe_point(const point *value)
{
    open_with("{");
    integer(value->x);
    integer(value->y);
    close_with("}");
}

static void describe_small_blob(const small_blob *value)
{
    hexadecimal(value->small_blob_val, value->small_blob_len);
}

static void describe_hypers(const hypers *value)
{
    EACH(value->hypers_len, integer(value->hypers_val[i]));
}

static void describe_integers(const integers *value)
{
    open_with("{");
    integer((signed char)value->a_char);
    natural(value->a_u_char);
    natural(value->an_unsigned_char);
    integer(value->a_short);
    natural(value->a_u_short);
    natural(value->an_unsigned_short);
    integer(value->an_int);
    natural(value->a_u_int);
    natural(value->an_unsigned_int);
    natural(value->an_unsigned);
    integer(value->a_long);
    natural(value->a_u_long);
    natural(value->an_unsigned_long);
    integer(value->a_hyper);
    natural(value->an_unsigned_hyper);
    integer(value->an_int8);
    natural(value->a_uint8);
    integer(value->an_int16);
    natural(value->a_uint16);
    integer(value->an_int32);
    natural(value->a_uint32);
    integer(value->an_int64);
    natural(value->a_uint64);
    integer(value->a_quad);
    natural(value->a_u_quad);
    integer(value->a_longlong);
    natural(value->a_u_longlong);
    integer(value->an_amount);
    close_with("}");
}

static void describe_scalars(const scalars *value)
{
    open_with("{");
    single(value->single);
    twice(value->twice);
    boolean(value->yes_or_no);
    integer(value->shade);
    integer(value->height);
    close_with("}");
}

static void describe_opaques(const opaques *value)
{
    open_with("{");
    hexadecimal(value->four, 4);
    hexadecimal(value->one, 1);
    hexadecimal(value->whole, 16);
    hexadecimal(value->padded, 5);
    hexadecimal(value->at_most_three.at_most_three_val, value->at_most_three.at_most_three_len);
    describe_small_blob(&value->little);
    hexadecimal(value->any.blob_val, value->any.blob_len);
    string(value->name);
    string(value->remark);
    close_with("}");
}

static void describe_arrays(const arrays *value)
{
    open_with("{");
    EACH(4, integer(value->fixed[i]));
    EACH(2, integer(value->few_hypers[i]));
    EACH(3, single(value->floats[i]));
    EACH(3, integer((signed char)value->chars[i]));
    EACH(value->u_chars.u_chars_len, natural(value->u_chars.u_chars_val[i]));
    EACH(value->smalls.smalls_len, integer(value->smalls.smalls_val[i]));
    EACH(value->wide.wide_len, natural(value->wide.wide_val[i]));
    EACH(value->answers.answers_len, boolean(value->answers.answers_val[i]));
    EACH(2, integer(value->shades[i]));
    EACH(value->heights.heights_len, integer(value->heights.heights_val[i]));
    EACH(2, describe_point(&value->corners[i]));
    EACH(value->path.path_len, describe_point(&value->path.path_val[i]));
    EACH(value->names.names_len, string(value->names.names_val[i]));
    EACH(2, string(value->pair_of_names[i]));
    EACH(2, describe_triple(value->table[i]));
    EACH(value->rows.rows_len, describe_triple(value->rows.rows_val[i]));
    EACH(value->digests.digests_len, hexadecimal(value->digests.digests_val[i], 16));
    EACH(value->pieces.pieces_len, describe_small_blob(&value->pieces.pieces_val[i]));
    EACH(value->lists.lists_len, describe_hypers(&value->lists.lists_val[i]));
    close_with("}");
}

static void describe_optionals(const optionals *value)
{
    open_with("{");
    MAYBE(value->an_int, integer(*value->an_int));
    MAYBE(value->a_hyper, integer(*value->a_hyper));
    MAYBE(value->shade, integer(*value->shade));
    MAYBE(value->name, string(*value->name));
    MAYBE(value->place, describe_point(value->place));
    MAYBE(value->row, describe_triple(*value->row));
    MAYBE(value->piece, describe_small_blob(value->piece));
    MAYBE(value->list, describe_hypers(value->list));
    close_with("}");
}

static void describe_nodes(const node *list)
{
    open_with("[");
    for (; list != NULL; list = list->next) {
        open_with("{");
        integer(list->value);
        string(list->name);
        close_with("}");
    }
    close_with("]");
}

static void describe_hops(const hop *list)
{
    open_with("[");
    for (; list != NULL; list = list->next) {
        open_with("{");
        integer(list->value);
        close_with("}");
    }
    close_with("]");
}

static void describe_tree(const tree *value)
{
    open_with("{");
    MAYBE(value->left, describe_tree(value->left));
    integer(value->key);
    MAYBE(value->right, describe_tree(value->right));
    close_with("}");
}

static void describe_expression(const expression *value)
{
    const formula *what = &value->what;
    open_with("{");
    string(value->note);
    open_with("<");
    integer(what->op);
    switch (what->op) {
    case OP_NUMBER:
        integer(what->formula_u.number);
        break;
    case OP_NEGATE:
        MAYBE(what->formula_u.operand, describe_expression(what->formula_u.operand));
        break;
    case OP_ADD:
    case OP_MULTIPLY:
        open_with("{");
        MAYBE(what->formula_u.both.first, describe_expression(what->formula_u.both.first));
        MAYBE(what->formula_u.both.second, describe_expression(what->formula_u.both.second));
        close_with("}");
        break;
    }
    close_with(">");
    close_with("}");
}

static void describe_by_enum(const by_enum *value)
{
    open_with("<");
    integer(value->shade);
    if (value->shade == RED)
        integer(value->by_enum_u.number);
    else if (value->shade == GREEN)
        string(value->by_enum_u.name);
    close_with(">");
}

static void describe_by_level(const by_level *value)
{
    open_with("<");
    integer(value->height);
    if (value->height == LEVEL_LOWEST || value->height == LEVEL_COLD)
        integer(value->by_level_u.below);
    else if (value->height == LEVEL_HIGHEST)
        describe_point(&value->by_level_u.top);
    close_with(">");
}

static void describe_by_int(const by_int *value)
{
    open_with("<");
    integer(value->code);
    switch (value->code) {
    case 0:
        break;
    case -1:
        hexadecimal(value->by_int_u.four, 4);
        break;
    case 1:
    case 2:
    case 3:
        MAYBE(value->by_int_u.row, describe_triple(*value->by_int_u.row));
        break;
    case 4:
        EACH(value->by_int_u.numbers.numbers_len, integer(value->by_int_u.numbers.numbers_val[i]));
        break;
    case 5:
        describe_triple(value->by_int_u.three);
        break;
    case 6:
        string(value->by_int_u.words);
        break;
    case 7:
        describe_by_enum(&value->by_int_u.inner);
        break;
    default:
        hexadecimal(value->by_int_u.rest.blob_val, value->by_int_u.rest.blob_len);
        break;
    }
    close_with(">");
}

static void describe_by_unsigned(const by_unsigned *value)
{
    open_with("<");
    natural(value->size);
    if (value->size == 1)
        twice(value->by_unsigned_u.exactly);
    else if (value->size == 0xffffffff)
        string(value->by_unsigned_u.everything);
    close_with(">");
}

static void describe_by_bool(const by_bool *value)
{
    open_with("<");
    boolean(value->present);
    if (value->present)
        string(value->by_bool_u.value);
    close_with(">");
}

static void describe_by_alias(const by_alias *value)
{
    open_with("<");
    integer(value->how_much);
    if (value->how_much == LABEL_MAX)
        string(value->by_alias_u.longest);
    else if (value->how_much == BELOW_ZERO)
        describe_hops(value->by_alias_u.hops);
    else
        integer(value->by_alias_u.other);
    close_with(">");
}

static void describe_unions(const unions *value)
{
    open_with("{");
    EACH(value->shades.shades_len, describe_by_enum(&value->shades.shades_val[i]));
    EACH(2, describe_by_level(&value->levels[i]));
    EACH(value->codes.codes_len, describe_by_int(&value->codes.codes_val[i]));
    describe_by_unsigned(&value->size);
    MAYBE(value->maybe, describe_by_bool(value->maybe));
    describe_by_alias(&value->alias);
    close_with("}");
}

char *describe(const everything *value)
{
    length = 0;
    apart = 0;
    open_with("{");
    describe_integers(&value->ints);
    describe_scalars(&value->few);
    describe_opaques(&value->raw);
    describe_arrays(&value->many);
    describe_optionals(&value->maybe);
    describe_nodes(value->nodes);
    MAYBE(value->root, describe_tree(value->root));
    describe_expression(&value->sum);
    describe_unions(&value->variants);
    close_with("}");
    return written;
}
