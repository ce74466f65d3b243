/** How long a release takes to be packed and unpacked, beside `tar czf` and `tar xzf` of the same files.
 * @module
 */
import { join } from "@std/path";
import { denoHost } from "../../../src/host_deno.ts";
import { packRelease } from "../../../src/release/pack/pack.ts";
import { unpack } from "../../../runtime/release/unpack/unpack.ts";
import type { Bench } from "../figure.ts";
import { median, run, withFolder } from "../measuring.ts";

const FULL = { files: 5_000, megabytes: 100, modules: 500 };
const TINY = { files: 20, megabytes: 1, modules: 5 };
const MB = 1_000_000;

/** An app whose files together have a size: modules, texts, and half of it what cannot be compressed. */
async function writeApp(
  root: string,
  { files, megabytes, modules }: typeof FULL,
): Promise<void> {
  const size = Math.floor(megabytes * MB / files);
  const text = new TextEncoder().encode(
    "what a page says, and says again in other words\n".repeat(
      Math.ceil(size / 48),
    ),
  ).subarray(0, size);
  const noise = new Uint8Array(size);
  await Deno.mkdir(join(root, "lib"), { recursive: true });
  const imports: string[] = [];
  for (let at = 0; at < files; at++) {
    if (at < modules) {
      imports.push(`import "./lib/module${at}.ts";`);
      await Deno.writeTextFile(
        join(root, "lib", `module${at}.ts`),
        `export const value${at} = ${at};\n/* ${"text ".repeat(size / 5)} */\n`,
      );
      continue;
    }
    const folder = join(root, "static", `${at % 50}`);
    await Deno.mkdir(folder, { recursive: true });
    for (let from = 0; from < size; from += 65_536) {
      crypto.getRandomValues(noise.subarray(from, from + 65_536));
    }
    await Deno.writeFile(
      join(folder, `file${at}.bin`),
      at % 2 === 0 ? text : noise,
    );
  }
  await Deno.writeTextFile(join(root, "main.ts"), imports.join("\n") + "\n");
  await Deno.writeTextFile(join(root, "deno.json"), "{}");
}

async function* figures({ tiny }: { readonly tiny: boolean }) {
  const what = tiny ? TINY : FULL;
  yield* await withFolder(async (folder) => {
    const root = join(folder, "app");
    await writeApp(root, what);
    using host = denoHost();
    const ms: Record<"tar" | "pack" | "untar" | "unpack", number[]> = {
      tar: [],
      pack: [],
      untar: [],
      unpack: [],
    };
    const timed = async (
      key: keyof typeof ms,
      work: () => Promise<unknown>,
    ) => {
      const from = performance.now();
      await work();
      ms[key].push(performance.now() - from);
    };
    const size = { tar: 0, pack: 0 };
    for (let round = 0; round < (tiny ? 1 : 3); round++) {
      const tar = join(folder, "app.tar.gz");
      await timed("tar", () => run("tar", ["czf", tar, "-C", root, "."]));
      let path = "";
      let dispose = () => Promise.resolve();
      await timed("pack", async () => {
        const packed = await packRelease({ root, app: "bench" }, host);
        ({ path } = packed);
        dispose = () => packed.dispose();
        size.pack = packed.size;
      });
      size.tar = (await Deno.stat(tar)).size;
      const out = join(folder, "out");
      await Deno.mkdir(out);
      await timed("untar", () => run("tar", ["xzf", tar, "-C", out]));
      await Deno.remove(out, { recursive: true });
      await timed(
        "unpack",
        () => unpack(path, out, new AbortController().signal),
      );
      await Deno.remove(out, { recursive: true });
      await dispose();
    }
    const { files, megabytes } = what;
    const row = (
      name: string,
      ours: "pack" | "unpack",
      tar: "tar" | "untar",
    ) => ({
      name,
      value: median(ms[ours]) / median(ms[tar]),
      unit: "x",
      note: `${(median(ms[ours]) / 1000).toFixed(1)} s beside ${
        (median(ms[tar]) / 1000).toFixed(1)
      } s; ${files} files, ${megabytes} MB`,
    });
    return [
      row("pack beside tar czf", "pack", "tar"),
      row("unpack beside tar xzf", "unpack", "untar"),
      {
        name: "size of the release beside that of tar czf",
        value: size.pack / size.tar,
        unit: "x",
      },
    ];
  });
}

/** How long packing takes. */
export const bench: Bench = {
  about: "pack and unpack, beside tar",
  run: figures,
};
