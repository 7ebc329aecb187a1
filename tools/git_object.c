/* Names that git gives to contents. */
#include "git_object.h"

#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdio.h>

bool git_is_object_id(varve_slice text)
{
    if (text.size != 2 * SHA1_DIGEST_SIZE && text.size != 2 * SHA256_DIGEST_SIZE)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        bool digit = text.data[i] >= '0' && text.data[i] <= '9';
        bool letter = text.data[i] >= 'a' && text.data[i] <= 'f';
        if (!digit && !letter)
            return false;
    }
    return true;
}

static void print_digest(const uint8_t *digest, size_t size, char id[GIT_OBJECT_ID_MAX])
{
    for (size_t i = 0; i < size; i++)
        snprintf(id + 2 * i, 3, "%02x", digest[i]);
}

static void sha1_id(varve_slice header, varve_slice content, char id[GIT_OBJECT_ID_MAX])
{
    uint8_t digest[SHA1_DIGEST_SIZE];
    struct sha1_ctx context;

    sha1_init(&context);
    sha1_update(&context, header.size, header.data);
    if (content.size != 0)
        sha1_update(&context, content.size, content.data);
    sha1_digest(&context, sizeof digest, digest);
    print_digest(digest, sizeof digest, id);
}

static void sha256_id(varve_slice header, varve_slice content, char id[GIT_OBJECT_ID_MAX])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;

    sha256_init(&context);
    sha256_update(&context, header.size, header.data);
    if (content.size != 0)
        sha256_update(&context, content.size, content.data);
    sha256_digest(&context, sizeof digest, digest);
    print_digest(digest, sizeof digest, id);
}

void git_blob_id(enum git_hash hash, varve_slice content, char id[GIT_OBJECT_ID_MAX])
{
    char text[32];
    int size = snprintf(text, sizeof text, "blob %zu", content.size);
    varve_slice header = varve_slice_of(text, (size_t)size + 1);

    if (hash == GIT_SHA1)
        sha1_id(header, content, id);
    else
        sha256_id(header, content, id);
}

static bool is_submodule(const struct file_value *file)
{
    return strcmp(file->mode, FILE_MODE_SUBMODULE) == 0;
}

bool git_entry_id(enum git_hash hash, const struct file_value *file, char id[GIT_OBJECT_ID_MAX])
{
    if (!is_submodule(file)) {
        git_blob_id(hash, file->content, id);
        return true;
    }
    if (!git_is_object_id(file->content))
        return false;
    memcpy(id, file->content.data, file->content.size);
    id[file->content.size] = '\0';
    return true;
}

const char *git_entry_type(const struct file_value *file)
{
    return is_submodule(file) ? "commit" : "blob";
}

bool git_quote_byte(unsigned char byte, char text[5])
{
    static const char letters[] = "abtnvfr"; /* of the bytes 7 to 13 */

    if (byte >= 7 && byte <= 13)
        snprintf(text, 5, "\\%c", letters[byte - 7]);
    else if (byte == '"' || byte == '\\')
        snprintf(text, 5, "\\%c", byte);
    else if (byte < 0x20 || byte >= 0x7F)
        snprintf(text, 5, "\\%03o", byte);
    else
        return false;
    return true;
}
