// Included for each type of pixel, with PIXEL, NAME and ROUNDED defined: no include guard.

static void NAME(image_reverse_rows)(const PIXEL *restrict x, int64_t rows, int64_t width, PIXEL *restrict y)
{
    for (int64_t row = 0; row < rows; row++) {
        const PIXEL *from = x + row * width;
        PIXEL *to = y + row * width;
        for (int64_t i = 0; i < width; i++) to[i] = from[width - 1 - i];
    }
}

static void NAME(image_window)(
    ApusImageSize from, const PIXEL *x, ApusImageSize to, int64_t top, int64_t left, ApusImageBorder border,
    const float *fill, PIXEL *y)
{
    // The columns [begin, end) of the result lie in the image.
    int64_t begin = left < 0 ? -left : 0;
    int64_t end = from.width - left < to.width ? from.width - left : to.width;
    if (begin > to.width) begin = to.width;
    if (end < begin) end = begin;
    for (int64_t channel = 0; channel < to.channels; channel++) {
        PIXEL value = border == ApusImageBorderConstant ? (PIXEL)fill[channel] : 0;
        for (int64_t row = 0; row < to.height; row++) {
            PIXEL *target = y + (channel * to.height + row) * to.width;
            int64_t place = row + top;
            int isOutside = place < 0 || place >= from.height;
            if (isOutside && border == ApusImageBorderConstant) {
                for (int64_t i = 0; i < to.width; i++) target[i] = value;
                continue;
            }
            const PIXEL *source = x + (channel * from.height + image_border_place(place, from.height, border)) * from.width;
            if (border == ApusImageBorderConstant) {
                for (int64_t i = 0; i < begin; i++) target[i] = value;
                for (int64_t i = end; i < to.width; i++) target[i] = value;
            } else {
                for (int64_t i = 0; i < begin; i++) target[i] = source[image_border_place(i + left, from.width, border)];
                for (int64_t i = end; i < to.width; i++) {
                    target[i] = source[image_border_place(i + left, from.width, border)];
                }
            }
            if (end > begin) memcpy(target + begin, source + begin + left, (size_t)(end - begin) * sizeof(PIXEL));
        }
    }
}

static void NAME(image_warp)(
    ApusImageSize from, const PIXEL *x, ApusImageSize to, const ApusImageWarp *warp, const float *fill, PIXEL *y)
{
    const float *m = warp->matrix;
    float halfWidth = (float)from.width / 2.0f, halfHeight = (float)from.height / 2.0f;
    int64_t plane = from.height * from.width, result = to.height * to.width;
    for (int64_t row = 0; row < to.height; row++) {
        float v = (float)row - (float)(to.height - 1) * 0.5f;
        for (int64_t column = 0; column < to.width; column++) {
            float u = (float)column - (float)(to.width - 1) * 0.5f;
            // From -1 … 1 to pixels whose centres are whole numbers.
            float px = (u * m[0] + v * m[1] + m[2] + 1.0f) * halfWidth - 0.5f;
            float py = (u * m[3] + v * m[4] + m[5] + 1.0f) * halfHeight - 0.5f;
            // Positions far outside are cut, so that they can be rounded.
            float limit = 1e6f;
            px = px > limit ? limit : px < -limit ? -limit : px;
            py = py > limit ? limit : py < -limit ? -limit : py;
            PIXEL *target = y + row * to.width + column;
            if (!warp->bilinear) {
                float nx = image_round(px), ny = image_round(py);
                int inside = nx >= 0.0f && nx < (float)from.width && ny >= 0.0f && ny < (float)from.height;
                int64_t place = inside ? (int64_t)ny * from.width + (int64_t)nx : 0;
                for (int64_t c = 0; c < from.channels; c++) {
                    if (inside) target[c * result] = x[c * plane + place];
                    else target[c * result] = warp->hasFill ? ROUNDED(fill[c]) : 0;
                }
                continue;
            }
            float fx = __builtin_floorf(px), fy = __builtin_floorf(py);
            float wx = px - fx, wy = py - fy;
            int64_t left = (int64_t)fx, top = (int64_t)fy;
            float weights[4] = {(1.0f - wx) * (1.0f - wy), wx * (1.0f - wy), (1.0f - wx) * wy, wx * wy};
            float mask = 0.0f;
            int64_t places[4];
            for (int corner = 0; corner < 4; corner++) {
                int64_t px1 = left + (corner & 1), py1 = top + (corner >> 1);
                int inside = px1 >= 0 && px1 < from.width && py1 >= 0 && py1 < from.height;
                places[corner] = inside ? py1 * from.width + px1 : 0;
                if (!inside) weights[corner] = 0.0f;
                mask += weights[corner];
            }
            for (int64_t c = 0; c < from.channels; c++) {
                const PIXEL *source = x + c * plane;
                float sum = 0.0f;
                for (int corner = 0; corner < 4; corner++) sum += weights[corner] * (float)source[places[corner]];
                if (warp->hasFill) sum = (sum - fill[c]) * mask + fill[c];
                target[c * result] = ROUNDED(sum);
            }
        }
    }
}
