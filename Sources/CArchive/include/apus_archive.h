// Reading the files of an archive one after the other, by libarchive: tar and zip, plain or compressed by gzip, xz, bzip2
// or zstd. Nothing is written to disk here, and no other program is started.
#ifndef APUS_ARCHIVE_H
#define APUS_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#define APUS_ARCHIVE_MESSAGE_SIZE 200

typedef struct apus_archive apus_archive;

/// Opens an archive; NULL and a message where it is none.
apus_archive *apus_archive_open(const char *path, char message[APUS_ARCHIVE_MESSAGE_SIZE]);

/// Goes on to the next entry: 1, 0 at the end, -1 and a message for damaged data.
///
/// - name: the entry's path in the archive, until the next call.
/// - is_file: whether it is a regular file, not a folder, link or device.
int apus_archive_next(
    apus_archive *archive, const char **name, int *is_file, char message[APUS_ARCHIVE_MESSAGE_SIZE]);

/// The next bytes of the entry's content: their number, 0 at its end, -1 and a message for damaged data.
int64_t apus_archive_read(
    apus_archive *archive, void *buffer, size_t count, char message[APUS_ARCHIVE_MESSAGE_SIZE]);

void apus_archive_close(apus_archive *archive);

#endif
