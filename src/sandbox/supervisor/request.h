/* What an EXEC frame asks for. */
#ifndef OPSTHREAD_REQUEST_H
#define OPSTHREAD_REQUEST_H

#include "frames.h"

#define MAX_ID_BYTES 128                 /* of an execution id */
#define MAX_CAPTURE_BYTES (16 * 1024 * 1024)

struct text_list {
  char **items; /* ends with NULL */
  uint32_t count;
};

struct request {
  const char *id;
  uint32_t flags;
  const char *cwd;
  struct text_list argv, env;
  uint32_t timeout_ms, grace_ms, capture_bytes;
  uint64_t output_bytes, file_bytes, address_bytes;
  uint32_t open_files, processes, background, live_bytes;
  uint16_t columns, rows;
  const char *spill_folder;
  struct text_list readable, writable;
  void *memory; /* holds all texts */
};

/* Null when all is well, else what is wrong with it. What it allocated, request_free() gives back in either case. */
const char *request_decode(struct request *request, const uint8_t *payload, size_t length);
void request_free(struct request *request);

#endif
