import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FLY, init, PRELOAD, PREPARE } from "./init_preload_fixture_test.ts";

const DOCKERFILE = `FROM denoland/deno:2.9.6
WORKDIR /app
COPY . .
RUN deno cache main.ts
CMD ["deno", "run", "-A", "main.ts"]
`;

Deno.test("T13: an app with a Map, a timer and a server is hot after flyhot init --yes, and its code is untouched", async () => {
  const main = `import { rooms } from "./rooms.ts";
setInterval(() => console.log(rooms.size), 1000);
Deno.serve(() => new Response(String(rooms.set("a", 1).size)));
`;
  const files = {
    "main.ts": main,
    "rooms.ts": "export const rooms = new Map<string, number>();\n",
    "fly.toml": FLY,
    "Dockerfile": DOCKERFILE,
  };
  const { report, json, read, again } = await init(files);
  assertEquals(await read("main.ts"), main);
  assertEquals(await json(), {
    flyhot: { entry: "main.ts", keep: ["rooms.ts#rooms"] },
  } as never);
  assertEquals(
    await read("Dockerfile"),
    `FROM denoland/deno:2.9.6
WORKDIR /app
COPY . .
RUN deno cache main.ts
RUN deno cache --no-lock ${PRELOAD}
RUN deno run -A --no-lock ${PREPARE} main.ts
CMD ["deno", "run", "-A", "--preload", "${PRELOAD}", "main.ts"]
`,
  );
  assertEquals(
    report.state.map((it: Record<string, unknown>) => [
      it.path,
      it.line,
      it.name,
      it.fate,
    ]),
    [
      ["main.ts", 2, "setInterval()", "ends"],
      ["main.ts", 3, "Deno.serve()", "handed over"],
      ["rooms.ts", 1, "rooms", "kept"],
    ],
  );
  assertStringIncludes(
    again,
    "All 2 modules of main.ts can be replaced while the app runs.",
  );
});

Deno.test("each kind of state gets the list that loses nothing by surprise", async () => {
  const { report, json, again } = await init({
    "main.ts": `import { Games } from "./games.ts";
import { setup } from "./setup.ts";
let hits = 0;
const seen = new Set<string>();
const priceCache = new Map<string, number>();
let ticker: number | undefined;
const table = new Map<string, number>();
table.set("lobby", 1);
const LIMIT = 10;
function main() {
  const games = new Games();
  let open = 0;
  Deno.serve((request) => {
    ticker ??= setInterval(() => {}, 1000);
    hits++;
    open++;
    seen.add(request.url);
    priceCache.set(request.url, LIMIT);
    table.set(request.url, 1);
    return new Response(games.play() + setup());
  });
}
main();
`,
    "games.ts":
      "export class Games { played: number[] = []; play() { return String(this.played.push(1)); } }\n",
    "setup.ts":
      'const names = ["a"];\nexport const setup = () => names.join();\n',
    "fly.toml": FLY,
    "Dockerfile": DOCKERFILE,
  });
  const { flyhot } = await json();
  assertEquals(flyhot, {
    entry: "main.ts",
    keep: [
      "main.ts#hits",
      "main.ts#seen",
      "main.ts#main.games",
      "main.ts#main.open",
    ],
    startsAnew: ["main.ts#priceCache", "main.ts#ticker"],
  });
  assertEquals(report.steps.length, 1);
  assertStringIncludes(
    report.steps[0],
    `Decide what becomes of table (main.ts:7): set() at line 19; set() at line 8 would be done to it a second time. If that does no harm, add to "flyhot" in deno.json: "keep": ["main.ts#table"], "consent": ["repeats:main.ts#table"]; if it may be lost: "startsAnew": ["main.ts#table"].`,
  );
  assertStringIncludes(
    again,
    "0 of 3 modules of main.ts can be replaced while the app runs; not these:\n  main.ts:7 table: ",
  );
});

