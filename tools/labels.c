/* Commit labels: their keys and values. */
#include "labels.h"

#include "git_object.h"

static void put_big_endian(uint64_t number, size_t size, unsigned char *bytes)
{
    for (size_t i = size; i > 0; i--) {
        bytes[i - 1] = (unsigned char)(number & 0xFF);
        number >>= 8;
    }
}

static uint64_t get_big_endian(const unsigned char *bytes, size_t size)
{
    uint64_t number = 0;

    for (size_t i = 0; i < size; i++)
        number = number << 8 | bytes[i];
    return number;
}

varve_slice label_key(varve_slice id, unsigned char key[LABEL_KEY_MAX])
{
    memcpy(key, LABEL_PREFIX, LABEL_PREFIX_SIZE);
    if (id.size != 0)
        memcpy(key + LABEL_PREFIX_SIZE, id.data, id.size);
    return varve_slice_of(key, LABEL_PREFIX_SIZE + id.size);
}

void label_encode(const struct label *label, unsigned char data[LABEL_DATA_SIZE])
{
    put_big_endian((uint64_t)label->ts.wall, 8, data);
    put_big_endian((uint32_t)label->ts.logical, 4, data + 8);
    put_big_endian(label->number, 8, data + 12);
}

bool label_decode(varve_slice key, varve_slice raw, struct label *label)
{
    varve_slice data;

    if (key.size < LABEL_PREFIX_SIZE || memcmp(key.data, LABEL_PREFIX, LABEL_PREFIX_SIZE) != 0)
        return false;
    varve_slice id = varve_slice_of(key.data + LABEL_PREFIX_SIZE, key.size - LABEL_PREFIX_SIZE);
    if (!git_is_object_id(id) || varve_value_get_bytes(raw, &data, NULL) != VARVE_OK ||
        data.size != LABEL_DATA_SIZE)
        return false;
    memcpy(label->id, id.data, id.size);
    label->id[id.size] = '\0';
    label->ts.wall = (int64_t)get_big_endian(data.data, 8);
    label->ts.logical = (int32_t)(uint32_t)get_big_endian(data.data + 8, 4);
    label->number = get_big_endian(data.data + 12, 8);
    return label->ts.wall >= 0 && label->ts.logical >= 0;
}
