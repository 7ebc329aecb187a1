#include "engine/rocksdb/version.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "util/buf.h"
#include "util/fail.h"

static varve_status fail_form(varve_error *err, const char *path, const char *detail)
{
    return varve__fail(err, VARVE_CORRUPT, "version file %s is not formatted correctly; %s", path,
                       detail);
}

static varve_status with_versions(varve_error *err, int64_t found, varve__version_range range)
{
    if (err != NULL) {
        err->detail.version.found = found;
        err->detail.version.supported = range.current;
    }
    return VARVE_INCOMPATIBLE;
}

static varve_status check_version(int64_t found, varve__version_range range, varve_error *err)
{
    if (found >= range.minimum && found <= range.current)
        return VARVE_OK;
    (void)varve__fail(err, VARVE_INCOMPATIBLE,
                      "incompatible rocksdb data version, current:%" PRId64 ", on disk:%" PRId64
                      ", minimum:%" PRId64,
                      range.current, found, range.minimum);
    return with_versions(err, found, range);
}

/* Every feature is unknown to a library that has none: name them all, as far as they fit. */
static varve_status check_features(const json_t *features, int64_t version,
                                   varve__version_range range, const char *path, varve_error *err)
{
    char names[VARVE_ERROR_MESSAGE_MAX] = "";
    size_t length = 0;

    for (size_t i = 0; i < json_array_size(features); i++) {
        const char *name = json_string_value(json_array_get(features, i));
        if (name == NULL)
            return fail_form(err, path, "\"Features\" must hold strings");
        if (length < sizeof names - 1)
            length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
                                       i == 0 ? "" : ", ", name);
    }
    if (json_array_size(features) == 0)
        return VARVE_OK;
    (void)varve__fail(err, VARVE_INCOMPATIBLE,
                      "the store of version %" PRId64 " uses features that this library of version "
                      "%" PRId64 " does not know: %s",
                      version, range.current, names);
    return with_versions(err, version, range);
}

/* The JSON object of the contents and its version; `*root` is NULL unless it succeeds. */
static varve_status load(varve_slice contents, const char *path, json_t **root, int64_t *version,
                         varve_error *err)
{
    json_error_t why = {0};
    const char *text = contents.size == 0 ? "" : (const char *)contents.data;
    const char *fault = NULL;

    *version = 0;
    *root = json_loadb(text, contents.size, JSON_REJECT_DUPLICATES, &why);
    if (*root == NULL)
        fault = why.text;
    else if (!json_is_object(*root))
        fault = "it is not a JSON object";
    else if (!json_is_integer(json_object_get(*root, "Version")))
        fault = "\"Version\" must be an integer";
    if (fault == NULL) {
        *version = json_integer_value(json_object_get(*root, "Version"));
        return VARVE_OK;
    }
    (void)fail_form(err, path, fault);
    json_decref(*root);
    *root = NULL;
    return VARVE_CORRUPT;
}

varve_status varve__version_parse_as(varve__version_range range, varve_slice contents,
                                     const char *path, int64_t *version, varve_error *err)
{
    json_t *root;
    varve_status status = load(contents, path, &root, version, err);
    if (status != VARVE_OK)
        return status;
    const json_t *features = json_object_get(root, "Features");
    if (features != NULL && !json_is_array(features))
        status = fail_form(err, path, "\"Features\" must be an array");
    if (status == VARVE_OK)
        status = check_version(*version, range, err);
    if (status == VARVE_OK)
        status = check_features(features, *version, range, path, err);
    json_decref(root);
    return status;
}

varve_status varve__version_parse(varve_slice contents, const char *path, int64_t *version,
                                  varve_error *err)
{
    return varve__version_parse_as(VARVE__VERSION_RANGE, contents, path, version, err);
}

/* Print the object into `text`, compact as varve__version_parse() likes it. */
static varve_status print(const json_t *root, varve_buf *text, varve_error *err)
{
    varve_status status = varve__buf_restart(text, VARVE__VERSION_SIZE_MAX, err);
    if (status != VARVE_OK)
        return status;
    text->size = json_dumpb(root, (char *)text->data, VARVE__VERSION_SIZE_MAX,
                            JSON_COMPACT | JSON_PRESERVE_ORDER);
    if (text->size > 0 && text->size < VARVE__VERSION_SIZE_MAX)
        return VARVE_OK;
    text->size = 0;
    return varve__fail_no_memory(err, VARVE__VERSION_SIZE_MAX);
}

varve_status varve__version_set(varve_slice contents, const char *path, int64_t version,
                                varve_buf *changed, varve_error *err)
{
    json_t *root;
    int64_t before;
    varve_status status = load(contents, path, &root, &before, err);
    if (status != VARVE_OK)
        return status;
    if (json_object_set_new(root, "Version", json_integer(version)) == 0)
        status = print(root, changed, err);
    else
        status = varve__fail_no_memory(err, sizeof version);
    json_decref(root);
    return status;
}

varve_status varve__version_reference(const varve_slice *contents, const char *path,
                                      const char *failure, bool *rewrite, varve_error *err)
{
    const varve__version_range range = {0, VARVE__VERSION_CURRENT};
    int64_t version = 0;
    *rewrite = false;
    if (contents != NULL) {
        json_t *root;
        varve_status status = load(*contents, path, &root, &version, err);
        json_decref(root);
        if (status == VARVE_OK)
            status = check_version(version, range, err);
        if (status != VARVE_OK)
            return status;
    }
    if (failure != NULL)
        return varve__fail(err, VARVE_IO, "could not open rocksdb instance: %s", failure);
    *rewrite = version < range.current;
    return VARVE_OK;
}
