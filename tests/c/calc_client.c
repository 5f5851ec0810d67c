/* calc-client HOST NETID: calls the calculator with the stubs that rpcgen makes, found through the port mapper. */
#include "calc.h"

#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: calc-client HOST NETID\n");
        return 2;
    }
    CLIENT *client = clnt_create(arguments[1], CALC_PROG, CALC_V1, arguments[2]);
    if (client == NULL) {
        clnt_pcreateerror("calc-client");
        return 1;
    }
    int *sum = add_1(2, 40, client);
    if (sum == NULL) {
        clnt_perror(client, "add");
        return 1;
    }
    printf("2 + 40 = %d\n", *sum);
    for (int divisor = 2; divisor >= 0; divisor -= 2) {
        quotient *result = divide_1(84, divisor, client);
        if (result == NULL) {
            clnt_perror(client, "divide");
            return 1;
        }
        if (result->possible)
            printf("84 / %d = %d\n", divisor, result->quotient_u.value);
        else
            printf("84 / %d cannot be\n", divisor);
    }
    clnt_destroy(client);
    return 0;
}
