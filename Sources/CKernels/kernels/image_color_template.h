// Included for each type of pixel, with PIXEL, NAME, BOUND, FLOORED, TO_UNIT and FROM_UNIT defined: no include guard.

static void NAME(image_brightness)(const PIXEL *x, int64_t count, float factor, PIXEL *y)
{
    APUS_PIXEL_LOOP
    for (int64_t i = 0; i < count; i++) y[i] = (PIXEL)image_cut((float)x[i] * factor, BOUND);
}

static void NAME(image_contrast)(const PIXEL *x, int64_t channels, int64_t count, double factor, PIXEL *y)
{
    double sum = 0.0;
    if (channels == 3) {
        for (int64_t i = 0; i < count; i++) {
            sum += FLOORED(image_gray_of((float)x[i], (float)x[count + i], (float)x[2 * count + i]));
        }
    } else {
        for (int64_t i = 0; i < count; i++) sum += (double)x[i];
    }
    float mean = (float)(sum / (double)count), share = (float)factor, rest = (float)(1.0 - factor);
    int64_t all = channels * count;
    APUS_PIXEL_LOOP
    for (int64_t i = 0; i < all; i++) y[i] = (PIXEL)image_cut(mean * rest + (float)x[i] * share, BOUND);
}

static void NAME(image_saturation)(const PIXEL *x, int64_t count, double factor, PIXEL *y)
{
    float share = (float)factor, rest = (float)(1.0 - factor);
    APUS_PIXEL_LOOP
    for (int64_t i = 0; i < count; i++) {
        float red = (float)x[i], green = (float)x[count + i], blue = (float)x[2 * count + i];
        float gray = FLOORED(image_gray_of(red, green, blue));
        y[i] = (PIXEL)image_cut(gray * rest + red * share, BOUND);
        y[count + i] = (PIXEL)image_cut(gray * rest + green * share, BOUND);
        y[2 * count + i] = (PIXEL)image_cut(gray * rest + blue * share, BOUND);
    }
}

/// By way of hue, saturation and value (Smith: "Color gamut transform pairs", SIGGRAPH 1978).
static void NAME(image_hue)(const PIXEL *x, int64_t count, float shift, PIXEL *y)
{
    APUS_PIXEL_LOOP
    for (int64_t i = 0; i < count; i++) {
        float r = TO_UNIT(x[i]), g = TO_UNIT(x[count + i]), b = TO_UNIT(x[2 * count + i]);
        float most = r > g ? (r > b ? r : b) : (g > b ? g : b);
        float least = r < g ? (r < b ? r : b) : (g < b ? g : b);
        float range = most - least;
        float s = range == 0.0f ? 0.0f : range / most;
        float divisor = range == 0.0f ? 1.0f : range;
        float rc = (most - r) / divisor, gc = (most - g) / divisor, bc = (most - b) / divisor;
        float sector = most == r ? bc - gc : most == g ? rc + 2.0f - bc : gc + 4.0f - rc;
        float h = sector * (1.0f / 6.0f) + 1.0f;
        h = h - __builtin_floorf(h) + shift;
        h = (h - __builtin_floorf(h)) * 6.0f;
        float whole = __builtin_floorf(h);
        float f = h - whole;
        float p = image_cut((1.0f - s) * most, 1.0f);
        float q = image_cut((1.0f - s * f) * most, 1.0f);
        float t = image_cut((s * f + (1.0f - s)) * most, 1.0f);
        float v = most;
        // 6 is 0 again: a hue just below a full circle rounds up to it.
        int k = (int)whole;
        k = k >= 6 ? 0 : k;
        y[i] = FROM_UNIT(k == 0 ? v : k == 1 ? q : k == 2 ? p : k == 3 ? p : k == 4 ? t : v);
        y[count + i] = FROM_UNIT(k == 0 ? t : k == 1 ? v : k == 2 ? v : k == 3 ? q : p);
        y[2 * count + i] = FROM_UNIT(k == 0 ? p : k == 1 ? p : k == 2 ? t : k == 3 ? v : k == 4 ? v : q);
    }
}

static void NAME(image_gray)(const PIXEL *x, int64_t count, PIXEL *y)
{
    APUS_PIXEL_LOOP
    for (int64_t i = 0; i < count; i++) {
        y[i] = (PIXEL)image_gray_of((float)x[i], (float)x[count + i], (float)x[2 * count + i]);
    }
}
