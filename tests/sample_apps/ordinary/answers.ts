/** Asks a process, and writes what it answers so that two answers can be compared.
 * @module
 */
import type { Exchange } from "./story.ts";

const PATIENCE_MS = 20_000;

/** An answer as text: what a client can see of it, without what differs from process to process. */
export function answerText(
  status: number,
  type: string | null | undefined,
  body: string,
): string {
  return `${status} ${type ?? "-"} ${body}`;
}

/** Sends a request and returns the answer as text. */
export async function send(
  url: string,
  { method = "GET", path, body }: Exchange,
  version: number,
): Promise<string> {
  const written = (text: string) => text.replaceAll("{v}", `${version}`);
  const response = await fetch(url + written(path), {
    method,
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(body === undefined ? {} : {
      body: typeof body === "string" ? body : written(JSON.stringify(body)),
      headers: {
        "content-type": typeof body === "string"
          ? "text/plain"
          : "application/json",
      },
    }),
  });
  return answerText(
    response.status,
    response.headers.get("content-type"),
    await response.text(),
  );
}

/** Asks one path after the other. */
export async function askAll(
  url: string,
  paths: readonly string[],
): Promise<Map<string, string>> {
  const answers = new Map<string, string>();
  for (const path of paths) answers.set(path, await send(url, { path }, 0));
  return answers;
}
