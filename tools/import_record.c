/* What the line-based formats share. */
#include "import_record.h"

#include "times.h"

void import_record_release(struct import_record *record)
{
    import_bytes_release(&record->key);
    import_bytes_release(&record->raw);
}

bool import_record_time(struct import_record *record, varve_slice text, struct import_place place,
                        struct import_fault *fault)
{
    struct time_spec spec;
    const char *wrong = time_parse(text, &spec);

    if (wrong == NULL && spec.kind != TIME_AT)
        wrong = "a record needs a time that does not depend on the store";
    if (wrong == NULL && varve_ts_is_zero(spec.ts))
        wrong = "time zero is not one of a version";
    if (wrong != NULL)
        return import_malformed(fault, place, "time \"%.*s\": %s",
                                text.size > 60 ? 60 : (int)text.size, (const char *)text.data,
                                wrong);
    record->has_time = true;
    record->ts = spec.ts;
    return true;
}

bool import_record_begin_raw(struct import_record *record, varve_tag tag)
{
    const unsigned char header[VARVE_VALUE_HEADER_SIZE] = {0, 0, 0, 0, (unsigned char)tag};

    record->raw.size = 0;
    return import_bytes_append(&record->raw, header, sizeof header);
}
