// Included for each type of pixel, with PIXEL, NAME, BOUND and ROUNDED defined: no include guard.

static void NAME(image_blur)(
    const PIXEL *x, int64_t height, int64_t width, const float *kernelX, int64_t radiusX, const float *kernelY,
    int64_t radiusY, float *scratch, PIXEL *y)
{
    float *restrict blurred = scratch;
    float *restrict padded = scratch + height * width;
    for (int64_t row = 0; row < height; row++) {
        const PIXEL *source = x + row * width;
        for (int64_t i = 0; i < radiusX; i++) {
            padded[i] = (float)source[image_border_place(i - radiusX, width, ApusImageBorderReflect)];
            padded[radiusX + width + i] = (float)source[image_border_place(width + i, width, ApusImageBorderReflect)];
        }
        for (int64_t i = 0; i < width; i++) padded[radiusX + i] = (float)source[i];
        float *target = blurred + row * width;
        for (int64_t i = 0; i < width; i++) target[i] = padded[i] * kernelX[0];
        for (int64_t k = 1; k <= 2 * radiusX; k++) {
            for (int64_t i = 0; i < width; i++) target[i] += padded[i + k] * kernelX[k];
        }
    }
    for (int64_t row = 0; row < height; row++) {
        for (int64_t i = 0; i < width; i++) padded[i] = 0.0f;
        for (int64_t k = 0; k <= 2 * radiusY; k++) {
            const float *source = blurred + image_border_place(row + k - radiusY, height, ApusImageBorderReflect) * width;
            for (int64_t i = 0; i < width; i++) padded[i] += source[i] * kernelY[k];
        }
        PIXEL *target = y + row * width;
        for (int64_t i = 0; i < width; i++) target[i] = (PIXEL)ROUNDED(padded[i]);
    }
}

static void NAME(image_sharpness)(
    const PIXEL *restrict x, int64_t height, int64_t width, double factor, PIXEL *restrict y)
{
    memcpy(y, x, (size_t)(height * width) * sizeof(PIXEL));
    const float side = (float)(1.0 / 13.0), middle = (float)(5.0 / 13.0), rest = (float)(1.0 - factor);
    for (int64_t row = 1; row < height - 1; row++) {
        const PIXEL *above = x + (row - 1) * width, *here = x + row * width, *below = x + (row + 1) * width;
        PIXEL *target = y + row * width;
        for (int64_t i = 1; i < width - 1; i++) {
            float around = (float)above[i - 1] + (float)above[i] + (float)above[i + 1] + (float)here[i - 1] +
                (float)here[i + 1] + (float)below[i - 1] + (float)below[i] + (float)below[i + 1];
            float pixel = (float)here[i];
            float smooth = ROUNDED(around * side + pixel * middle);
            target[i] = (PIXEL)image_cut(pixel + (smooth - pixel) * rest, BOUND);
        }
    }
}
