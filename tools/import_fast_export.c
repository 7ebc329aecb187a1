/* The grammar of git-fast-import(1), as far as `git fast-export` of one line of commits uses it. */
#include "import_fast_export.h"

#include <stdio.h>

/* The longest path that can be a key, each byte as an octal escape, and a command before it. */
#define LINE_MAX_SIZE ((size_t)512 << 10)

#define EXPORT_ADVICE "export it with git fast-export --first-parent, as docs/import.md says"

struct parser {
    struct import_input *in;
    const struct fast_export_events *events;
    void *arg;
    struct import_fault *fault;
    varve_slice line;          /* the line looked at; valid while `held` */
    struct import_place place; /* its first byte */
    bool held;                 /* it has been read and not used */
    bool commit_open;          /* a commit has been told but for its end */
    struct import_bytes path;
};

/* A part of the line, cut up from its front. */
struct cut {
    varve_slice rest;
    struct import_place place;
};

/* ---- Lines --------------------------------------------------------------------------------- */

/* Look at the next line that is no comment. */
static enum import_step peek(struct parser *p)
{
    while (!p->held) {
        p->place = p->in->place;
        enum import_step step = import_input_line(p->in, LINE_MAX_SIZE, &p->line, p->fault);
        if (step != IMPORT_OK)
            return step;
        p->held = p->line.size == 0 || p->line.data[0] != '#';
    }
    return IMPORT_OK;
}

static void skip(struct cut *cut, size_t size)
{
    cut->rest.data += size;
    cut->rest.size -= size;
    cut->place.offset += size;
}

static bool starts_with(varve_slice bytes, const char *text)
{
    size_t size = strlen(text);
    return bytes.size >= size && memcmp(bytes.data, text, size) == 0;
}

/*
 * If the next line begins with `word`, use it up: `*found`, and what follows the word in `rest`.
 * At the end of the input nothing is found.
 */
static bool take_if(struct parser *p, const char *word, bool *found, struct cut *rest)
{
    *found = false;
    enum import_step step = peek(p);
    if (step != IMPORT_OK)
        return step == IMPORT_END;
    if (!starts_with(p->line, word))
        return true;
    *found = true;
    p->held = false;
    rest->rest = p->line;
    rest->place = p->place;
    skip(rest, strlen(word));
    return true;
}

/* Where to point when the line that is needed is another one or missing. */
static struct import_place here(const struct parser *p)
{
    return p->held ? p->place : p->in->place;
}

/* The next line has to begin with `word`. */
static bool take(struct parser *p, const char *word, const char *within, struct cut *rest)
{
    bool found;
    if (!take_if(p, word, &found, rest))
        return false;
    if (found)
        return true;
    if (p->held)
        return import_malformed(p->fault, p->place, "\"%s\" is missing in a %s", word, within);
    return import_malformed(p->fault, here(p), "the input ends within a %s", within);
}

/* An empty line is used up; other commands have an optional one behind them. */
static bool take_blank(struct parser *p)
{
    enum import_step step = peek(p);
    if (step == IMPORT_OK && p->line.size == 0)
        p->held = false;
    return step != IMPORT_FAULT;
}

/* Text of a line for a message: what is too long is cut. */
static int shown(varve_slice text)
{
    return text.size > 60 ? 60 : (int)text.size;
}

/* ---- Words --------------------------------------------------------------------------------- */

static bool is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Cut a decimal number of at most 18 digits off the front. */
static bool cut_number(struct parser *p, struct cut *cut, uint64_t *number)
{
    size_t digits = 0;
    *number = 0;
    while (digits < cut->rest.size && is_digit(cut->rest.data[digits]) && digits < 19)
        *number = *number * 10 + (uint64_t)(cut->rest.data[digits++] - '0');
    if (digits == 0)
        return import_malformed(p->fault, cut->place, "a number is expected here");
    if (digits > 18)
        return import_malformed(p->fault, cut->place, "the number is too large");
    skip(cut, digits);
    return true;
}

