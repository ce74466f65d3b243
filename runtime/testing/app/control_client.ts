/** Asks the runtime in an app's process, over its control socket.
 * @module
 */
import { text } from "node:stream/consumers";
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
      const { statusCode = 0 } = answer;
      text(answer).then((said) => {
        if (statusCode < 300) return JSON.parse(said);
        throw new Error(`${route} was answered with ${statusCode} ${said}`);
      }).then(resolve, reject);
    });
    call.on("error", reject);
    call.end();
  });
}
