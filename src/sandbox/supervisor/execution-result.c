#include "execution.h"
#include "host.h"

#define PIECE_BYTES (MAX_PAYLOAD - 2)

static void send_result(struct execution *execution) {
  static struct builder builder;
  const struct shepherd_report *report = &execution->report;
  builder.used = 0;
  put_str(&builder, execution->id);
  put_u8(&builder, (uint8_t)execution->kind);
  put_u32(&builder, execution->code);
  put_str(&builder, execution->detail);
  put_u64(&builder, execution->wall_us);
  put_u64(&builder, report->user_us);
  put_u64(&builder, report->system_us);
  put_u64(&builder, report->peak_bytes);
  put_u32(&builder, report->background);
  put_u32(&builder, report->ended);
  for (int i = 0; i < 2; i++) {
    put_u64(&builder, execution->streams[i].capture.bytes);
    put_u8(&builder, (uint8_t)execution->streams[i].capture.spill);
  }
  host_send(RESULT, execution->handle, builder.data, builder.used);
}

static const uint8_t *next_piece(const struct execution *execution, size_t *length) {
  const struct capture *capture = &execution->streams[execution->part / 2].capture;
  if (execution->part % 2 == 1) return capture_tail_piece(capture, execution->offset, length);
  *length = capture_head_bytes(capture) - execution->offset;
  return capture->head + execution->offset;
}

/* As much as there is room for now. Parts 0 to 3 are head and tail of stdout and of stderr. */
void execution_deliver(struct execution *execution) {
  while (execution->attached && !execution->delivered && host_has_room()) {
    if (execution->part == 4) {
      send_result(execution);
      execution->delivered = true;
      return;
    }
    size_t length;
    const uint8_t *piece = next_piece(execution, &length);
    if (length == 0) {
      execution->part++;
      execution->offset = 0;
      continue;
    }
    if (length > PIECE_BYTES) length = PIECE_BYTES;
    uint8_t *to = host_open_frame(2 + length);
    if (to == NULL) return;
    to[0] = execution->streams[execution->part / 2].number;
    to[1] = execution->part % 2;
    for (size_t i = 0; i < length; i++) to[2 + i] = piece[i];
    host_close_frame(CAPTURED, execution->handle, 2 + length);
    execution->offset += length;
  }
}