/* Nothing may be left of a line. */
static bool cut_end(struct parser *p, const struct cut *cut)
{
    if (cut->rest.size == 0)
        return true;
    return import_malformed(p->fault, cut->place, "nothing is expected here, not \"%.*s\"",
                            shown(cut->rest), (const char *)cut->rest.data);
}

/* Cut `:N` off the front. */
static bool cut_mark(struct parser *p, struct cut *cut, uint64_t *mark)
{
    struct import_place place = cut->place;
    if (cut->rest.size == 0 || cut->rest.data[0] != ':')
        return import_malformed(p->fault, place, "a mark, a colon and a number, is expected here");
    skip(cut, 1);
    if (!cut_number(p, cut, mark))
        return false;
    if (*mark == 0)
        return import_malformed(p->fault, place, "mark 0 is not allowed");
    return true;
}

/* The number of bytes at the front that are lower-case hexadecimal digits. */
static size_t hex_digits(varve_slice text)
{
    size_t size = 0;
    while (size < text.size &&
           (is_digit(text.data[size]) || (text.data[size] >= 'a' && text.data[size] <= 'f')))
        size++;
    return size;
}

/* Cut an object id, SHA-1 or SHA-256, off the front. */
static bool cut_id(struct parser *p, struct cut *cut, char id[FAST_EXPORT_ID_MAX + 1])
{
    size_t size = hex_digits(cut->rest);
    if (size != 40 && size != 64)
        return import_malformed(p->fault, cut->place,
                                "an object id of 40 or 64 hexadecimal digits is expected here");
    memcpy(id, cut->rest.data, size);
    id[size] = '\0';
    skip(cut, size);
    return true;
}

/* Cut `:N` or an object id off the front. */
static bool cut_ref(struct parser *p, struct cut *cut, struct fast_export_ref *ref)
{
    bool is_mark = cut->rest.size > 0 && cut->rest.data[0] == ':';
    ref->kind = is_mark ? FAST_EXPORT_MARK : FAST_EXPORT_ID;
    return is_mark ? cut_mark(p, cut, &ref->mark) : cut_id(p, cut, ref->id);
}

/* ---- Paths --------------------------------------------------------------------------------- */

static const char escape_letters[] = "abfnrtv\"\\";
static const char escape_bytes[] = "\a\b\f\n\r\t\v\"\\";

/* The value of three octal digits, or -1. */
static int octal(varve_slice text)
{
    if (text.size < 3 || text.data[0] > '3')
        return -1;
    int byte = 0;
    for (size_t i = 0; i < 3; i++) {
        if (text.data[i] < '0' || text.data[i] > '7')
            return -1;
        byte = byte * 8 + (text.data[i] - '0');
    }
    return byte;
}

/* Cut one escape, behind its backslash, off the front. */
static bool cut_escape(struct parser *p, struct cut *cut, unsigned char *byte)
{
    int value = octal(cut->rest);
    const char *letter = cut->rest.size > 0 ? memchr(escape_letters, cut->rest.data[0], 9) : NULL;
    if (value < 0 && letter == NULL)
        return import_malformed(p->fault, cut->place, "unknown escape in a quoted path");
    *byte = letter != NULL ? (unsigned char)escape_bytes[letter - escape_letters]
                           : (unsigned char)value;
    skip(cut, letter != NULL ? 1 : 3);
    return true;
}

/* Cut a path in double quotes off the front into `p->path`, which has room for it. */
static bool cut_quoted(struct parser *p, struct cut *cut)
{
    struct import_place place = cut->place;
    skip(cut, 1);
    for (;;) {
        if (cut->rest.size == 0)
            return import_malformed(p->fault, place, "a quoted path has no closing quote");
        unsigned char byte = cut->rest.data[0];
        skip(cut, 1);
        if (byte == '"')
            return true;
        if (byte == '\\' && !cut_escape(p, cut, &byte))
            return false;
        p->path.data[p->path.size++] = byte;
    }
}

