/** Asks the runtime in an app's process, over its control socket.
 * @module
 */
import { request } from "node:http";

/** Sends one request to a control socket. */
export function askControl(
  socketPath: string,
  route: "GET /v1/info" | "GET /v1/manifest" | "POST /v1/check",
  signal: AbortSignal,
): Promise<unknown> {
  const [method, path] = route.split(" ") as [string, string];
  return new Promise((resolve, reject) => {
    const call = request({
      socketPath,
      method,
      path,
      signal,
      agent: false,
      headers: { host: "flyhot", connection: "close" },
    }, (answer) => {
      const pieces: Uint8Array[] = [];
      answer.on("data", (piece: Uint8Array) => pieces.push(piece));
      answer.on("error", reject);
      answer.on("end", () => {
        const text = new TextDecoder().decode(joined(pieces));
        const { statusCode = 0 } = answer;
        if (statusCode >= 300) {
          reject(new Error(`${route} was answered with ${statusCode} ${text}`));
          return;
        }
        try {
          resolve(JSON.parse(text));
        } catch (error) {
          reject(error);
        }
      });
    });
    call.on("error", reject);
    call.end();
  });
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, it) => sum + it.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
