const farMs = 366 * 86_400_000;
const enough = 5;

/**
 * Refuses times that lie far from all others, such as those of a clock that was not set: one of them would stretch the
 * range until nothing can be seen in it. Several in a row are believed.
 */
export function createTimeGuard(anchor: number): (time: number) => boolean {
  let near = anchor;
  let far = 0;
  return (time) => {
    if (Number.isNaN(near) || Math.abs(time - near) < farMs) {
      near = time;
      far = 0;
      return true;
    }
    far += 1;
    if (far < enough) return false;
    near = time;
    far = 0;
    return true;
  };
}
