/*
 * A value of every type, written out in words.
 *
 * The rules, the same in every language: an integer, an enum and a discriminant
 * in decimal; a float as `0x` and the hexadecimal digits of its bits; a bool as
 * `true` or `false`; opaque data as `h` and hexadecimal digits; a string as its
 * length in bytes, a colon and its bytes; an array and a list as `[a b]`; what is
 * absent as `-`; a structure as `{a b}`; a union as `<d a>`, or `<d>` if void.
 */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "everything.h"

/* The description, in memory that the next call uses again. */
char *describe(const everything *value);

#endif
