#define _GNU_SOURCE
#include "capture.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "spill.h"

/* Not passed on to shepherds: a long-lived one would keep all pages that the supervisor gave back since. */
static uint8_t *allocate(size_t bytes) {
  uint8_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  madvise(memory, bytes, MADV_DONTFORK);
  return memory;
}

void capture_begin(struct capture *capture, uint32_t most) { *capture = (struct capture){.most = most, .file = -1}; }

static void spill(struct capture *capture, const uint8_t *bytes, size_t length, const char *folder, const char *name) {
  if (capture->spill == SPILL_NONE && folder[0] != 0) {
    capture->file = spill_open(folder, name);
    bool begun = capture->file >= 0 && spill_write(capture->file, capture->head, capture_head_bytes(capture));
    capture->spill = begun ? SPILL_WHOLE : SPILL_BROKEN_OFF;
  }
  if (capture->spill == SPILL_WHOLE && !spill_write(capture->file, bytes, length)) capture->spill = SPILL_BROKEN_OFF;
  if (capture->spill == SPILL_BROKEN_OFF) capture_close_file(capture);
}

static void add_to_tail(struct capture *capture, const uint8_t *bytes, size_t length) {
  uint32_t most = capture->most;
  uint64_t at = capture->bytes - most;
  if (length > most) {
    at += length - most;
    bytes += length - most;
    length = most;
  }
  size_t offset = (size_t)(at % most), first = most - offset < length ? most - offset : length;
  memcpy(capture->tail + offset, bytes, first);
  memcpy(capture->tail, bytes + first, length - first);
}

void capture_add(struct capture *capture, const uint8_t *bytes, size_t length, const char *folder, const char *name) {
  if (length == 0) return;
  if (capture->head == NULL && capture->most > 0) capture->head = allocate(capture->most);
  /* Without memory nothing is kept, and the count tells so. */
  if (capture->head == NULL) capture->most = 0;
  if (capture->bytes + length > capture->most) spill(capture, bytes, length, folder, name);
  size_t room = capture->most - capture_head_bytes(capture), to_head = length < room ? length : room;
  if (to_head > 0) memcpy(capture->head + capture->bytes, bytes, to_head);
  capture->bytes += to_head;
  if (to_head == length) return;
  if (capture->tail == NULL && capture->most > 0) capture->tail = allocate(capture->most);
  if (capture->tail != NULL) add_to_tail(capture, bytes + to_head, length - to_head);
  capture->bytes += length - to_head;
}

const uint8_t *capture_tail_piece(const struct capture *capture, size_t offset, size_t *length) {
  size_t total = capture_tail_bytes(capture);
  if (capture->tail == NULL || offset >= total) {
    *length = 0;
    return NULL;
  }
  uint64_t at = capture->bytes - capture->most - total + offset;
  size_t place = (size_t)(at % capture->most), block = capture->most - place;
  *length = total - offset < block ? total - offset : block;
  return capture->tail + place;
}

void capture_close_file(struct capture *capture) {
  if (capture->file >= 0) spill_close(capture->file);
  capture->file = -1;
}

void capture_free(struct capture *capture) {
  capture_close_file(capture);
  if (capture->head != NULL) munmap(capture->head, capture->most);
  if (capture->tail != NULL) munmap(capture->tail, capture->most);
  capture->head = capture->tail = NULL;
}
