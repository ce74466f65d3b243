/** Requests of a rehearsal, and the plain text that they are written in.
 * @module
 */

/** A request over HTTP. */
export interface HttpRequestBlock {
  /** What kind it is. */
  readonly kind: "http";
  /** The method, in capitals. */
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** The headers, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The body; empty for none. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** One message of a WebSocket. */
export interface SocketLine {
  /** Who says it. */
  readonly from: "client" | "server";
  /** What is said: text, or bytes. */
  readonly data: string | Uint8Array<ArrayBuffer>;
}

/** A talk over a WebSocket. */
export interface SocketBlock {
  /** What kind it is. */
  readonly kind: "socket";
  /** Path and query. */
  readonly path: string;
  /** The headers of the request that opens it, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** What is said, in its order; lines of the server tell how many messages are waited for. */
  readonly lines: readonly SocketLine[];
}

/** One request of a rehearsal. */
export type RehearsalRequest = HttpRequestBlock | SocketBlock;

/** Thrown where requests cannot be read. */
export class RequestsError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "RequestsError";
}

const BASE64 = "flyhot-body";
const START = /^(?:[A-Z][A-Z-]*) \/\S*(?: HTTP\/[\d.]+)?$/;
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;
const SAID = /^([<>])([|=]?)(?: (.*))?$/;

/**
 * Tells whether a text begins with a request, so that it is not the name of a file.
 *
 * @param text the text
 * @returns true for what {@linkcode parseRequests} would find a request in
 */
export function holdsRequests(text: string): boolean {
  return text.split(/\r?\n/).some((line) => START.test(line.trimEnd()));
}

/**
 * Reads requests: blocks of `METHOD /path`, headers, an empty line and the body; `WS /path` with lines `> sent` and
 * `< received`.
 *
 * A block begins after an empty line or a comment. Lines that begin with `#` are comments; a line of a body that would
 * be one, or begin a block, is written with `\` in front. Body bytes that are not text are base64 under the header
 * `Flyhot-Body: base64`. `>|` and `<|` go on with the message of the line before; `>=` and `<=` hold bytes as base64.
 *
 * @param text the text
 * @param name the file, for errors
 * @returns the requests in their order
 * @throws {RequestsError} naming file and line
 *
 * @example
 * ```ts
 * import { parseRequests } from "@flyhot/runtime/testing";
 *
 * parseRequests(`
 * POST /rooms
 * Content-Type: application/json
 *
 * {"name":"den"}
 *
 * WS /rooms/den
 * > hello
 * < welcome
 * `).length; // 2
 * ```
 */
