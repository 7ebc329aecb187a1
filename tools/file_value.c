/* Values of files of a git repository. */
#include "file_value.h"

static bool is_mode(const unsigned char *text)
{
    for (size_t i = 0; i < FILE_MODE_SIZE; i++) {
        if (text[i] < '0' || text[i] > '7')
            return false;
    }
    return true;
}

bool file_value_decode(varve_slice raw, struct file_value *file)
{
    varve_slice data;

    if (varve_value_tag(raw) != VARVE_TAG_TUPLE ||
        varve_value_get_tuple(raw, &data, NULL) != VARVE_OK)
        return false;
    if (data.size < FILE_HEADER_SIZE || !is_mode(data.data) || data.data[FILE_MODE_SIZE] != ' ')
        return false;
    memcpy(file->mode, data.data, FILE_MODE_SIZE);
    file->mode[FILE_MODE_SIZE] = '\0';
    file->content = varve_slice_of(data.data + FILE_HEADER_SIZE, data.size - FILE_HEADER_SIZE);
    return true;
}
