import { assert, assertEquals } from "@std/assert";
import { moveApp, type MoveOptions } from "./move_app.ts";

function move(source: string, options: Partial<MoveOptions> = {}) {
  return moveApp({
    source,
    path: "main.ts",
    target: "app.ts",
    isOak: false,
    denoServe: false,
    ...options,
  });
}

function moved(source: string, options: Partial<MoveOptions> = {}) {
  const result = move(source, options);
  assert("app" in result, JSON.stringify(result));
  return result;
}

function unsure(source: string, options: Partial<MoveOptions> = {}) {
  const result = move(source, options);
  assert("unsure" in result, JSON.stringify(result));
  return result.unsure;
}

/** The line with the address in the boot shell. */
function address(source: string): string {
  return moved(source).shell.split("\n").find((it) => it.includes("port:"))!
    .trim();
}

const TYPE = "Deno.ServeHandler<Deno.NetAddr>";

Deno.test("moveApp() exports the handler in place of the call, and serves it from a boot shell", () => {
  const { app, shell } = moved(`import { greet } from "./greet.ts";

// Says hello.
Deno.serve({ port: 8080 }, (request) => {
  const { pathname } = new URL(request.url);
  return new Response(greet(pathname, ")"));
});

export const unrelated = 1;
`);
  assertEquals(
    app,
    `import { greet } from "./greet.ts";

// Says hello.
export const handle: ${TYPE} = (request) => {
  const { pathname } = new URL(request.url);
  return new Response(greet(pathname, ")"));
};

export const unrelated = 1;
`,
  );
  assertEquals(
    shell,
    `// The boot shell: hands every request on to app.ts. Changes here need a cold deploy.
import { live, reapply } from "@flyhot/runtime";

await reapply();
const app = await live(() => import("./app.ts"));

Deno.serve(
  { port: Number(Deno.env.get("PORT") ?? 8080) },
  (request, info) => app.handle(request, info),
);
`,
  );
});

for (
  const [what, source, app] of [
    [
      "a handler by name",
      "function handler(_r: Request) {\n  return new Response();\n}\nDeno.serve(handler);\n",
      `function handler(_r: Request) {\n  return new Response();\n}\nexport const handle: ${TYPE} = handler;\n`,
    ],
    [
      "a handler of an object, without semicolons",
      'import { Hono } from "hono"\nconst app = new Hono()\nDeno.serve(app.fetch)\n',
      `import { Hono } from "hono"\nconst app = new Hono()\nexport const handle: ${TYPE} = app.fetch;\n`,
    ],
    [
      "another name where handle is taken",
      "const handle = () => new Response();\nDeno.serve(handle);\n",
      `const handle = () => new Response();\nexport const handleRequest: ${TYPE} = handle;\n`,
    ],
    [
      "a call that is awaited",
      "await Deno.serve(h);\n",
      `export const handle: ${TYPE} = h;\n`,
    ],
    [
      "a server that is never looked at",
      "const server = Deno.serve(() => new Response());",
      `export const handle: ${TYPE} = () => new Response();`,
    ],
    [
      "a call only where the module is the main one",
      "const f = () => new Response();\nif (import.meta.main) {\n  // Go.\n  Deno.serve(f);\n}\n",
      `const f = () => new Response();\nexport const handle: ${TYPE} = f;\n`,
    ],
    [
      "the same without a comment, and without braces",
      "const f = () => new Response();\nif (import.meta.main) Deno.serve(f);\n",
      `const f = () => new Response();\nexport const handle: ${TYPE} = f;\n`,
    ],
    [
      "the same in braces",
      "const f = () => new Response();\nif (import.meta.main) {\n  Deno.serve(f);\n}\n",
      `const f = () => new Response();\nexport const handle: ${TYPE} = f;\n`,
    ],
  ] as const
) {
  Deno.test(`moveApp() moves ${what}`, () => {
    assertEquals(moved(source).app, app);
  });
}

Deno.test("moveApp() writes no types into JavaScript", () => {
  const { app, shell } = moved("Deno.serve(() => new Response());", {
    path: "main.js",
    target: "app.js",
  });
  assertEquals(app, "export const handle = () => new Response();");
  assert(shell.includes('import("./app.js")'), shell);
  assert(!shell.includes(": Deno."), shell);
});

Deno.test("moveApp() takes the address along, and lets PORT decide", () => {
  const h = "() => new Response()";
  const port = (value: string) =>
    `{ port: Number(Deno.env.get("PORT") ?? ${value}) },`;
  assertEquals(address(`Deno.serve(${h});`), port("8000"));
  assertEquals(address(`Deno.serve({ port: 3_000 }, ${h});`), port("3_000"));
  assertEquals(address(`Deno.serve({}, ${h});`), port("8000"));
  assertEquals(
    address(`Deno.serve({ hostname: "0.0.0.0", port: 80, }, ${h},);`),
    '{ hostname: "0.0.0.0", port: Number(Deno.env.get("PORT") ?? 80) },',
  );
  assertEquals(
    address(`Deno.serve({ port: +(Deno.env.get("HTTP") || "1") }, ${h});`),
    '{ port: +(Deno.env.get("HTTP") || "1") },',
  );
  assertEquals(
    address(
      `const port = Number(Deno.env.get("P") ?? 1);\nDeno.serve({ port }, ${h});`,
    ),
    '{ port: Number(Deno.env.get("P") ?? 1) },',
  );
  assertEquals(
    address(`const PORT: number = 9000\nDeno.serve({ port: PORT }, ${h})`),
    port("9000"),
  );
});

const OAK = { isOak: true };

