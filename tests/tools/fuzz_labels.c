/* Any bytes as the key and value of a label, and as a file: what is taken for one is one. */
#include "tests/support/fuzz.h"
#include "tools/file_value.h"
#include "tools/labels.h"

#include <stdlib.h>

static void check_label(varve_slice key, varve_slice raw)
{
    unsigned char key_again[LABEL_KEY_MAX];
    unsigned char data_again[LABEL_DATA_SIZE];
    struct label label;

    if (!label_decode(key, raw, &label))
        return;
    label_encode(&label, data_again);
    if (!varve_slice_equal(label_key(varve_slice_text(label.id), key_again), key) ||
        raw.size != VARVE_VALUE_HEADER_SIZE + LABEL_DATA_SIZE ||
        memcmp(raw.data + VARVE_VALUE_HEADER_SIZE, data_again, LABEL_DATA_SIZE) != 0)
        abort();
}

static void check_file(varve_slice raw)
{
    struct file_value file;

    if (!file_value_decode(raw, &file))
        return;
    const unsigned char *data = raw.data + VARVE_VALUE_HEADER_SIZE;
    if (strlen(file.mode) != FILE_MODE_SIZE || memcmp(data, file.mode, FILE_MODE_SIZE) != 0 ||
        data[FILE_MODE_SIZE] != ' ' || file.content.data != data + FILE_HEADER_SIZE ||
        file.content.data + file.content.size != raw.data + raw.size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The first byte says how long the key is. */
    size_t key_size = size == 0 ? 0 : data[0];

    if (size == 0 || key_size > size - 1)
        return 0;
    check_label(varve_slice_of(data + 1, key_size),
                varve_slice_of(data + 1 + key_size, size - 1 - key_size));
    check_file(varve_slice_of(data, size));
    return 0;
}
