import { assert, assertEquals } from "@std/assert";
import { HIDDEN, SUMMARIES } from "./summaries.ts";
import { COMMANDS, loadAll } from "./table.ts";

interface Info {
  readonly redirects: Readonly<Record<string, string>>;
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

/** The modules that are loaded with one, and with what it imports later, too, if that counts. */
function loadedWith(root: string, info: Info, later: boolean): Set<string> {
  const modules = new Map(info.modules.map((it) => [it.specifier, it]));
  const seen = new Set<string>();
  const open = [root];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const specifier = info.redirects[next] ?? next;
    const module = modules.get(specifier);
    if (!module || seen.has(specifier)) continue;
    seen.add(specifier);
    for (const { code, isDynamic } of module.dependencies ?? []) {
      if (code && (later || !isDynamic)) open.push(code.specifier);
    }
  }
  return seen;
}

Deno.test("a command line loads what its command needs, and of the others nothing", async () => {
  const main = new URL("../main.ts", import.meta.url).href;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", main],
    stderr: "null",
  }).output();
  assertEquals(code, 0);
  const info: Info = JSON.parse(new TextDecoder().decode(stdout));
  const all = loadedWith(main, info, true);
  const help = loadedWith(main, info, false);
  // Were it all loaded, both would be the same.
  assert(help.size * 4 < all.size, `${help.size} of ${all.size}`);
  const rooms = (loaded: ReadonlySet<string>) =>
    new Set(
      [...loaded].map((url) => /\/src\/([a-z]+)\//.exec(url)?.[1])
        .filter((room) => room !== undefined),
    );
  assertEquals([...rooms(help)].sort(), ["base", "commands", "config", "ui"]);
  const status = new URL("./inspect/status.ts", import.meta.url).href;
  const ofStatus = rooms(loadedWith(status, info, false));
  for (const room of ["init", "rehearse", "sandbox", "release", "doctor"]) {
    assert(rooms(all).has(room), room);
    assert(!ofStatus.has(room), `status loads ${room}`);
  }
});

Deno.test("the list of commands says what the commands say of themselves", async () => {
  const all = await loadAll();
  assertEquals(
    all.map(({ name, summary }) => [name, summary]),
    Object.entries(SUMMARIES),
  );
  assertEquals(
    all.filter(({ hidden }) => hidden).map(({ name }) => name),
    [...HIDDEN],
  );
  assertEquals(
    COMMANDS.filter(({ hidden }) => hidden).map(({ name }) => name),
    [...HIDDEN],
  );
});
