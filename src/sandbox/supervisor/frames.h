/* Reading and writing frames of the protocol. No system calls here: the fuzz target drives exactly this. */
#ifndef OPSTHREAD_FRAMES_H
#define OPSTHREAD_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

#define MARK_BYTES 16

uint32_t frame_crc(const uint8_t *header, const uint8_t *payload, size_t length);

/* ---- What the host sends ---- */

#define READER_BYTES (2 * (HEADER_BYTES + MAX_PAYLOAD))

struct reader {
  uint8_t data[READER_BYTES];
  size_t start, end;
  bool synced;
  uint32_t marks; /* how often a mark was found: after each, a HELLO has to come first */
};

struct frame {
  uint8_t type;
  uint32_t id;
  const uint8_t *payload; /* valid until the next reader_space() */
  size_t length;
};

void reader_reset(struct reader *reader);
/* Where to put the next bytes, and how many fit. Always room for at least one byte once reader_next() has said no. */
uint8_t *reader_space(struct reader *reader, size_t *room);
void reader_filled(struct reader *reader, size_t bytes);
/* Takes the next frame out. False: more bytes are needed. */
bool reader_next(struct reader *reader, struct frame *frame);

/* ---- Payloads ---- */

/* Reads a payload from front to back. After anything did not fit, `bad` is set and all that follows is zero or empty. */
struct cursor {
  const uint8_t *at, *end;
  bool bad;
};

struct cursor cursor_of(const struct frame *frame);
uint8_t take_u8(struct cursor *cursor);
uint16_t take_u16(struct cursor *cursor);
uint32_t take_u32(struct cursor *cursor);
uint64_t take_u64(struct cursor *cursor);
const uint8_t *take_bytes(struct cursor *cursor, size_t length);

/* Writes a payload from front to back. What does not fit any more is left out, and `full` is set. */
struct builder {
  uint8_t data[MAX_PAYLOAD];
  size_t used;
  bool full;
};

void put_u8(struct builder *builder, uint8_t value);
void put_u16(struct builder *builder, uint16_t value);
void put_u32(struct builder *builder, uint32_t value);
void put_u64(struct builder *builder, uint64_t value);
void put_bytes(struct builder *builder, const void *bytes, size_t length);
void put_str(struct builder *builder, const char *text);

/* ---- What goes to the host ---- */

#define QUEUE_BYTES (1024 * 1024)

struct queue {
  uint8_t *data;     /* QUEUE_BYTES */
  size_t first;      /* where the frame begins that is being sent */
  size_t start, end; /* what is still to be sent */
};

static inline size_t queue_used(const struct queue *queue) { return queue->end - queue->start; }
/* Room for a payload of at most `most` bytes, to be filled and closed by queue_close(). Null: the queue is full. */
uint8_t *queue_open(struct queue *queue, size_t most);
void queue_close(struct queue *queue, uint8_t type, uint32_t id, size_t length);
bool queue_mark(struct queue *queue);
void queue_sent(struct queue *queue, size_t bytes);
/* Forgets everything but the rest of a frame of which a part has been sent. */
void queue_cut(struct queue *queue);
void queue_clear(struct queue *queue);

#endif
