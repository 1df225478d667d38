#include "request.h"

#include <stdlib.h>
#include <string.h>

/* Texts are copied out of the payload, because there they do not end with a NUL. Each has four bytes of length before it, so
 * as many bytes as the payload has are enough for all of them; the pointers need eight for each of these four. */
struct arena {
  char *text;
  char **pointer;
  bool has_nul;
};

static const char *take_text(struct cursor *cursor, struct arena *arena) {
  size_t length = take_u32(cursor);
  const uint8_t *bytes = take_bytes(cursor, length);
  if (bytes == NULL) return "";
  if (memchr(bytes, 0, length) != NULL) arena->has_nul = true;
  char *text = arena->text;
  memcpy(text, bytes, length);
  text[length] = 0;
  arena->text += length + 1;
  return text;
}

static struct text_list take_list(struct cursor *cursor, struct arena *arena) {
  struct text_list list = {arena->pointer, take_u32(cursor)};
  for (uint32_t i = 0; i < list.count && !cursor->bad; i++) *arena->pointer++ = (char *)take_text(cursor, arena);
  *arena->pointer++ = NULL;
  return list;
}

const char *request_decode(struct request *request, const uint8_t *payload, size_t length) {
  memset(request, 0, sizeof *request);
  size_t pointers = length / 4 + 8;
  request->memory = malloc(pointers * sizeof(char *) + length + 64);
  if (request->memory == NULL) return "Cannot execute: out of memory";
  struct arena arena = {(char *)request->memory + pointers * sizeof(char *), request->memory, false};
  struct cursor cursor = {payload, payload + length, false};

  request->id = take_text(&cursor, &arena);
  request->flags = take_u32(&cursor);
  request->cwd = take_text(&cursor, &arena);
  request->argv = take_list(&cursor, &arena);
  request->env = take_list(&cursor, &arena);
  request->timeout_ms = take_u32(&cursor);
  request->grace_ms = take_u32(&cursor);
  request->capture_bytes = take_u32(&cursor);
  request->output_bytes = take_u64(&cursor);
  request->file_bytes = take_u64(&cursor);
  request->address_bytes = take_u64(&cursor);
  request->open_files = take_u32(&cursor);
  request->processes = take_u32(&cursor);
  request->background = take_u32(&cursor);
  request->live_bytes = take_u32(&cursor);
  request->columns = take_u16(&cursor);
  request->rows = take_u16(&cursor);
  request->spill_folder = take_text(&cursor, &arena);
  request->readable = take_list(&cursor, &arena);
  request->writable = take_list(&cursor, &arena);

  if (cursor.bad || cursor.at != cursor.end) return "Cannot execute: malformed request";
  if (arena.has_nul) return "Cannot execute: a text contains a NUL";
  if (request->argv.count == 0 || request->argv.items[0][0] == 0) return "Cannot execute: no program";
  if (strlen(request->id) > MAX_ID_BYTES) return "Cannot execute: the execution id is too long";
  if (request->capture_bytes > MAX_CAPTURE_BYTES) return "Cannot execute: captureBytes is too much";
  return NULL;
}

void request_free(struct request *request) {
  free(request->memory);
  request->memory = NULL;
}
