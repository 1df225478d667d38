#define _GNU_SOURCE
#include "frames.h"

#include <string.h>

/* ---- Numbers ---- */

static uint32_t load_u32(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void store_u32(uint8_t *at, uint32_t value) {
  for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (8 * i));
}

/* zlib's CRC-32, eight bytes at a time ("slicing by 8"): one byte at a time would be slower than the pipes. */
static uint32_t crc_table[8][256];

static void fill_crc_table(void) {
  for (uint32_t n = 0; n < 256; n++) {
    uint32_t c = n;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    crc_table[0][n] = c;
  }
  for (uint32_t n = 0; n < 256; n++)
    for (int k = 1; k < 8; k++)
      crc_table[k][n] = crc_table[0][crc_table[k - 1][n] & 0xff] ^ (crc_table[k - 1][n] >> 8);
}

static uint32_t crc_update(uint32_t crc, const uint8_t *at, size_t length) {
  for (; length >= 8; at += 8, length -= 8) {
    uint32_t low = crc ^ load_u32(at), high = load_u32(at + 4);
    crc = crc_table[7][low & 0xff] ^ crc_table[6][(low >> 8) & 0xff] ^ crc_table[5][(low >> 16) & 0xff] ^
          crc_table[4][low >> 24] ^ crc_table[3][high & 0xff] ^ crc_table[2][(high >> 8) & 0xff] ^
          crc_table[1][(high >> 16) & 0xff] ^ crc_table[0][high >> 24];
  }
  while (length-- > 0) crc = crc_table[0][(crc ^ *at++) & 0xff] ^ (crc >> 8);
  return crc;
}

uint32_t frame_crc(const uint8_t *header, const uint8_t *payload, size_t length) {
  if (crc_table[0][1] == 0) fill_crc_table();
  return ~crc_update(crc_update(~0u, header, HEADER_BYTES - 4), payload, length);
}

/* ---- Reader ---- */

void reader_reset(struct reader *reader) {
  reader->start = reader->end = 0;
  reader->synced = false;
}

uint8_t *reader_space(struct reader *reader, size_t *room) {
  if (reader->start > 0) {
    memmove(reader->data, reader->data + reader->start, reader->end - reader->start);
    reader->end -= reader->start;
    reader->start = 0;
  }
  *room = READER_BYTES - reader->end;
  return reader->data + reader->end;
}

void reader_filled(struct reader *reader, size_t bytes) { reader->end += bytes; }

/* Discards bytes up to and with the next mark. */
static bool find_mark(struct reader *reader) {
  size_t have = reader->end - reader->start;
  uint8_t *mark = memmem(reader->data + reader->start, have, SYNC_MARK, MARK_BYTES);
  if (mark == NULL) {
    if (have >= MARK_BYTES) reader->start = reader->end - (MARK_BYTES - 1);
    return false;
  }
  reader->start = (size_t)(mark - reader->data) + MARK_BYTES;
  reader->synced = true;
  reader->marks++;
  return true;
}

bool reader_next(struct reader *reader, struct frame *frame) {
  for (;;) {
    if (!reader->synced && !find_mark(reader)) return false;
    size_t have = reader->end - reader->start;
    if (have < HEADER_BYTES) return false;
    const uint8_t *header = reader->data + reader->start;
    size_t length = load_u32(header + 8);
    if ((header[0] | header[1] << 8) != FRAME_MAGIC || header[3] != 0 || length > MAX_PAYLOAD) {
      reader->synced = false;
      continue;
    }
    if (have < HEADER_BYTES + length) return false;
    reader->start += HEADER_BYTES + length;
    /* The whole frame is discarded, and not searched for a mark: what a payload carries is not to be obeyed as frames. A
     * successor's zeros complete the last frame of its predecessor, so its mark is never inside. */
    if (frame_crc(header, header + HEADER_BYTES, length) != load_u32(header + 12)) {
      reader->synced = false;
      continue;
    }
    *frame = (struct frame){header[2], load_u32(header + 4), header + HEADER_BYTES, length};
    return true;
  }
}

/* ---- Payloads ---- */

struct cursor cursor_of(const struct frame *frame) {
  return (struct cursor){frame->payload, frame->payload + frame->length, false};
}

