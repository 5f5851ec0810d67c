/* The calculator of examples/proto/calc.x, with the main that rpcgen makes: as servers have been written since 1986. */
#include "calc.h"

int *add_1_svc(int a, int b, struct svc_req *request)
{
    static int sum;
    (void)request;
    sum = (int)((unsigned)a + (unsigned)b);
    return &sum;
}

quotient *divide_1_svc(int a, int b, struct svc_req *request)
{
    static quotient result;
    (void)request;
    result.possible = b != 0;
    if (result.possible)
        result.quotient_u.value = a / b;
    return &result;
}