Deno.test("moveApp() moves an Oak application", () => {
  const { app, shell } = moved(
    'import { Application } from "@oak/oak";\nconst oak = new Application();\nawait oak.listen({ port: 8000 });\n',
    OAK,
  );
  assertEquals(
    app,
    `import { Application } from "@oak/oak";
const oak = new Application();
export const handle: ${TYPE} = async (request, info) =>
  (await oak.handle(request, info.remoteAddr)) ??
    new Response("Not Found", { status: 404 });
`,
  );
  assert(shell.includes(`Deno.env.get("PORT") ?? 8000`), shell);
  assertEquals(unsure("Deno.serve(f);", OAK), [
    "it does not call listen() of the Oak application",
  ]);
  assertEquals(unsure("app.listen({ port: 1, secure: true });", OAK), [
    "the options of listen() of the Oak application have secure: true",
  ]);
});

Deno.test("moveApp() moves a default export for deno serve as it is, and only where that is called", () => {
  const source =
    "export default {\n  fetch() {\n    return new Response();\n  },\n} satisfies Deno.ServeDefaultExport;\n";
  const { app, shell } = moved(source, { denoServe: true });
  assertEquals(app, source);
  assertEquals(
    shell,
    `// The boot shell: hands every request on to app.ts. Changes here need a cold deploy.
import { live, reapply } from "@flyhot/runtime";

await reapply();
const app = await live(() => import("./app.ts"));

const served = app as { readonly default: Deno.ServeDefaultExport };

export default {
  fetch: (request, info) => served.default.fetch(request, info),
} satisfies Deno.ServeDefaultExport;
`,
  );
  assertEquals(unsure(source), [
    "its default export is for deno serve, which no command here calls",
  ]);
});

for (
  const [source, ...reasons] of [
    ["console.log(1);", "it does not call Deno.serve()"],
    ["// Deno.serve(f)\nf('Deno.serve(g)');", "it does not call Deno.serve()"],
    [
      "Deno.serve(f);\nDeno.serve({ port: 1 }, g);",
      "it calls Deno.serve() 2 times",
    ],
    ["}", "it cannot be read at line 1: Unexpected token"],
    [
      "function main() {\n  Deno.serve(f);\n}\nmain();",
      "its call of Deno.serve() stands inside a function or block",
    ],
    [
      "if (Deno.args[0]) Deno.serve(f);",
      "its call of Deno.serve() stands inside a function or block",
    ],
    [
      "if (ready)\n  Deno.serve(f)\n",
      "its call of Deno.serve() stands inside a function or block",
    ],
    [
      "const start = () =>\n  Deno.serve(f);",
      "its call of Deno.serve() is part of a larger expression",
    ],
    [
      "await Deno.serve(f).finished;",
      "its call of Deno.serve() is part of a larger expression",
    ],
    [
      "Deno.serve(f)\n  .finished.then(g);",
      "its call of Deno.serve() is part of a larger expression",
    ],
    [
      "const server = Deno.serve(f);\nserver.unref();",
      "its call of Deno.serve() is kept in server, which is used elsewhere",
    ],
    [
      "Deno.serve({ handler: f });",
      "the handler of Deno.serve() stands in its options",
    ],
    ["Deno.serve();", "Deno.serve() has 0 arguments"],
    [
      "Deno.serve(options, f);",
      "the options of Deno.serve() are not written out",
    ],
    [
      "Deno.serve({ ...rest }, f);",
      "the options of Deno.serve() are more than names and values",
    ],
    [
      "Deno.serve({ onListen() {} }, f);",
      "the options of Deno.serve() are more than names and values",
    ],
    [
      "Deno.serve({ port: 1, cert: Deno.readTextFileSync('x') }, f);",
      "the options of Deno.serve() have cert: Deno.readTextFileSync('x')",
    ],
    [
      "import { port } from './config.ts';\nDeno.serve({ port }, f);",
      "the options of Deno.serve() compute port in a way that is not understood",
    ],
    [
      "let port = 1;\nDeno.serve({ port }, f);",
      "the options of Deno.serve() compute port in a way that is not understood",
    ],
    [
      "setInterval(tick, 1000);\nDeno.cron('x', '* * * * *', tick);\nDeno.serve(f);",
      "it calls setInterval() when it is loaded, and so would every new version: put that into a service() first",
      "it calls Deno.cron() when it is loaded, and so would every new version: put that into a service() first",
    ],
    [
      "new Worker(url);\nDeno.serve(f);",
      "it calls new Worker() when it is loaded, and so would every new version: put that into a service() first",
    ],
    [
      "Deno.serve(f);\nif (import.meta.main) console.log(1);",
      "it asks for import.meta.main elsewhere",
    ],
    [
      "if (import.meta.main) {\n  Deno.serve(f);\n} else {\n  g();\n}",
      "its call of Deno.serve() stands inside a function or block",
    ],
  ] as const
) {
  Deno.test(`moveApp() leaves to a person: ${source.replaceAll("\n", " ")}`, () => {
    assertEquals(unsure(source), reasons);
  });
}

Deno.test("moveApp() is not led astray by what only looks like code", () => {
  const source =
    'const x = `}${"{"}(`;\nconst y = /[(]/;\n/* { */\nDeno.serve(() => new Response(`${x}) ${y}`)); // (\n';
  assertEquals(
    moved(source).app,
    'const x = `}${"{"}(`;\nconst y = /[(]/;\n/* { */\nexport const handle: Deno.ServeHandler<Deno.NetAddr> = () => new Response(`${x}) ${y}`); // (\n',
  );
});