/* Whether a component of a path may be called that. */
static bool component_allowed(const unsigned char *name, size_t size)
{
    return size != 0 && !(size == 1 && name[0] == '.') &&
           !(size == 2 && name[0] == '.' && name[1] == '.');
}

/* Whether a path is one that git can have: no empty component, no `.` and no `..`. */
static bool path_is_canonical(varve_slice path)
{
    const unsigned char *from = path.data;
    const unsigned char *end = path.data + path.size;
    for (;;) {
        const unsigned char *slash = memchr(from, '/', (size_t)(end - from));
        const unsigned char *stop = slash == NULL ? end : slash;
        if (!component_allowed(from, (size_t)(stop - from)))
            return false;
        if (slash == NULL)
            return true;
        from = slash + 1;
    }
}

/* The rest of the line is a path: bring it into `p->path`. */
static bool cut_path(struct parser *p, struct cut *cut)
{
    struct import_place place = cut->place;
    p->path.size = 0;
    if (!import_bytes_reserve(&p->path, cut->rest.size + 1))
        return import_no_memory(p->fault);
    if (cut->rest.size > 0 && cut->rest.data[0] == '"') {
        if (!cut_quoted(p, cut) || !cut_end(p, cut))
            return false;
    } else if (!import_bytes_append(&p->path, cut->rest.data, cut->rest.size)) {
        return import_no_memory(p->fault);
    }
    varve_slice path = import_bytes_slice(&p->path);
    if (memchr(path.data, 0, path.size) != NULL)
        return import_malformed(p->fault, place, "the path has a NUL byte in it");
    if (!path_is_canonical(path))
        return import_malformed(p->fault, place, "the path \"%.*s\" is not in canonical form",
                                shown(path), (const char *)path.data);
    return true;
}

/* ---- Data ---------------------------------------------------------------------------------- */

typedef bool (*content_fn)(void *arg, varve_slice bytes, struct import_fault *fault);

/* `size` bytes follow. */
static bool counted_data(struct parser *p, uint64_t size, content_fn content)
{
    while (size > 0) {
        varve_slice chunk;
        size_t max = size > SIZE_MAX ? SIZE_MAX : (size_t)size;
        enum import_step step = import_input_chunk(p->in, max, &chunk, p->fault);
        if (step == IMPORT_END)
            return import_malformed(p->fault, p->in->place,
                                    "the input ends within data, %llu bytes early",
                                    (unsigned long long)size);
        if (step == IMPORT_FAULT)
            return false;
        if (content != NULL && !content(p->arg, chunk, p->fault))
            return false;
        size -= chunk.size;
    }
    return true;
}

/* Lines follow, up to one that is `mark`, which lies in `p->path`. */
static bool delimited_data(struct parser *p, varve_slice mark, content_fn content)
{
    for (;;) {
        varve_slice line;
        enum import_step step = import_input_line(p->in, LINE_MAX_SIZE, &line, p->fault);
        if (step == IMPORT_END)
            return import_malformed(p->fault, p->in->place,
                                    "the input ends before the line that ends the data");
        if (step == IMPORT_FAULT)
            return false;
        if (varve_slice_equal(line, mark))
            return true;
        if (content != NULL &&
            !(content(p->arg, line, p->fault) && content(p->arg, varve_slice_text("\n"), p->fault)))
            return false;
    }
}

/* The data command; its bytes go to `content`, or nowhere if that is NULL. */
static bool take_data(struct parser *p, const char *within, content_fn content)
{
    struct cut cut;
    bool done;
    if (!take(p, "data ", within, &cut))
        return false;
    if (starts_with(cut.rest, "<<")) {
        skip(&cut, 2);
        if (cut.rest.size == 0)
            return import_malformed(p->fault, cut.place, "the delimiter is missing");
        p->path.size = 0;
        if (!import_bytes_append(&p->path, cut.rest.data, cut.rest.size))
            return import_no_memory(p->fault);
        done = delimited_data(p, import_bytes_slice(&p->path), content);
    } else {
        uint64_t size;
        done = cut_number(p, &cut, &size) && cut_end(p, &cut) && counted_data(p, size, content);
    }
    return done && take_blank(p);
}

