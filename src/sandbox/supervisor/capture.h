/* What is kept of a stream: its head and its tail in memory, and when it is longer than that, all of it in a file. */
#ifndef OPSTHREAD_CAPTURE_H
#define OPSTHREAD_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum spill { SPILL_NONE = 0, SPILL_WHOLE = 1, SPILL_BROKEN_OFF = 2 };

struct capture {
  uint32_t most;         /* bytes of the head, and again of the tail */
  uint64_t bytes;        /* all that came */
  uint8_t *head, *tail;  /* `tail` is a ring: the byte number n after the head is at n % most */
  enum spill spill;
  int file;
};

void capture_begin(struct capture *capture, uint32_t most);
/* `folder` and `name` say where to spill; an empty folder: nowhere. */
void capture_add(struct capture *capture, const uint8_t *bytes, size_t length, const char *folder, const char *name);
void capture_close_file(struct capture *capture);
void capture_free(struct capture *capture);

static inline size_t capture_head_bytes(const struct capture *capture) {
  return capture->bytes < capture->most ? (size_t)capture->bytes : capture->most;
}

static inline size_t capture_tail_bytes(const struct capture *capture) {
  uint64_t after = capture->bytes - capture_head_bytes(capture);
  return after < capture->most ? (size_t)after : capture->most;
}

/* A piece of the tail that lies in one block, beginning at byte `offset` of the tail. */
const uint8_t *capture_tail_piece(const struct capture *capture, size_t offset, size_t *length);

#endif
