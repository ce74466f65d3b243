import { assertEquals } from "@std/assert";
import { amongNamed, mentioned, namedFiles } from "./named_files.ts";

const found = (path: string, text: string) => {
  const { code, data } = namedFiles([[path, text]]);
  return { code: [...code], data: [...data] };
};

Deno.test("namedFiles() finds what modules name by their own place, from the app's folder", () => {
  assertEquals(
    found(
      "src/main.ts",
      `new Worker(new URL("../../workers/w.ts?x", import.meta.url));
       Deno.readTextFile(new URL('../data/w%20x.txt', import.meta.url));
       new URL(\`./page.html\`, import.meta.url); import.meta.resolve("../lib/");
       await import(\`../../plugins/\${name}.ts\`);`,
    ),
    {
      code: ["../workers/w.ts", "../plugins/"],
      data: ["data/w x.txt", "src/page.html", "lib/"],
    },
  );
});

Deno.test("namedFiles() finds nothing in folders around the app, in packages, in secrets and in what is computed", () => {
  for (
    const text of [
      `new URL("../", import.meta.url)`,
      `new URL("../..", import.meta.url)`,
      `new URL("./", import.meta.url)`,
      `new URL("../node_modules/x/y.css", import.meta.url)`,
      `new URL("../.env", import.meta.url)`,
      `new URL("./app.db", import.meta.url)`,
      `new URL(\`../\${name}.txt\`, import.meta.url)`,
      `new URL("../words.txt", base)`,
      `new URL("https://example.com/x.ts", import.meta.url)`,
      `import("../x.ts")`,
    ]
  ) assertEquals(found("main.ts", text), { code: [], data: [] }, text);
});

Deno.test("amongNamed() takes files and all that lies in folders, and not what only begins like them", () => {
  assertEquals(
    amongNamed(["dist/a.js", "dist/b/c.js", "distant.js", "x.json"], [
      "dist/",
      "x.json",
      "y.json",
    ]),
    ["dist/a.js", "dist/b/c.js", "x.json"],
  );
});

Deno.test("mentioned() finds names in quotes", () => {
  const names = new Set(["dist", "out", "gen", "tmp", "logs"]);
  assertEquals(
    mentioned(names, [
      `serveDir(request, { fsRoot: "dist" }); const output = outer;`,
      "Deno.readDir(`./gen/pages`); Deno.open('/logs/x');",
    ]),
    ["dist", "gen", "logs"],
  );
});