const uint8_t *take_bytes(struct cursor *cursor, size_t length) {
  if (cursor->bad || (size_t)(cursor->end - cursor->at) < length) {
    cursor->bad = true;
    return NULL;
  }
  const uint8_t *at = cursor->at;
  cursor->at += length;
  return at;
}

static uint64_t take_number(struct cursor *cursor, size_t bytes) {
  const uint8_t *at = take_bytes(cursor, bytes);
  uint64_t value = 0;
  if (at != NULL)
    for (size_t i = 0; i < bytes; i++) value |= (uint64_t)at[i] << (8 * i);
  return value;
}

uint8_t take_u8(struct cursor *cursor) { return (uint8_t)take_number(cursor, 1); }
uint16_t take_u16(struct cursor *cursor) { return (uint16_t)take_number(cursor, 2); }
uint32_t take_u32(struct cursor *cursor) { return (uint32_t)take_number(cursor, 4); }
uint64_t take_u64(struct cursor *cursor) { return take_number(cursor, 8); }

void put_bytes(struct builder *builder, const void *bytes, size_t length) {
  if (builder->full || sizeof builder->data - builder->used < length) {
    builder->full = true;
    return;
  }
  if (length > 0) memcpy(builder->data + builder->used, bytes, length);
  builder->used += length;
}

static void put_number(struct builder *builder, uint64_t value, size_t bytes) {
  uint8_t data[8];
  for (size_t i = 0; i < bytes; i++) data[i] = (uint8_t)(value >> (8 * i));
  put_bytes(builder, data, bytes);
}

void put_u8(struct builder *builder, uint8_t value) { put_number(builder, value, 1); }
void put_u16(struct builder *builder, uint16_t value) { put_number(builder, value, 2); }
void put_u32(struct builder *builder, uint32_t value) { put_number(builder, value, 4); }
void put_u64(struct builder *builder, uint64_t value) { put_number(builder, value, 8); }

void put_str(struct builder *builder, const char *text) {
  size_t length = strlen(text);
  put_u32(builder, (uint32_t)length);
  put_bytes(builder, text, length);
}

/* ---- Queue ---- */

static bool queue_make_room(struct queue *queue, size_t bytes) {
  if (queue->end + bytes <= QUEUE_BYTES) return true;
  size_t keep = queue->end - queue->first;
  if (keep + bytes > QUEUE_BYTES) return false;
  memmove(queue->data, queue->data + queue->first, keep);
  queue->start -= queue->first;
  queue->end = keep;
  queue->first = 0;
  return true;
}

uint8_t *queue_open(struct queue *queue, size_t most) {
  if (!queue_make_room(queue, HEADER_BYTES + most)) return NULL;
  return queue->data + queue->end + HEADER_BYTES;
}

void queue_close(struct queue *queue, uint8_t type, uint32_t id, size_t length) {
  uint8_t *header = queue->data + queue->end;
  header[0] = FRAME_MAGIC & 0xff;
  header[1] = FRAME_MAGIC >> 8;
  header[2] = type;
  header[3] = 0;
  store_u32(header + 4, id);
  store_u32(header + 8, (uint32_t)length);
  store_u32(header + 12, frame_crc(header, header + HEADER_BYTES, length));
  queue->end += HEADER_BYTES + length;
}

bool queue_mark(struct queue *queue) {
  if (!queue_make_room(queue, MARK_BYTES)) return false;
  memcpy(queue->data + queue->end, SYNC_MARK, MARK_BYTES);
  queue->end += MARK_BYTES;
  return true;
}

/* How many bytes the frame, or the mark, at `at` has. */
static size_t unit_bytes(const uint8_t *at) {
  return at[0] == (FRAME_MAGIC & 0xff) ? HEADER_BYTES + load_u32(at + 8) : MARK_BYTES;
}

void queue_sent(struct queue *queue, size_t bytes) {
  queue->start += bytes;
  if (queue->start == queue->end) {
    queue_clear(queue);
    return;
  }
  for (;;) {
    size_t next = queue->first + unit_bytes(queue->data + queue->first);
    if (next > queue->start) return;
    queue->first = next;
  }
}

void queue_cut(struct queue *queue) {
  if (queue->start == queue->first)
    queue_clear(queue);
  else
    queue->end = queue->first + unit_bytes(queue->data + queue->first);
}

void queue_clear(struct queue *queue) { queue->first = queue->start = queue->end = 0; }
