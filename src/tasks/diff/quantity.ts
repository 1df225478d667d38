/** The number that a quantity such as `512Mi`, `500m`, `30s` or `1_000` stands for, with the kind of its unit. */
export interface Quantity {
  readonly amount: number;
  readonly unit: "number" | "bytes" | "milliseconds" | "percent";
}

export function quantityOf(text: string): Quantity | undefined {
  const match = /^([+-]?\d[\d_]{0,30}(?:\.\d{1,30})?)\s?([A-Za-z%]{0,5})$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  const amount = Number(match[1].replaceAll("_", ""));
  const unit = units[match[2] ?? ""] ?? units[(match[2] ?? "").toLowerCase()];
  return unit === undefined ? undefined : { amount: amount * unit.factor, unit: unit.unit };
}

type Unit = { readonly factor: number; readonly unit: Quantity["unit"] };

const bytes = (factor: number): Unit => ({ factor, unit: "bytes" });
const milliseconds = (factor: number): Unit => ({ factor, unit: "milliseconds" });

/** `m` is a thousandth, as Kubernetes has it; minutes are not told from it, which is why only ratios are used. */
const units: Readonly<Partial<Record<string, Unit>>> = {
  "": { factor: 1, unit: "number" },
  m: { factor: 0.001, unit: "number" },
  "%": { factor: 1, unit: "percent" },
  ki: bytes(2 ** 10),
  mi: bytes(2 ** 20),
  gi: bytes(2 ** 30),
  ti: bytes(2 ** 40),
  kib: bytes(2 ** 10),
  mib: bytes(2 ** 20),
  gib: bytes(2 ** 30),
  tib: bytes(2 ** 40),
  b: bytes(1),
  k: bytes(1e3),
  kb: bytes(1e3),
  M: bytes(1e6),
  mb: bytes(1e6),
  g: bytes(1e9),
  gb: bytes(1e9),
  t: bytes(1e12),
  tb: bytes(1e12),
  ms: milliseconds(1),
  s: milliseconds(1e3),
  sec: milliseconds(1e3),
  min: milliseconds(6e4),
  h: milliseconds(3.6e6),
  d: milliseconds(8.64e7),
};

/** `lowered by 75 %`, `raised to 4 times`, or undefined where two quantities cannot be compared. */
export function movementOf(before: string, after: string): string | undefined {
  const [from, to] = [quantityOf(before), quantityOf(after)];
  if (!from || !to || from.amount === to.amount || !comparable(from, to)) return undefined;
  const direction = to.amount < from.amount ? "lowered" : "raised";
  if (from.amount <= 0 || to.amount <= 0) return direction;
  const ratio = to.amount / from.amount;
  if (ratio >= 2) return `raised to ${Math.round(ratio * 10) / 10} times`;
  const percent = Math.abs(Math.round((ratio - 1) * 100));
  return percent === 0 ? undefined : `${direction} by ${percent} %`;
}

/** A bare number beside bytes is bytes: `128` and `128Mi` differ as memory does. */
function comparable(from: Quantity, to: Quantity): boolean {
  const kinds = new Set([from.unit, to.unit]);
  return kinds.size === 1 || (kinds.has("bytes") && kinds.has("number"));
}
