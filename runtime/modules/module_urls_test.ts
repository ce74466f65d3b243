import { assertEquals } from "@std/assert";
import {
  attemptOf,
  folderUrl,
  instanceUrl,
  pathUnder,
  placeOf,
  urlUnder,
} from "./module_urls.ts";

Deno.test("instanceUrl(), placeOf() and attemptOf() undo each other, whatever the app adds", () => {
  const places = [
    "file:///app/x.ts",
    "file:///app/x.ts?raw=1",
    "file:///app/x.ts?raw",
    "file:///app/x.ts?a=1&b=2#f",
    "file:///app/x.ts#f",
    "file:///app/x.ts#?flyhot",
    "file:///app/x.ts?v=3",
    "file:///app/flyhot=1.ts",
  ];
  for (const place of places) {
    assertEquals(attemptOf(place), null, place);
    assertEquals(placeOf(place), place);
    for (const attempt of [1, 12]) {
      const url = instanceUrl(place, attempt);
      assertEquals(attemptOf(url), attempt, url);
      assertEquals(placeOf(url), place, url);
    }
  }
});

Deno.test("attemptOf() leaves alone what only looks like an attempt", () => {
  for (
    const url of [
      "file:///app/x.ts?flyhot=",
      "file:///app/x.ts?flyhot=1x",
      "file:///app/x.ts?notflyhot=1",
      "file:///app/x.ts?flyhot=1&more",
      "file:///app/flyhot=1",
    ]
  ) {
    assertEquals(attemptOf(url), null, url);
  }
});

Deno.test("folderUrl() spells a folder as Deno spells the modules in it, slash or no slash", () => {
  assertEquals(folderUrl("/srv/app"), "file:///srv/app/");
  assertEquals(folderUrl("/srv/app///"), "file:///srv/app/");
  assertEquals(folderUrl("/"), "file:///");
});

Deno.test("folderUrl() matches import.meta.url in a folder of any name", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const odd = `${folder}/odd [a] b#c%20d^e|f{g}\`~'é(1)`;
  try {
    await Deno.mkdir(odd);
    const names = [
      "[id] #1 100%.ts",
      "(x)^|{}`~'.ts",
      "a%41.ts",
      "日本 é.ts",
      "@x&y=z;$,!.ts",
    ];
    const root = folderUrl(odd);
    for (const name of names) {
      await Deno.writeTextFile(
        `${odd}/${name}`,
        "export const url = import.meta.url;",
      );
      const { url } = await import(urlUnder(root, name));
      assertEquals(url, urlUnder(root, name));
      assertEquals(pathUnder(root, url), name);
    }
    // The main module's URL is made by Deno from a path.
    await Deno.writeTextFile(
      `${odd}/${names[0]}`,
      "console.log(import.meta.url)",
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", `${odd}/${names[0]}`],
    }).output();
    assertEquals(
      new TextDecoder().decode(stdout).trim(),
      urlUnder(root, names[0]!),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
