/// Local response normalisation across channels (Krizhevsky, Sutskever and Hinton 2012).
///
/// y = x · d^-beta with d = k + alpha / size · Σ x² over the channels c - size / 2 … c + (size - 1) / 2 within [0, C).
/// Tensors are [images][channels][plane]. A task is a block of APUS_LOCAL_RESPONSE_BLOCK positions of an image, counted
/// image by image; functions run the tasks [begin, end), and arguments point to image 0.
#ifndef APUS_LOCAL_RESPONSE_H
#define APUS_LOCAL_RESPONSE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { APUS_LOCAL_RESPONSE_BLOCK = 64 };

/// alpha and k are not negative, so that d is not either.
typedef struct ApusLocalResponse {
    int64_t images, channels, plane;
    int64_t size;
    float alpha, beta, k;
} ApusLocalResponse;

/// - scratch: 2 · channels · APUS_LOCAL_RESPONSE_BLOCK floats for each thread.
void apus_local_response(
    const ApusLocalResponse *response, const float *x, float *y, float *scratch, int64_t begin, int64_t end);

/// dx = dy · d^-beta - 2 · alpha · beta / size · x · Σ dy · x · d^(-beta-1) over the channels whose window holds c.
///
/// - scratch: 4 · channels · APUS_LOCAL_RESPONSE_BLOCK floats for each thread.
void apus_local_response_backward(
    const ApusLocalResponse *response, const float *x, const float *outputGradient, float *inputGradient,
    float *scratch, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
