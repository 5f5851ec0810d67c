/*
 * The values that the client sends: each type at its limits.
 */
#ifndef VALUES_H
#define VALUES_H

#include "everything.h"

/* Memory that lives as long as the program, zeroed. Never NULL. */
void *keep(size_t size);

/* A string of `length` letters that is not the same from one place to the next. */
char *letters(size_t length);

/* Bytes of every value, in an order that shows a shift. */
char *any_bytes(size_t length);

/* Lists whose values count down from `length`. */
node *nodes(int length);
hop *hops(int length);

/* A tree of `depth` levels, each key once, 0 leftmost. */
tree *full_tree(int depth);
/* A tree that is a chain to one side, `depth` long. */
tree *bent_tree(int depth);

/* (2 * (3 + -4)) + 7, which is 5. */
expression *some_expression(void);

integers least_integers(void);
integers greatest_integers(void);
scalars some_scalars(void);
opaques empty_opaques(void);
opaques full_opaques(void);
arrays empty_arrays(void);
arrays full_arrays(void);
optionals all_absent(void);
optionals all_present(void);
unions least_unions(void);
unions all_unions(void);

/* Everything empty, absent, zero. */
everything *least_everything(void);
/* Everything there, at its limit where the limit is small. */
everything *whole_everything(void);

#endif
