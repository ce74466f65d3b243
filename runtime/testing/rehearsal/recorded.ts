/** What of a request is written down by a recorder.
 * @module
 */

// What the connection and the browser add, and what is worth nothing when it is played again.
const NOT_RECORDED =
  /^(?:host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|proxy-connection|accept-encoding|accept-language|user-agent|dnt|origin|referer|cache-control|pragma|priority|upgrade-insecure-requests|via|forwarded|x-forwarded-.*|x-real-ip|sec-(?!websocket-protocol).*)$/;
const CREDENTIALS =
  /^(?:authorization|cookie|proxy-authorization|.*(?:token|secret|api-?key|password|session|credential|csrf|xsrf).*)$/;

/** The headers of a request that are written down. */
interface RecordedHeaders {
  /** Those that are. */
  readonly kept: readonly (readonly [name: string, value: string])[];
  /** The names of those that hold credentials, and are not. */
  readonly secret: readonly string[];
}

/** Chooses the headers that are written down. */
export function recordedHeaders(
  headers: Iterable<readonly [name: string, value: string]>,
  withCredentials: boolean,
): RecordedHeaders {
  const kept: (readonly [string, string])[] = [];
  const secret: string[] = [];
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (NOT_RECORDED.test(lower)) continue;
    if (CREDENTIALS.test(lower) && !withCredentials) secret.push(lower);
    else if (lower !== "accept" || value !== "*/*") kept.push([lower, value]);
  }
  return { kept, secret };
}

/** A comment that tells what is missing; empty for nothing. */
export function secretsComment(secret: readonly string[]): string {
  return secret.length === 0 ? "" : `# not recorded: ${secret.join(", ")}\n`;
}
