#include "apus_archive.h"

#include <string.h>

#include <archive.h>
#include <archive_entry.h>

// The two types are one: libarchive's handle.
static struct archive *handle(apus_archive *archive) { return (struct archive *)archive; }

static void copy_message(char message[APUS_ARCHIVE_MESSAGE_SIZE], struct archive *archive) {
    const char *text = archive ? archive_error_string(archive) : NULL;
    strncpy(message, text ? text : "no memory", APUS_ARCHIVE_MESSAGE_SIZE - 1);
    message[APUS_ARCHIVE_MESSAGE_SIZE - 1] = 0;
}

apus_archive *apus_archive_open(const char *path, char message[APUS_ARCHIVE_MESSAGE_SIZE]) {
    struct archive *archive = archive_read_new();
    if (!archive) {
        copy_message(message, NULL);
        return NULL;
    }
    archive_read_support_filter_none(archive);
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_zstd(archive);
    archive_read_support_format_tar(archive);
    archive_read_support_format_zip_streamable(archive);
    // Blocks of 64 KiB: few calls of the system.
    if (archive_read_open_filename(archive, path, 1 << 16) != ARCHIVE_OK) {
        copy_message(message, archive);
        archive_read_free(archive);
        return NULL;
    }
    return (apus_archive *)archive;
}

int apus_archive_next(
    apus_archive *archive, const char **name, int *is_file, char message[APUS_ARCHIVE_MESSAGE_SIZE]) {
    struct archive_entry *entry = NULL;
    int status = archive_read_next_header(handle(archive), &entry);
    if (status == ARCHIVE_EOF) return 0;
    // A warning (a name that cannot be converted, say) leaves an entry that can be read.
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
        copy_message(message, handle(archive));
        return -1;
    }
    const char *path = archive_entry_pathname(entry);
    *name = path ? path : "";
    *is_file = archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == NULL;
    return 1;
}

int64_t apus_archive_read(
    apus_archive *archive, void *buffer, size_t count, char message[APUS_ARCHIVE_MESSAGE_SIZE]) {
    la_ssize_t got = archive_read_data(handle(archive), buffer, count);
    if (got < 0) {
        copy_message(message, handle(archive));
        return -1;
    }
    return got;
}

void apus_archive_close(apus_archive *archive) { archive_read_free(handle(archive)); }
