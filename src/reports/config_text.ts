/** The resolved values with their origins, for `--dry-run`.
 * @module
 */
import type { Resolved, ResolvedConfig } from "../config/resolve.ts";
import { withoutSecrets } from "@flyhot/runtime/protocol";
import { formatTable } from "../ui/format.ts";

/** One value, as it is shown. */
export interface ShownValue {
  /** The value, or null; what looks like a secret is not shown. */
  readonly value: unknown;
  /** What decided it. */
  readonly from: string;
}

/** Lists the values that a command would work with. */
export function shownValues(
  config: ResolvedConfig,
): Readonly<Record<string, ShownValue>> {
  const { env, ...values } = config;
  const shown: Record<string, ShownValue> = {};
  for (const [name, { value, from }] of Object.entries(values)) {
    // Through JSON, in which a secret says that it is one.
    shown[name] = { value: safe(JSON.parse(JSON.stringify(value))), from };
  }
  for (const [name, it] of Object.entries(env)) {
    shown[`env.${name}`] = withoutSecret(name, it);
  }
  return shown;
}

function withoutSecret(name: string, it: Resolved<string>): ShownValue {
  return /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|(^|_)KEY(_|$)|_DSN$|DATABASE_URL/i
      .test(name)
    ? { value: "[redacted]", from: it.from }
    : { value: safe(it.value), from: it.from };
}

/** A value whose URLs show no user name, password or query. */
function safe(value: unknown): unknown {
  if (typeof value === "string") return withoutSecrets(value);
  if (Array.isArray(value)) return value.map(safe);
  return value;
}

/** Writes the values for people. */
export function valuesText(
  values: Readonly<Record<string, ShownValue>>,
): string {
  return formatTable(
    Object.entries(values).map(([name, { value, from }]) => [
      name,
      `${valueWords(name, value)}  (${from})`,
    ]),
  ).join("\n");
}

function valueWords(name: string, value: unknown): string {
  if (value === null) return "-";
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.join(" ");
  if (name.endsWith("Ms") && typeof value === "number") {
    return `${value / 1000} s`;
  }
  return String(value);
}