Deno.test("T14: flyhot init puts the runtime into the process groups of fly.toml, and finds an entry that only a task names", async () => {
  const groups = await init({
    "main.ts": "Deno.serve(() => new Response());\n",
    "worker.ts": "Deno.cron('x', '* * * * *', () => {});\n",
    "Dockerfile": "FROM denoland/deno:2.9.6\nCOPY . .\n",
    "fly.toml":
      'app = "a" # mine\n[processes]\n  web = "deno run -A main.ts" # w\n  worker = \'run -A worker.ts\'\n',
  });
  assertEquals(
    await groups.read("fly.toml"),
    `app = "a" # mine\n[processes]\n  web = "deno run -A --preload ${PRELOAD} main.ts" # w\n  worker = 'run -A --preload ${PRELOAD} worker.ts'\n`,
  );
  assertStringIncludes(
    (await groups.read("Dockerfile"))!,
    `RUN deno cache --no-lock ${PRELOAD}\nRUN deno run -A --no-lock ${PREPARE} main.ts\n`,
  );
  assertEquals((await groups.json()).flyhot, {
    entry: ["main.ts", "worker.ts"],
  });
  const task = await init({
    "src/server.ts":
      "function start() {\n  Deno.serve(() => new Response());\n}\nstart();\n",
    "deno.jsonc":
      '{\n  // tasks\n  "tasks": { "dev": "deno run -A --watch src/server.ts" }\n}\n',
    "fly.toml": FLY,
  });
  assertEquals((await task.json("deno.jsonc")).flyhot, {
    entry: "src/server.ts",
  });
  assertStringIncludes((await task.read("deno.jsonc"))!, "// tasks");
  assertStringIncludes(
    (await task.read("Dockerfile"))!,
    `"--preload", "${PRELOAD}", "src/server.ts"]`,
  );
});

Deno.test("T14: flyhot init finds an entry among the exports of deno.json", async () => {
  const { json } = await init({
    "server/mod.ts": "Deno.serve(() => new Response());\n",
    "deno.json": '{ "exports": "./server/mod.ts" }\n',
    "fly.toml": FLY,
  });
  assertEquals((await json()).flyhot, { entry: "server/mod.ts" } as never);
});

Deno.test("flyhot init sets nodeModulesDir where Deno would not start the runtime, and says what a frozen lock needs", async () => {
  const app = {
    "main.ts": "Deno.serve(() => new Response());\n",
    "fly.toml": FLY,
    "Dockerfile": DOCKERFILE,
  };
  const manual = await init({
    ...app,
    "package.json": '{ "dependencies": {} }',
  });
  assertEquals((await manual.json()).nodeModulesDir, "auto" as never);
  assert(
    manual.report.notes.some((it: string) =>
      it.startsWith("with a package.json and no")
    ),
  );
  const said = await init({
    ...app,
    "deno.json": '{ "nodeModulesDir": "manual" }',
  });
  assertEquals((await said.json()).nodeModulesDir, "auto" as never);
  const none = await init({
    ...app,
    "package.json": "{}",
    "deno.json": '{ "nodeModulesDir": "none" }',
  });
  assertEquals((await none.json()).nodeModulesDir, "none" as never);
  const frozen = await init({
    ...app,
    "deno.json": '{ "lock": { "frozen": true } }',
    "deno.lock": "{}",
  });
  assertEquals(frozen.report.steps, [
    `Write the runtime into the frozen lock file: deno cache --frozen=false ${PRELOAD}`,
  ]);
  const known = await init({
    ...app,
    "deno.json": '{ "lock": { "frozen": true } }',
    "deno.lock": '{ "specifiers": { "jsr:@flyhot/runtime@0.1.0": "0.1.0" } }',
  });
  assertEquals(known.report.steps, []);
});

Deno.test("flyhot init --yes makes a first app in an empty folder, with its image and a name for its state", async () => {
  const { report, json, read } = await init({ "fly.toml": FLY });
  assertEquals(report.entries, []);
  assertEquals((await json()).flyhot, {
    entry: "main.ts",
    keep: ["main.ts#visits"],
  });
  assertStringIncludes(
    (await read("Dockerfile"))!,
    `"--preload", "${PRELOAD}", "main.ts"]`,
  );
  assertEquals(await read(".dockerignore"), ".flyhot\n");
});

