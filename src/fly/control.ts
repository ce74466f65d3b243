/** How the runtime on a machine is reached: a self-contained script, run there by exec, that talks to its control socket.
 * @module
 */

/** What the control socket answers. */
export type ControlRequest =
  | {
    /** A question. */
    readonly method: "GET";
    /** About what. */
    readonly path: "/v1/info" | "/v1/manifest";
  }
  | {
    /** A hint without authority: read the pointer now. */
    readonly method: "POST";
    /** The hint. */
    readonly path: "/v1/check";
  };

/**
 * The exit codes of the script, told apart from those of a missing `deno` or a killed process.
 */
export const CONTROL_EXIT_CODES = {
  nobody: 71,
  refused: 72,
  deaf: 73,
  tooLong: 74,
} as const;

/** The longest answer that is sent, in characters: Fly's exec passes about 2.5 MiB, and JSON around it. */
export const ANSWER_CHARACTERS_MAX = 2_400_000;

/** What a compressed answer begins with; what follows is gzip in base64. */
export const COMPRESSED = "gzip:";

/**
 * Reads what the script wrote.
 *
 * @param stdout its standard output
 * @returns the answer of the runtime, as text
 */
export async function answerIn(stdout: string): Promise<string> {
  if (!stdout.startsWith(COMPRESSED)) return stdout;
  const bytes = Uint8Array.fromBase64(stdout.slice(COMPRESSED.length).trim());
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  return await new Response(stream).text();
}

/**
 * Builds the command that asks the runtime on a machine.
 *
 * It runs whatever version of the runtime is there, so it imports nothing of flyhot; the answer goes to standard
 * output as it came, a failure to standard error as one sentence.
 *
 * @param request what to ask
 * @param app the Fly app, for the default path of the socket where the machine's environment does not name it
 * @returns program and arguments
 */
export function controlCommand(
  request: ControlRequest,
  app: string,
): readonly string[] {
  const settings = JSON.stringify({
    ...request,
    app,
    ...CONTROL_EXIT_CODES,
    compressed: COMPRESSED,
    charactersMax: ANSWER_CHARACTERS_MAX,
  });
  return ["deno", "eval", `const ask = ${settings};\n${SCRIPT}`];
}

const SCRIPT = `
const { request } = await import("node:http");
const { env } = await import("node:process");
const { readdirSync } = await import("node:fs");
const folder = (env.TMPDIR || "/tmp").replace(/\\/+$/, "");
const name = "flyhot-" + (env.FLY_APP_NAME || ask.app);
const own = folder + "/" + name;
// The process takes another folder where that one is not its own; older runtimes put the socket beside it.
const others = () => {
  try {
    return readdirSync(folder).filter((each) => each.startsWith(name + "-"))
      .sort().map((each) => folder + "/" + each + "/control.sock");
  } catch {
    return [];
  }
};
const patienceMs = Number(env.FLYHOT_ANSWER_MS) || 15000;
const places = env.FLYHOT_SOCKET
  ? [env.FLYHOT_SOCKET]
  : [own + "/control.sock", ...others(), own + ".sock"];
const stop = (code, sentence) => {
  console.error(sentence);
  Deno.exit(code);
};
const send = async (body, isPacked) => {
  let rest = body;
  // A short answer is sent as it is, to be read by people, too.
  if (isPacked || body.length > 20000) {
    const packed = isPacked ? body : new Uint8Array(
      await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
    rest = new TextEncoder().encode(ask.compressed + packed.toBase64());
  }
  if (rest.length > ask.charactersMax) stop(ask.tooLong, "its answer is " + body.length + " bytes, " + rest.length + " packed for the way");
  while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
};
const attempt = (index) => {
const socketPath = places[index];
const call = request({ socketPath, method: ask.method, path: ask.path, timeout: patienceMs, headers: { host: "flyhot", "accept-encoding": "gzip" } }, (answer) => {
  const pieces = [];
  answer.on("data", (piece) => pieces.push(piece));
  answer.on("error", (error) => stop(ask.refused, "the answer broke off (" + error.message + ")"));
  answer.on("end", () => {
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const body = new Uint8Array(size);
    let at = 0;
    for (const piece of pieces) {
      body.set(piece, at);
      at += piece.length;
    }
    if (answer.statusCode >= 300) stop(ask.refused, "it answered " + answer.statusCode + " " + new TextDecoder().decode(body).slice(0, 300));
    send(body, answer.headers["content-encoding"] === "gzip").then(() => Deno.exit(0), (error) => stop(ask.refused, String(error)));
  });
});
call.on("timeout", () => stop(ask.deaf, "its process did not answer within " + patienceMs / 1000 + " s"));
call.on("error", (error) => {
  if (index + 1 < places.length) return attempt(index + 1);
  stop(ask.nobody, "nobody listens at " + places[0] + " (" + (error.code || error.message) + ")");
});
call.end();
};
attempt(0);
`;
