/** The HTTP checks of an app's `fly.toml`, as machines whose app declares no check of its own ask them.
 * @module
 */
import type { ServiceCheck } from "@flyhot/runtime/protocol";
import { parse as parseToml } from "@std/toml";
import { isRecord } from "../base/values.ts";

const PORT_DEFAULT = 8080;
const TIMEOUT_MS_DEFAULT = 2000;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Reads the HTTP checks of the services in a `fly.toml`: of `[http_service]`, `[[services]]` and `[checks]`.
 *
 * Checks over TLS are left out, as are those of a kind that flyhot does not know: the platform goes on asking them.
 * Returns the checks; none of a text that is not TOML, which is reported where the configuration is read.
 */
export function serviceChecksOf(text: string | null): ServiceCheck[] {
  if (text === null) return [];
  let root: Record<string, unknown>;
  try {
    root = parseToml(text);
  } catch {
    return [];
  }
  const found: ServiceCheck[] = [];
  const service = root.http_service;
  if (isRecord(service)) {
    found.push(...checksOf(service.checks, service.internal_port));
  }
  for (const one of listOf(root.services)) {
    found.push(...checksOf(one.http_checks, one.internal_port));
  }
  if (isRecord(root.checks)) {
    const named = Object.values(root.checks).filter(isRecord)
      .filter((check) => check.type === "http");
    found.push(...checksOf(named, undefined));
  }
  const seen = new Set<string>();
  return found.filter((check) => {
    const key = JSON.stringify(check);
    return seen.has(key) ? false : seen.add(key);
  });
}

function checksOf(checks: unknown, servicePort: unknown): ServiceCheck[] {
  return listOf(checks).flatMap((check) => {
    const port = wholeNumber(check.port ?? servicePort) ?? PORT_DEFAULT;
    const path = check.path ?? "/";
    const method = String(check.method ?? "GET").toUpperCase();
    const plain = (check.protocol ?? "http") === "http";
    if (
      !plain || typeof path !== "string" || !path.startsWith("/") ||
      !/^[A-Z]+$/.test(method)
    ) return [];
    const timeoutMs = milliseconds(check.timeout) ?? TIMEOUT_MS_DEFAULT;
    return [{
      port,
      path,
      method,
      headers: headersOf(check.headers),
      timeoutMs,
    }];
  });
}

// A table, or the older list of names and values.
function headersOf(value: unknown): Record<string, string> {
  const entries = isRecord(value)
    ? Object.entries(value)
    : listOf(value).map(({ name, value }) => [String(name), value] as const);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, String(value)]),
  );
}

function milliseconds(value: unknown): number | null {
  if (typeof value === "number") return value > 0 ? Math.round(value) : null;
  if (typeof value !== "string") return null;
  let total = 0;
  for (const [, count, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(count) * UNIT_MS[unit!]!;
  }
  return total > 0 ? Math.round(total) : null;
}

function wholeNumber(value: unknown): number | null {
  return Number.isInteger(value) ? Number(value) : null;
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
