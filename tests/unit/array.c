/* Arrays that grow keep what they hold and refuse sizes that do not fit. */
#include "base/array.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>

Test(array, keeps_what_is_there) {
    int *a = NULL;
    for (size_t n = 0; n < 1000; n++) {
        int *more = array_grow(a, n, sizeof *a);
        cr_assert_not_null(more);
        a = more;
        a[n] = (int)n * 7;
    }
    for (size_t n = 0; n < 1000; n++) cr_assert_eq(a[n], (int)n * 7);
    free(a);
}

Test(array, refuses_what_does_not_fit) {
    int one = 1;
    cr_assert_null(array_grow(NULL, (SIZE_MAX >> 2) + 1, 16));
    cr_assert_eq(array_grow(&one, 3, sizeof one), &one); /* room for 4 since element 2 */
}
