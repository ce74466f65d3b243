/** The Machines API on loopback.
 *
 * {@link https://fly.io/docs/machines/api/}
 * @module
 */
import {
  type LoopbackAnswer,
  type LoopbackRequest,
  splitTarget,
} from "../server/loopback_server.ts";
import { json } from "./machine_call.ts";
import { ROUTES } from "./machine_routes.ts";
import type { Machines } from "../machines.ts";
import { invalidArgument, PlatformError } from "./platform_error.ts";
import { RateLimits } from "./rate_limits.ts";
import { carriesToken } from "./tokens.ts";

/** Options of {@linkcode machinesApi}. */
interface MachinesApiOptions {
  /** The only app. */
  readonly app: string;
  /** The only token, without a scheme. */
  readonly token: string;
  readonly machines: Machines;
  /** Whether Fly's rate limits are kept. */
  readonly rateLimits: boolean;
}

/** Makes the handler of the Machines API. */
export function machinesApi(
  options: MachinesApiOptions,
): (request: LoopbackRequest) => Promise<LoopbackAnswer> {
  const limits = options.rateLimits ? new RateLimits() : null;
  return (request) =>
    answerErrors(() => {
      requireToken(request, options.token);
      return answer(request, options, limits);
    });
}

/** Refuses a request without the token. */
export function requireToken(request: LoopbackRequest, token: string): void {
  if (!carriesToken(request.headers.get("authorization"), token)) {
    throw new PlatformError(401, "Authenticate: token validation error");
  }
}

/** Turns what the platform refuses into answers. */
export async function answerErrors(
  act: () => LoopbackAnswer | Promise<LoopbackAnswer>,
): Promise<LoopbackAnswer> {
  const requestId = { "fly-request-id": crypto.randomUUID() };
  try {
    const { headers, ...rest } = await act();
    return { ...rest, headers: { ...headers, ...requestId } };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const { headers, ...rest } = json({
      error: error.message,
      ...(error.word === null ? {} : { status: error.word }),
    }, error.status);
    return { ...rest, headers: { ...headers, ...requestId } };
  }
}

function answer(
  request: LoopbackRequest,
  options: MachinesApiOptions,
  limits: RateLimits | null,
): LoopbackAnswer | Promise<LoopbackAnswer> {
  const [path, query] = splitTarget(request.target);
  const [, app, rest] = /^\/v1\/apps\/([^/]+)(\/.*)?$/.exec(path) ?? [];
  if (app === undefined) throw new PlatformError(404, "page not found");
  if (app !== options.app) throw new PlatformError(404, "app not found");
  if (rest === undefined && request.method === "GET") {
    return json({
      id: app,
      name: app,
      status: "deployed",
      organization: { name: "sandbox", slug: "sandbox" },
    });
  }
  for (const { method, path, action, run } of ROUTES) {
    const matched = match(`/machines${path}`, rest ?? "");
    if (matched === null || method !== request.method) continue;
    const { id = "", key = "" } = matched;
    if (limits?.take(action, id || app, performance.now()) === false) {
      throw new PlatformError(429, "rate limit exceeded");
    }
    return run({
      machines: options.machines,
      id,
      key,
      query: new URLSearchParams(query),
      body: bodyOf(request),
      nonce: request.headers.get("fly-machine-lease-nonce") ?? null,
      signal: request.signal,
    });
  }
  throw new PlatformError(404, "page not found");
}

function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const names = path.split("/");
  if (wanted.length !== names.length) return null;
  const values: Record<string, string> = {};
  for (const [i, name] of names.entries()) {
    const want = wanted[i] ?? "";
    if (want.startsWith(":")) values[want.slice(1)] = decode(name);
    else if (want !== name) return null;
  }
  return values;
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw invalidArgument("the path is not encoded");
  }
}

/** Reads a JSON body; an empty object where there is none. */
export function bodyOf(request: LoopbackRequest): unknown {
  if (request.body.byteLength === 0) return {};
  try {
    return JSON.parse(new TextDecoder().decode(request.body));
  } catch {
    throw invalidArgument("the body is not JSON");
  }
}
