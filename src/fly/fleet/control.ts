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
    /** About what else; both answers come as one list. */
    readonly and?: "/v1/manifest";
  }
  | {
    /** A hint without authority: read the pointer now. */
    readonly method: "POST";
    /** The hint. */
    readonly path: "/v1/check";
  };

/** The exit codes of the script, told apart from those of a missing `deno` or a killed process. */
export const CONTROL_EXIT_CODES = {
  nobody: 71,
  refused: 72,
  deaf: 73,
  tooLong: 74,
} as const;

/** The longest answer that is sent, in characters: Fly's exec passes about 2.5 MiB, and JSON around it. */
export const ANSWER_CHARACTERS_MAX = 2_400_000;

/** What a compressed answer begins with; what follows is gzip in base64. */
const COMPRESSED = "gzip:";

/** Reads what the script wrote. */
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
 * It runs whatever version of the runtime is there, so it imports nothing of flyhot; the answer goes to standard output as
 * it came, a failure to standard error as one sentence.
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

// Without node:http, which takes longer to load than all the rest: a rollout asks each machine several times.
const SCRIPT = `
const env = (name) => Deno.env.get(name);
const folder = (env("TMPDIR") || "/tmp").replace(/\\/+$/, "");
const name = "flyhot-" + (env("FLY_APP_NAME") || ask.app);
const own = folder + "/" + name;
// The process takes another folder where that one is not its own; older runtimes put the socket beside it.
const others = () => {
  try {
    return [...Deno.readDirSync(folder)].map((each) => each.name)
      .filter((each) => each.startsWith(name + "-"))
      .sort().map((each) => folder + "/" + each + "/control.sock");
  } catch {
    return [];
  }
};
const patienceMs = Number(env("FLYHOT_ANSWER_MS")) || 15000;
const places = env("FLYHOT_SOCKET")
  ? [env("FLYHOT_SOCKET")]
  : [own + "/control.sock", ...others(), own + ".sock"];
const stop = (code, sentence) => {
  console.error(sentence);
  Deno.exit(code);
};
const socket = async () => {
  let why;
  for (const path of places) {
    try {
      (await Deno.connect({ transport: "unix", path })).close();
      return path;
    } catch (error) {
      why = error;
    }
  }
  return stop(ask.nobody, "nobody listens at " + places[0] + " (" + (why.code || why.message) + ")");
};
const send = async (body) => {
  let rest = body;
  // A short answer is sent as it is, to be read by people, too.
  if (body.length > 20000) {
    const packed = new Uint8Array(
      await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
    rest = new TextEncoder().encode(ask.compressed + packed.toBase64());
  }
  if (rest.length > ask.charactersMax) stop(ask.tooLong, "its answer is " + body.length + " bytes, " + rest.length + " packed for the way");
  while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
};
const path = await socket();
const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
const signal = AbortSignal.timeout(patienceMs);
try {
  const about = async (path) => {
    // Packed here, where it costs the app nothing.
    const answer = await fetch("http://flyhot" + path, { client, method: ask.method, signal, headers: { "accept-encoding": "identity" } });
    const text = await answer.text();
    if (answer.status >= 300) stop(ask.refused, "it answered " + answer.status + " " + text.slice(0, 300));
    return text;
  };
  const text = await about(ask.path);
  const all = ask.and ? "[" + text + "," + await about(ask.and) + "]" : text;
  await send(new TextEncoder().encode(all));
  Deno.exit(0);
} catch (error) {
  if (signal.aborted) stop(ask.deaf, "its process did not answer within " + patienceMs / 1000 + " s");
  stop(ask.refused, "the answer broke off (" + error.message + ")");
}
`;