/* Data that is told to the callbacks. */
static bool take_content(struct parser *p, const char *within)
{
    return p->events->content_begin(p->arg, p->fault) && take_data(p, within, p->events->content);
}

/* ---- Blobs --------------------------------------------------------------------------------- */

static bool take_mark(struct parser *p, uint64_t *mark)
{
    struct cut cut;
    bool found;
    *mark = 0;
    return take_if(p, "mark ", &found, &cut) &&
           (!found || (cut_mark(p, &cut, mark) && cut_end(p, &cut)));
}

/* The id that the object has in git; `id` is left empty if it is not said. */
static bool take_original_id(struct parser *p, char id[FAST_EXPORT_ID_MAX + 1])
{
    struct cut cut;
    bool found;
    id[0] = '\0';
    return take_if(p, "original-oid ", &found, &cut) &&
           (!found || (cut_id(p, &cut, id) && cut_end(p, &cut)));
}

static bool parse_blob(struct parser *p, struct cut *cut)
{
    uint64_t mark;
    char id[FAST_EXPORT_ID_MAX + 1];
    return cut_end(p, cut) && take_mark(p, &mark) && take_original_id(p, id) &&
           take_content(p, "blob") && p->events->blob_end(p->arg, mark, p->fault);
}

/* ---- Commits ------------------------------------------------------------------------------- */