export function parseRequests(
  text: string,
  name = "requests",
): RehearsalRequest[] {
  const found: RehearsalRequest[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  let block: OpenBlock | null = null;
  let mayBegin = true;
  for (const [index, raw] of lines.entries()) {
    const fail = (why: string): never => {
      throw new RequestsError(`Cannot read ${name}:${index + 1}: ${why}`);
    };
    if (raw.startsWith("#")) {
      mayBegin = true;
      continue;
    }
    const line = raw.trimEnd();
    if (mayBegin && START.test(line)) {
      if (block) found.push(closed(block, fail));
      const [method = "", path = ""] = line.split(" ");
      block = { method, path, headers: [], rest: [], inHeaders: true };
      mayBegin = false;
      continue;
    }
    mayBegin = line === "";
    if (block === null) {
      if (line === "") continue;
      return fail(
        `expected "METHOD /path" or "WS /path", found ${JSON.stringify(line)}`,
      );
    }
    if (block.method === "WS") socketLine(block, raw, fail);
    else if (!block.inHeaders) block.rest.push(raw);
    else if (line === "") block.inHeaders = false;
    else block.headers.push(header(line, fail));
  }
  if (block) {
    found.push(closed(block, (why) => {
      throw new RequestsError(`Cannot read ${name}:${lines.length}: ${why}`);
    }));
  }
  return found;
}

interface OpenBlock {
  readonly method: string;
  readonly path: string;
  readonly headers: (readonly [string, string])[];
  /** The lines of the body, or what a WebSocket says. */
  readonly rest: string[];
  inHeaders: boolean;
}

type Fail = (why: string) => never;

function header(line: string, fail: Fail): readonly [string, string] {
  const match = HEADER.exec(line);
  return match ? [match[1]!, match[2]!] : fail(
    `expected "Name: value", or an empty line before the body, found ${
      JSON.stringify(line)
    }`,
  );
}

function socketLine(block: OpenBlock, raw: string, fail: Fail): void {
  if (raw.trim() === "") return;
  if (SAID.test(raw)) {
    block.inHeaders = false;
    block.rest.push(raw);
  } else if (block.inHeaders) block.headers.push(header(raw.trimEnd(), fail));
  else {
    fail(
      `expected "> sent" or "< received", found ${JSON.stringify(raw)}`,
    );
  }
}

function closed(
  { method, path, headers, rest }: OpenBlock,
  fail: Fail,
): RehearsalRequest {
  if (method === "WS") {
    return { kind: "socket", path, headers, lines: said(rest, fail) };
  }
  while (rest.length > 0 && rest.at(-1)!.trim() === "") rest.pop();
  if (rest.length > 0 && /^(?:GET|HEAD)$/.test(method)) {
    return fail(
      `${method} ${path} has no body; a request begins after an empty line, as METHOD /path`,
    );
  }
  const text = rest.map((line) => line.startsWith("\\") ? line.slice(1) : line)
    .join("\n");
  const isBase64 = ([name, value]: readonly [string, string]) =>
    name.toLowerCase() === BASE64 && value.toLowerCase() === "base64";
  return {
    kind: "http",
    method,
    path,
    headers: headers.filter((it) => !isBase64(it)),
    body: headers.some(isBase64)
      ? bytesOf(text.replaceAll(/\s/g, ""), fail)
      : new TextEncoder().encode(text),
  };
}

function said(lines: readonly string[], fail: Fail): SocketLine[] {
  const all: SocketLine[] = [];
  for (const line of lines) {
    const [, sign, kind, text = ""] = SAID.exec(line)!;
    const from = sign === ">" ? "client" : "server";
    if (kind === "=") all.push({ from, data: bytesOf(text, fail) });
    else if (kind === "|") {
      const last = all.pop();
      if (last?.from !== from || typeof last.data !== "string") {
        return fail(`${sign}| goes on with a line of text that is not there`);
      }
      all.push({ from, data: `${last.data}\n${text}` });
    } else all.push({ from, data: text });
  }
  return all;
}

function bytesOf(base64: string, fail: Fail): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return fail("expected base64");
  }
}

/**
 * Writes requests, so that {@linkcode parseRequests} reads the same.
 *
 * @param requests the requests
 * @returns the text, with an empty line after each block
 *
 * @example
 * ```ts
 * import { formatRequests, parseRequests } from "@flyhot/runtime/testing";
 *
 * formatRequests(parseRequests("GET /\n")); // "GET /\n\n"
 * ```
 */
export function formatRequests(requests: readonly RehearsalRequest[]): string {
  return requests.map((request) =>
    request.kind === "http" ? httpText(request) : socketText(request)
  ).join("");
}

function httpText({ method, path, headers, body }: HttpRequestBlock): string {
  const text = textOf(body);
  const lines = [`${method} ${path}`, ...headersText(headers)];
  if (text === null) {
    lines.push("Flyhot-Body: base64", "", body.toBase64());
  } else if (text !== "") lines.push("", ...escaped(text));
  return `${lines.join("\n")}\n\n`;
}

function escaped(text: string): string[] {
  const lines = text.split("\n");
  return lines.map((line, index) => {
    const isLast = index === lines.length - 1;
    return /^[#\\]/.test(line) || START.test(line.trimEnd()) ||
        (line.trim() === "" && (isLast || index === 0)) ||
        (line.trim() === "" && lines.slice(index).join("").trim() === "")
      ? `\\${line}`
      : line;
  });
}

function socketText({ path, headers, lines }: SocketBlock): string {
  const shown = lines.flatMap(({ from, data }) => {
    const sign = from === "client" ? ">" : "<";
    if (typeof data !== "string") return [`${sign}= ${data.toBase64()}`];
    const [first = "", ...more] = data.split("\n");
    return [`${sign} ${first}`, ...more.map((line) => `${sign}| ${line}`)];
  });
  return `${[`WS ${path}`, ...headersText(headers), ...shown].join("\n")}\n\n`;
}

const headersText = (
  headers: readonly (readonly [name: string, value: string])[],
) => headers.map(([name, value]) => `${name}: ${value}`);

/** The text that bytes are; null where they are none that a line of text could hold unchanged. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
    // deno-lint-ignore no-control-regex -- what editors and line ends would change
    return /[\x00-\x08\x0b-\x1f\x7f\uFEFF]/.test(text) ? null : text;
  } catch {
    return null;
  }
}
