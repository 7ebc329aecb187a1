#include "engine/rocksdb/version.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "util/fail.h"

static varve_status fail_form(varve_error *err, const char *path, const char *detail)
{
    return varve__fail(err, VARVE_CORRUPT, "version file %s is not formatted correctly; %s", path,
                       detail);
}

static varve_status with_versions(varve_error *err, int64_t found)
{
    if (err != NULL) {
        err->detail.version.found = found;
        err->detail.version.supported = VARVE__VERSION_CURRENT;
    }
    return VARVE_INCOMPATIBLE;
}

static varve_status check_version(int64_t found, varve_error *err)
{
    if (found >= VARVE__VERSION_MIN && found <= VARVE__VERSION_CURRENT)
        return VARVE_OK;
    (void)varve__fail(err, VARVE_INCOMPATIBLE,
                      "incompatible rocksdb data version, current:%d, on disk:%" PRId64
                      ", minimum:%d",
                      VARVE__VERSION_CURRENT, found, VARVE__VERSION_MIN);
    return with_versions(err, found);
}

/* Every feature is unknown to a library that has none: name them all, as far as they fit. */
static varve_status check_features(const json_t *features, int64_t version, const char *path,
                                   varve_error *err)
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
                      "%d does not know: %s",
                      version, VARVE__VERSION_CURRENT, names);
    return with_versions(err, version);
}

static varve_status check_members(const json_t *root, const char *path, int64_t *version,
                                  varve_error *err)
{
    const json_t *number = json_object_get(root, "Version");
    const json_t *features = json_object_get(root, "Features");

    if (!json_is_object(root))
        return fail_form(err, path, "it is not a JSON object");
    if (!json_is_integer(number))
        return fail_form(err, path, "\"Version\" must be an integer");
    if (features != NULL && !json_is_array(features))
        return fail_form(err, path, "\"Features\" must be an array");
    *version = json_integer_value(number);
    varve_status status = check_version(*version, err);
    if (status == VARVE_OK)
        status = check_features(features, *version, path, err);
    return status;
}

varve_status varve__version_parse(varve_slice contents, const char *path, int64_t *version,
                                  varve_error *err)
{
    json_error_t why = {0};
    const char *text = contents.size == 0 ? "" : (const char *)contents.data;

    *version = 0;
    json_t *root = json_loadb(text, contents.size, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return fail_form(err, path, why.text);
    varve_status status = check_members(root, path, version, err);
    json_decref(root);
    return status;
}
