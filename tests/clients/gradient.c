/* The gradient by a program in C that speaks docs/protocol.md, with nothing but the C library. */
#include "client.h"

static int explain(const struct request *request) {
    return pass_on(request, "\"op\":\"gradient\"");
}

int main(void) {
    return serve("\"name\":\"Gradient in C\",\"claims\":[\"linear-exact\"]", explain);
}