Deno.test("flyhot init keeps repositories and packages out of images, over which nothing would be laid", async () => {
  const app = {
    "main.ts": "Deno.serve(() => new Response());\n",
    "fly.toml": FLY,
    "Dockerfile": DOCKERFILE,
  };
  const repository = { ".git/HEAD": "ref: refs/heads/main\n" };
  const { read } = await init({ ...app, ...repository });
  assertEquals(await read(".dockerignore"), ".flyhot\n.git\n");
  assertEquals(await read(".gitignore"), ".flyhot\n");
  const packages = await init({
    ...app,
    ...repository,
    "package.json": "{}",
    ".dockerignore": "**/.git\ndist\n",
  });
  assertEquals(
    await packages.read(".dockerignore"),
    "**/.git\ndist\n.flyhot\nnode_modules\n",
  );
});

Deno.test("flyhot init names holders, sockets and a module that cannot be parsed", async () => {
  const { report } = await init({
    "main.ts": `import { holder, service as run } from "@flyhot/runtime";
export const visits = holder("visits", { state: () => ({ n: 0 }) });
run("clock", { start() {}, stop() {} });
Deno.serve((r) => Deno.upgradeWebSocket(r).response);
`,
    "fly.toml": FLY,
    "Dockerfile": DOCKERFILE,
  });
  assertEquals(
    report.state.map((it: Record<string, unknown>) => [it.line, it.name]),
    [[2, 'holder("visits")'], [3, 'service("clock")'], [4, "Deno.serve()"]],
  );
  assert(
    report.notes.some((it: string) =>
      it.startsWith("main.ts opens WebSockets")
    ),
  );
  const broken = await init({
    "main.ts": "export const = 1;\n",
    "fly.toml": FLY,
    "Dockerfile": DOCKERFILE,
  });
  assertStringIncludes(broken.again, "main.ts:1");
});

Deno.test("flyhot init finds state in functions that only callbacks run: once, by a timer, for each connection", async () => {
  const { report, json } = await init({
    "main.ts": `import { createServer } from "node:http";
import { WebSocketServer } from "npm:ws@8.18.0";
const on: { handle(): number } = { handle: () => 0 };
const server = createServer((_, answer) => answer.end(String(on.handle())));
function start() {
  const players = new Map<number, number>();
  on.handle = () => players.set(players.size, 1).size;
}
function ready() { start(); }
const lazy = () => {
  const seen = new Set<number>();
  on.handle = () => seen.add(seen.size).size;
};
function perCall() {
  const own = new Set<number>();
  on.handle = () => own.add(own.size).size;
}
const sockets = new WebSocketServer({ server });
const greet = (socket: WebSocket) => {
  let room = "", hidden = 0;
  const said: string[] = [];
  socket.onmessage = ({ data }) => { room = data; said.push(room); };
  console.log(hidden);
};
sockets.on("connection", (socket: WebSocket) => {
  const first = new Date();
  greet(socket);
  console.log(first);
});
server.on("request", () => perCall());
setTimeout(lazy, 10);
server.listen(8080, () => ready());
`,
    "fly.toml": FLY,
    "Dockerfile": DOCKERFILE,
  });
  const rows = report.state.map((it: Record<string, unknown>) =>
    `${it.line} ${it.name} ${it.fate}`
  );
  for (
    const row of [
      "6 start.players kept",
      "11 lazy.seen starts new",
      "20 room per connection",
      "21 said per connection",
    ]
  ) assert(rows.includes(row), `${row} in ${rows.join(", ")}`);
  assert(!rows.some((it: string) => /own|hidden|first/.test(it)), rows.join());
  const { keep = [], startsAnew = [] } = (await json()).flyhot as Record<
    string,
    string[]
  >;
  assert(keep.includes("main.ts#start.players"), `${keep}`);
  assert(startsAnew.includes("main.ts#lazy.seen"), `${startsAnew}`);
});
