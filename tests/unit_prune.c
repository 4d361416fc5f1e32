/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pruning by magnitude, with values worked by hand. */
#include "nn/prune.h"
#include "test.h"

struct subject {
    struct params *p;
    int a, b, bias, body;
};

/* Matrices of 4 and 2 weights in the head, a bias, and a matrix of the body. */
static struct subject make(void)
{
    static const real weights[] = {0.5f, -0.1f, 0.3f, -0.4f}, others[] = {0.2f, -2};
    struct subject s = {.p = params_new()};
    struct error err;

    s.a = params_want(s.p, "a.weight", 2, 2, PARAM_HEAD, INIT_ONE, 0, true);
    s.b = params_want(s.p, "b.weight", 1, 2, PARAM_HEAD, INIT_ONE, 0, true);
    s.bias = params_want(s.p, "b.bias", 0, 1, PARAM_HEAD, INIT_ZERO, 0, false);
    s.body = params_want(s.p, "c.weight", 1, 1, PARAM_BODY, INIT_UNIFORM, 1e-3, true);
    check(params_allocate(s.p, 1, &err) && params_allocate_training(s.p, 1, &err));
    memcpy(param_value(s.p, s.a), weights, sizeof weights);
    memcpy(param_value(s.p, s.b), others, sizeof others);
    for (size_t i = 0; i < params_trainable(s.p); i++)
        s.p->moment1[i] = s.p->moment2[i] = s.p->gradient[i] = 1;
    return s;
}

static void check_weights(const struct subject *s, const double *a, const double *b)
{
    for (int i = 0; i < 4; i++)
        check_near(param_value(s->p, s->a)[i], a[i], 1e-7);
    for (int i = 0; i < 2; i++)
        check_near(param_value(s->p, s->b)[i], b[i], 1e-7);
}

static void the_smallest_of_all_go(void)
{
    struct subject s = make();
    struct error err;
    size_t left;

    check_int(prune_count(s.p, &left), 6);
    check_int(left, 6);
    check(prune_weights(s.p, 0.5, NULL, &err));
    check_weights(&s, (double[]){0.5, 0, 0, -0.4}, (double[]){0, -2});
    check_int(prune_count(s.p, &left), 6);
    check_int(left, 3);
    check(prune_weights(s.p, 0.5, NULL, &err)); /* one of the three, rounded down */
    check_weights(&s, (double[]){0.5, 0, 0, 0}, (double[]){0, -2});
    check(prune_weights(s.p, 0.3, NULL, &err)); /* less than one of the two */
    check_weights(&s, (double[]){0.5, 0, 0, 0}, (double[]){0, -2});
    check(param_value(s.p, s.body)[0] != 0);
    params_free(s.p);
}

static void moments_and_averages_go_with_them(void)
{
    struct subject s = make();
    struct error err;
    real average[16];

    for (size_t i = 0; i < params_values(s.p); i++)
        average[i] = 7;
    check(prune_weights(s.p, 0.2, average, &err));
    for (size_t i = 0; i < params_trainable(s.p); i++) {
        bool gone = i == s.p->list[s.a].offset + 1;

        check_near(s.p->moment1[i], gone ? 0 : 1, 0);
        check_near(s.p->moment2[i], gone ? 0 : 1, 0);
        check_near(average[i], gone ? 0 : 7, 0);
    }
    params_free(s.p);
}

static void what_is_gone_gets_no_gradient(void)
{
    struct subject s = make();
    struct error err;

    check(prune_weights(s.p, 0.5, NULL, &err));
    prune_hold(s.p, kernels_best());
    for (int i = 0; i < 4; i++)
        check_near(param_gradient(s.p, s.a)[i], i == 1 || i == 2 ? 0 : 1, 0);
    check_near(param_gradient(s.p, s.b)[0], 0, 0);
    check_near(param_gradient(s.p, s.b)[1], 1, 0);
    check_near(param_gradient(s.p, s.bias)[0], 1, 0);
    check_near(param_gradient(s.p, s.body)[0], 1, 0);
    params_free(s.p);
}

int main(void)
{
    test_run(the_smallest_of_all_go);
    test_run(moments_and_averages_go_with_them);
    test_run(what_is_gone_gets_no_gradient);
    return test_done();
}
