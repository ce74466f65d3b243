import { assertEquals, assertNotEquals } from "@std/assert";
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { wrapKept } from "./wrap.ts";

const SOURCE = `interface Room {
  name: string;
}

export const rooms: Room[] = [], where: string[] = String(new Error().stack).split("\\n");
export function main(names: string[]) {
  const games: Map<string, Room> = new Map(); const at = new Error().stack!; let n = 1;
  return at + games.size + n;
}
`;

interface Outcome {
  readonly plain: readonly unknown[];
  readonly wrapped: readonly unknown[];
  readonly names: readonly string[];
}

async function outcome(): Promise<Outcome> {
  const parse = await acornParser();
  const folder = await Deno.makeTempDir();
  const file = `${folder}/places.ts`;
  await Deno.writeTextFile(file, SOURCE);
  const url = pathToFileURL(file).href;
  let names: string[] = [];
  const hooks = registerHooks({
    load(url, context, next) {
      const loaded = next(url.replace(/\?.*$/, ""), context);
      if (!url.endsWith("?wrapped")) return loaded;
      const { source: given } = loaded;
      const text = typeof given === "string"
        ? given
        : new TextDecoder().decode(given as Uint8Array);
      const it = wrapKept(text, parse(text), url, () => true);
      names = [...it.names.keys()];
      return { ...loaded, source: it.source, shortCircuit: true };
    },
  });
  try {
    const places = async (suffix: string) => {
      const { where, main } = await import(url + suffix);
      return [where[1], main([])].map((it) =>
        /places\.ts[^:]*:(\d+:\d+)/.exec(it)?.[1]
      );
    };
    return {
      plain: await places(""),
      wrapped: await places("?wrapped"),
      names,
    };
  } finally {
    hooks.deregister();
    await Deno.remove(folder, { recursive: true });
  }
}

// Deno goes on waiting for hooks once there are some; inside of a test that would count as a leak.
const { plain, wrapped, names } = await outcome();

Deno.test("traces of a wrapped TypeScript module name the lines and columns of its author", () => {
  assertNotEquals(plain[0], undefined);
  assertNotEquals(plain[1], undefined);
  assertEquals(wrapped, plain);
  assertEquals(names, ["rooms", "where", "main.games", "main.at", "main.n"]);
});
