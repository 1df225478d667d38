/*
 * What a host could send, taken apart: the reader, with the bytes arriving in pieces, and the decoder of EXEC. Built and run by
 * scripts/fuzz-supervisor.mjs. https://llvm.org/docs/LibFuzzer.html
 */
#include <stdlib.h>
#include <string.h>

#include "../frames.h"
#include "../request.h"

static void touch(const struct text_list *list, size_t *sum) {
  for (uint32_t i = 0; i < list->count; i++) *sum += strlen(list->items[i]);
  if (list->items[list->count] != NULL) abort();
}

static void decode(const uint8_t *payload, size_t length) {
  struct request request;
  size_t sum = 0;
  if (request_decode(&request, payload, length) == NULL) {
    sum += strlen(request.id) + strlen(request.cwd) + strlen(request.spill_folder);
    touch(&request.argv, &sum);
    touch(&request.env, &sum);
    touch(&request.readable, &sum);
    touch(&request.writable, &sum);
    if (sum > length) abort();
  }
  request_free(&request);
}

/* The first byte says how large the pieces are; a checksum that the fuzzer cannot guess is put right. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct reader reader;
  if (size == 0) return 0;
  decode(data + 1, size - 1);
  size_t piece = 1 + data[0];
  uint8_t *stream = malloc(MARK_BYTES + size + HEADER_BYTES);
  memcpy(stream, SYNC_MARK, MARK_BYTES);
  memcpy(stream + MARK_BYTES, data + 1, size - 1);
  size_t end = MARK_BYTES + size - 1;
  for (size_t at = MARK_BYTES; at + HEADER_BYTES <= end;) {
    uint8_t *header = stream + at;
    size_t length = header[8] | header[9] << 8;
    if (at + HEADER_BYTES + length > end) break;
    if (header[3] != 0xff) {
      header[0] = FRAME_MAGIC & 0xff;
      header[1] = FRAME_MAGIC >> 8;
      header[3] = header[10] = header[11] = 0;
      uint32_t crc = frame_crc(header, header + HEADER_BYTES, length);
      for (int i = 0; i < 4; i++) header[12 + i] = (uint8_t)(crc >> (8 * i));
    }
    at += HEADER_BYTES + length;
  }

  reader_reset(&reader);
  for (size_t at = 0; at < end;) {
    size_t room;
    uint8_t *space = reader_space(&reader, &room);
    if (room == 0) abort();
    size_t now = end - at < piece ? end - at : piece;
    if (now > room) now = room;
    memcpy(space, stream + at, now);
    reader_filled(&reader, now);
    at += now;
    struct frame frame;
    while (reader_next(&reader, &frame)) {
      if (frame.length > MAX_PAYLOAD) abort();
      uint8_t *copy = malloc(frame.length + 1); /* so that reading beyond it is noticed */
      memcpy(copy, frame.payload, frame.length);
      decode(copy, frame.length);
      free(copy);
    }
  }
  free(stream);
  return 0;
}