/* `NAME <EMAIL> SECONDS ZONE`: the time, which is all that is of interest. */
static bool cut_person_time(struct parser *p, struct cut *cut, int64_t *seconds)
{
    const unsigned char *angle = memrchr(cut->rest.data, '>', cut->rest.size);
    if (angle == NULL)
        return import_malformed(p->fault, cut->place, "the e-mail address in <> is missing");
    skip(cut, (size_t)(angle - cut->rest.data) + 1);
    if (cut->rest.size == 0 || cut->rest.data[0] != ' ')
        return import_malformed(p->fault, cut->place, "the time is missing");
    skip(cut, 1);
    bool negative = cut->rest.size > 0 && cut->rest.data[0] == '-';
    if (negative)
        skip(cut, 1);
    uint64_t number;
    if (!cut_number(p, cut, &number))
        return false;
    if (cut->rest.size < 2 || cut->rest.data[0] != ' ')
        return import_malformed(p->fault, cut->place,
                                "a blank and the time zone are expected here");
    *seconds = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

/* A line that may be there and says nothing of interest. */
static bool pass_over(struct parser *p, const char *word)
{
    struct cut cut;
    bool found;
    return take_if(p, word, &found, &cut);
}

/* The parents; those after the first do not matter. */
static bool take_parents(struct parser *p, struct fast_export_ref *from)
{
    struct cut cut;
    bool found;
    if (!take_if(p, "from ", &found, &cut))
        return false;
    if (found && !(cut_ref(p, &cut, from) && cut_end(p, &cut)))
        return false;
    do {
        if (!take_if(p, "merge ", &found, &cut))
            return false;
    } while (found);
    return true;
}

static bool take_commit_head(struct parser *p, struct fast_export_commit *commit)
{
    struct cut cut;
    return take_mark(p, &commit->mark) && take_original_id(p, commit->id) &&
           pass_over(p, "author ") && take(p, "committer ", "commit", &cut) &&
           cut_person_time(p, &cut, &commit->seconds) && pass_over(p, "encoding ") &&
           take_data(p, "commit", NULL) && take_parents(p, &commit->from);
}

/* ---- Changes ------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *mode;
} modes[] = {
    {"100644 ", "100644"}, {"644 ", "100644"},    {"100755 ", "100755"},
    {"755 ", "100755"},    {"120000 ", "120000"}, {"160000 ", "160000"},
};

static bool cut_mode(struct parser *p, struct cut *cut, char mode[7])
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (starts_with(cut->rest, modes[i].text)) {
            memcpy(mode, modes[i].mode, 7);
            skip(cut, strlen(modes[i].text));
            return true;
        }
    }
    return import_malformed(p->fault, cut->place,
                            "the mode is none of 100644, 100755, 120000 and 160000");
}

/* A submodule has a commit's id as its content, everything else a mark or inline data. */
static bool cut_content_ref(struct parser *p, struct cut *cut, struct fast_export_change *change)
{
    struct import_place place = cut->place;
    bool submodule = strcmp(change->mode, "160000") == 0;
    if (starts_with(cut->rest, "inline ")) {
        change->data.kind = FAST_EXPORT_INLINE;
        skip(cut, strlen("inline"));
    } else if (!cut_ref(p, cut, &change->data)) {
        return false;
    }
    if (submodule && change->data.kind != FAST_EXPORT_ID)
        return import_malformed(p->fault, place, "a submodule needs the id of a commit");
    if (!submodule && change->data.kind == FAST_EXPORT_ID)
        return import_malformed(p->fault, place,
                                "the content is not in the stream: export without --no-data");
    if (cut->rest.size == 0 || cut->rest.data[0] != ' ')
        return import_malformed(p->fault, cut->place, "a blank and the path are expected here");
    skip(cut, 1);
    return true;
}

/* M MODE REF PATH */
static bool parse_modify(struct parser *p, struct cut *cut, struct fast_export_change *change)
{
    if (!cut_mode(p, cut, change->mode) || !cut_content_ref(p, cut, change) || !cut_path(p, cut))
        return false;
    if (change->data.kind != FAST_EXPORT_INLINE)
        return true;
    /* Delimited data uses the buffer that the path lies in. */
    struct import_bytes path = p->path;
    memset(&p->path, 0, sizeof p->path);
    bool done = take_content(p, "commit");
    import_bytes_release(&p->path);
    p->path = path;
    return done;
}

static const struct {
    const char *word;
    const char *what;
} refused_changes[] = {
    {"deleteall", "deleteall (of --full-tree) is not supported"},
    {"R ", "a rename (of -M) is not supported"},
    {"C ", "a copy (of -C) is not supported"},
    {"N ", "a note is not supported"},
    {"ls ", "ls is not supported"},
    {"cat-blob ", "cat-blob is not supported"},
};

/* What stands in a commit and cannot be imported. */
static bool refuse_change(struct parser *p)
{
    for (size_t i = 0; i < sizeof refused_changes / sizeof refused_changes[0]; i++) {
        if (starts_with(p->line, refused_changes[i].word))
            return import_malformed(p->fault, p->place, "%s: " EXPORT_ADVICE,
                                    refused_changes[i].what);
    }
    return true;
}

/* One change of a commit, if there is one. */
static bool take_change(struct parser *p, bool *found)
{
    struct fast_export_change change;
    struct cut cut;
    memset(&change, 0, sizeof change);
    bool parsed = take_if(p, "M ", found, &cut);
    change.place = p->place;
    if (parsed && *found) {
        parsed = parse_modify(p, &cut, &change);
    } else if (parsed) {
        parsed = take_if(p, "D ", found, &cut);
        change.place = p->place;
        change.deleted = true;
        parsed = parsed && (!*found || cut_path(p, &cut));
    }
    if (!parsed)
        return false;
    if (!*found)
        return !p->held || refuse_change(p);
    change.path = import_bytes_slice(&p->path);
    return p->events->change(p->arg, &change, p->fault);
}

static bool parse_commit(struct parser *p, struct cut *cut)
{
    struct fast_export_commit commit;
    memset(&commit, 0, sizeof commit);
    commit.place = p->place;
    if (cut->rest.size == 0)
        return import_malformed(p->fault, cut->place, "the name of the branch is missing");
    if (!take_commit_head(p, &commit) || !p->events->commit_begin(p->arg, &commit, p->fault))
        return false;
    bool found;
    do {
        if (!take_change(p, &found))
            return false;
    } while (found);
    p->commit_open = true;
    return take_blank(p);
}

/*
 * The next command has begun: only that shows that the commit before it is complete, and was not
 * cut short, with the stream, in front of or within one of its changes.
 */
static bool end_commit(struct parser *p)
{
    if (!p->commit_open)
        return true;
    p->commit_open = false;
    return p->events->commit_end(p->arg, p->fault);
}

/* ---- Other commands ------------------------------------------------------------------------ */

/* Where a branch begins; commits name their parents themselves. */
static bool parse_reset(struct parser *p, struct cut *cut)
{
    struct fast_export_ref from;
    bool found;
    return take_if(p, "from ", &found, cut) &&
           (!found || (cut_ref(p, cut, &from) && cut_end(p, cut))) && take_blank(p);
}

static bool parse_tag(struct parser *p, struct cut *cut)
{
    uint64_t mark;
    char id[FAST_EXPORT_ID_MAX + 1];
    return take_mark(p, &mark) && take(p, "from ", "tag", cut) && take_original_id(p, id) &&
           pass_over(p, "tagger ") && take_data(p, "tag", NULL);
}

static bool parse_feature(struct parser *p, struct cut *cut)
{
    if (varve_slice_equal(cut->rest, varve_slice_text("done")) ||
        varve_slice_equal(cut->rest, varve_slice_text("date-format=raw")))
        return true;
    return import_malformed(p->fault, cut->place, "the feature \"%.*s\" is not supported",
                            shown(cut->rest), (const char *)cut->rest.data);
}

/* A line whose text has no meaning here. */
static bool parse_remark(struct parser *p, struct cut *cut)
{
    (void)cut;
    return take_blank(p);
}

static bool parse_checkpoint(struct parser *p, struct cut *cut)
{
    return cut_end(p, cut) && take_blank(p);
}

static const struct {
    const char *word;
    bool (*parse)(struct parser *p, struct cut *cut);
} stream_commands[] = {
    {"blob", parse_blob},        {"commit ", parse_commit},        {"reset ", parse_reset},
    {"tag ", parse_tag},         {"feature ", parse_feature},      {"option ", parse_remark},
    {"progress ", parse_remark}, {"checkpoint", parse_checkpoint},
};

/* One command; `*done` when it was the last. */
static bool parse_command(struct parser *p, bool *done)
{
    struct cut cut;
    bool found;
    for (size_t i = 0; i < sizeof stream_commands / sizeof stream_commands[0]; i++) {
        if (!take_if(p, stream_commands[i].word, &found, &cut))
            return false;
        if (found)
            return end_commit(p) && stream_commands[i].parse(p, &cut);
    }
    if (!take_if(p, "done", done, &cut))
        return false;
    if (*done)
        return cut_end(p, &cut) && end_commit(p);
    if (p->held)
        return import_malformed(p->fault, p->place, "unknown command \"%.*s\"", shown(p->line),
                                (const char *)p->line.data);
    return import_malformed(p->fault, here(p),
                            "the input ends without \"done\": it was cut short, or exported "
                            "without --use-done-feature");
}

/* Nothing may follow `done`. */
static bool parse_end(struct parser *p)
{
    varve_slice window;
    enum import_step step = import_input_window(p->in, &window, p->fault);
    if (step == IMPORT_OK)
        return import_malformed(p->fault, p->in->place, "the input goes on after \"done\"");
    return step == IMPORT_END;
}

bool fast_export_parse(struct import_input *in, const struct fast_export_events *events, void *arg,
                       struct import_fault *fault)
{
    struct parser p;
    memset(&p, 0, sizeof p);
    p.in = in;
    p.events = events;
    p.arg = arg;
    p.fault = fault;
    bool done = false;
    bool good = true;
    while (good && !done)
        good = parse_command(&p, &done);
    good = good && parse_end(&p);
    import_bytes_release(&p.path);
    return good;
}
