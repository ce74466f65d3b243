/** Pieces for releases that ask for rebinding: one module uses another in any of the ways that decide whether it may stay, or
 * has begun something that goes on with whatever is new.
 * @module
 */
import type { Feature, Params } from "../program/model.ts";
import { asked, commonEdits, commonParams, word } from "./imports.ts";

/** How a module declares what it exports; all of them are called in the same way. */
const FORMS: Readonly<Record<string, (body: string, told: string) => string>> =
  {
    "function": (body) =>
      `export function value(x: number): any { return ${body}; }\n`,
    "arrow": (body) => `export const value = (x: number): any => ${body};\n`,
    "function expression": (body) =>
      `export const value = function (x: number): any { return ${body}; };\n`,
    "async": (body) =>
      `export async function value(x: number): Promise<any> { await 0; return ${body}; }\n`,
    "list": (body) =>
      `const inner = (x: number): any => ${body};\nexport { inner as value };\n`,
    "helper": (body) =>
      `const inner = (x: number): any => ${body};\nexport const value = (x: number): any => inner(x);\n`,
    "hoisted": (body) =>
      `export { value };\nfunction value(x: number): any { return ${body}; }\n`,
    "default": (body) =>
      `export default function named(x: number): any { return ${body}; }\nexport { named as value };\n`,
    "made": (body) =>
      `const make = () => (x: number): any => ${body};\nexport const value = make();\n`,
    "wrapped": (body) =>
      `export const value = Object.assign((x: number): any => ${body}, { told: 1 });\n`,
    "reassigned": (body, told) =>
      `export let value = (x: number): any => ${body};\nexport const swap = () => { value = () => "${told}"; };\n`,
    "object": (body) =>
      `const all = { value: (x: number): any => ${body} };\nexport const { value } = all;\n`,
    "counting": (body) =>
      `const words = ["a", "b"];\nexport const value = (x: number): any => words.length + ${body};\n`,
    "leaves functions": (body) =>
      `const made = new Map<number, () => any>();\nexport const value = (x: number): any => { if (!made.has(x)) made.set(x, () => ${body}); return made.get(x)!(); };\n`,
    "class": (body) =>
      `class Maker { at = "f"; constructor(readonly x: number) {} give(): any { const x = this.x; return this.at + ${body}; } }\nexport const value = (x: number): any => new Maker(x).give();\n`,
    "sets a global": (body, told) =>
      `(globalThis as any).${told}_set = 1;\nexport const value = (x: number): any => ${body};\n`,
  };

/** How another module uses it. */
const USES: Readonly<Record<string, (top: string) => string>> = {
  "calls": (top) =>
    `export const read = async (x: number) => ${top} + await value(x);\n`,
  "calls in a method": (top) =>
    `class Reader { async read(x: number) { return ${top} + await value(x); } }\nexport const read = (x: number) => new Reader().read(x);\n`,
  "calls in a callback": (top) =>
    `export const read = async (x: number) => ${top} + (await Promise.all([x, x + 1].map((it) => value(it)))).join();\n`,
  "calls in a template": (top) =>
    `export const read = async (x: number) => { const it = await value(x); return \`\${${top}}\${it}\`; };\n`,
  "calls by its own name": (top) =>
    `export const read = async (x: number) => ${top} + await value?.(x);\n`,
  "calls through a reaction": (top) =>
    `export const read = (x: number) => Promise.resolve(x).then((it) => value(it)).then((it) => ${top} + it);\n`,
  "another name": (top) =>
    `const it = value;\nexport const read = async (x: number) => ${top} + await it(x);\n`,
  "another name inside": (top) =>
    `export const read = async (x: number) => { const it = value; return ${top} + await it(x); };\n`,
  "evaluated": (top) =>
    `const first = await value(1);\nexport const read = async (x: number) => ${top} + first + await value(x);\n`,
  "evaluated by a function": (top) =>
    `async function begin() { return await value(2); }\nconst first = await begin();\nexport const read = async (_x: number) => ${top} + first;\n`,
  "passed on": (top) =>
    `export const read = async (x: number) => ${top} + (await Promise.all([x].map(value))).join();\n`,
  "shorthand": (top) =>
    `const table = { value };\nexport const read = async (x: number) => ${top} + await table.value(x);\n`,
  "default parameter": (top) =>
    `const run = (x: number, it = value) => it(x);\nexport const read = async (x: number) => ${top} + await run(x);\n`,
  "memo": (top) =>
    `let memo: any;\nexport const read = async (_x: number) => ${top} + (memo ??= await value(3));\n`,
  "memo by a function": (top) =>
    `const memo = new Map<string, any>();\nconst keep = (it: any) => { memo.set("it", it); };\nexport const read = async (_x: number) => { if (!memo.has("it")) keep(await value(3)); return ${top} + memo.get("it"); };\n`,
  "memo of an object": (top) =>
    `const cache = { it: undefined as any };\nconst get = async () => { const it = await value(3); const all = [it]; cache.it ??= all; return cache.it; };\nexport const read = async (_x: number) => ${top} + (await get()).join();\n`,
  "memo in a field": (top) =>
    `class Cache { it: any; async get() { return this.it ??= await value(4); } }\nconst cache = new Cache();\nexport const read = async (_x: number) => ${top} + await cache.get();\n`,
  "memo in a closure": (top) =>
    `const once = (make: () => any) => { let it: any; return () => it ??= make(); };\nconst get = once(() => value(5));\nexport const read = async (_x: number) => ${top} + await get();\n`,
  "memo by instances": (top) =>
    `class Item { it = value(6); }\nconst items = [new Item()];\nexport const read = async (_x: number) => ${top} + await items[0]!.it;\n`,
  "memo by a reaction": (top) =>
    `let memo: any;\nexport const read = async (_x: number) => { if (memo === undefined) await Promise.resolve(value(3)).then((it) => { memo = it; }); return ${top} + memo; };\n`,
  "memo of each": (top) =>
    `const memo: any[] = [];\nexport const read = async (_x: number) => { if (memo.length === 0) [await value(3)].forEach((it) => { memo.push(it); }); return ${top} + memo; };\n`,
  "memo by a promise": (top) =>
    `let memo: any;\nexport const read = async (_x: number) => ${top} + await (memo ??= new Promise((done) => done(value(3))));\n`,
  "memo of a decision": (top) =>
    `let memo: any;\nexport const read = async (_x: number) => { if (memo === undefined) { if (String(await value(3)).length % 2 === 0) memo = "even"; else memo = "odd"; } return ${top} + memo; };\n`,
  "memo of a length": (top) =>
    `let memo: any;\nexport const read = async (_x: number) => ${top} + (memo ??= String(await value(3)).length);\n`,
  "late": (top) =>
    `let ready: any;\nsetTimeout(async () => { ready = await value(7); }, 1);\nexport const read = async (_x: number) => { while (ready === undefined) await new Promise((done) => setTimeout(done, 1)); return ${top} + ready; };\n`,
  "typeof": (top) =>
    `export const read = async (x: number) => ${top} + typeof value + value.length + await value(x);\n`,
  "bound": (top) =>
    `export const read = async (x: number) => ${top} + await value.call(null, x);\n`,
};

const STARTS_ANEW = ["memo", "cache", "ready", "items"];

/** How the names get from the one to the other. */
const WAYS = ["straight", "barrel", "star", "namespace", "started"] as const;

const calling = (id: string, params: Params): Record<string, string> => {
  const from = `./${id}_leaf.ts`;
  const text = USES[String(params.use)]!(`"${params.top}/"`);
  switch (params.way) {
    case "barrel":
      return {
        [`${id}_barrel.ts`]: `export { value as through } from "${from}";\n`,
        [`${id}.ts`]:
          `import { through as value } from "./${id}_barrel.ts";\n${text}`,
      };
    case "star":
      return {
        [`${id}_barrel.ts`]: `export * from "${from}";\n`,
        [`${id}.ts`]: `import { value } from "./${id}_barrel.ts";\n${text}`,
      };
    case "namespace":
      return {
        [`${id}.ts`]: `import * as leaf from "${from}";\n${
          text.replace("{ value }", "{ value: value }")
            .replace(/(?<!\.)\bvalue\b(?!:)/g, "leaf.value")
        }`,
      };
    case "started":
      return {
        [`${id}_start.ts`]:
          `import { read as inner } from "./${id}_use.ts";\nexport const start = () => ({ read: (x: number) => inner(x) });\n`,
        [`${id}_use.ts`]: `import { value } from "${from}";\n${text}`,
        [`${id}.ts`]:
          `import { start } from "./${id}_start.ts";\nconst { read: inner } = start();\nexport const read = (x: number) => inner(x);\n`,
      };
  }
  return { [`${id}.ts`]: `import { value } from "${from}";\n${text}` };
};

/** One module uses a function of another, which is declared in any way. */
export const calls: Feature = {
  kind: "calls",
  weight: 16,
  draw: (random) => ({
    ...commonParams(random),
    form: random.pick(Object.keys(FORMS)),
    use: random.pick(Object.keys(USES)),
    way: random.pick(WAYS),
    top: word(random),
  }),
  render(id, params) {
    const form = FORMS[String(params.form)]!;
    const user = params.way === "started" ? `${id}_use.ts` : `${id}.ts`;
    return {
      files: {
        [`${id}_leaf.ts`]: `// note ${params.note}\n${
          form(`"${params.word}:" + (x + ${params.step})`, id)
        }`,
        ...calling(id, params),
      },
      entry: `${id}.ts`,
      exports: ["read"],
      probes: [asked(`${id}_read`, 1)],
      startsAnew: [
        ...STARTS_ANEW.map((name) => `${user}#${name}`),
        `${user}#get.it`,
        `${user}#once.it`,
        `${id}_leaf.ts#value`,
        `${id}_leaf.ts#made`,
      ],
    };
  },
  edits: {
    ...commonEdits,
    form: [2, (params, random) => ({
      ...params,
      form: random.pick(Object.keys(FORMS)),
    })],
    use: [1, (params, random) => ({
      ...params,
      use: random.pick(Object.keys(USES)),
    })],
    top: [2, (params, random) => ({ ...params, top: word(random) })],
  },
};

/** What has begun before an upgrade and goes on: a port, as an open socket has it; a loop that waits; a stream. */
const BEGUN: Readonly<Record<string, string>> = {
  port: `let there: MessagePort | undefined;
const waiting = new Map<number, (it: string) => void>();
let last = 0;
export const open = () => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data: [id, x] }) => port1.postMessage([id, value(x)]);
  port2.onmessage = ({ data: [id, it] }) => { waiting.get(id)!(it); waiting.delete(id); };
  there = port2;
};
export const read = (x: number) => new Promise((done) => {
  if (!there) return done("closed");
  const id = ++last;
  waiting.set(id, done);
  there.postMessage([id, x]);
});
`,
  loop: `const asks: { x: number; done: (it: string) => void }[] = [];
const answer = async () => {
  while (true) {
    for (const { x, done } of asks.splice(0)) done(value(x));
    await new Promise((done) => setTimeout(done, 2));
  }
};
export const open = () => { void answer(); };
export const read = (x: number) => new Promise((done) => {
  asks.push({ x, done });
  setTimeout(() => done("closed"), 300);
});
`,
  server: `let port = 0;
export const open = () => {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);
  port = server.addr.port;
};
export const read = async (x: number) => {
  if (port === 0) return "closed";
  return await (await fetch(\`http://127.0.0.1:\${port}/?x=\${x}\`)).text();
};
`,
  stream: `let writer: WritableStreamDefaultWriter<number> | undefined;
let reader: ReadableStreamDefaultReader<string> | undefined;
export const open = () => {
  const through = new TransformStream<number, string>({ transform: (x, to) => { to.enqueue(value(x)); } });
  writer = through.writable.getWriter();
  reader = through.readable.getReader();
};
export const read = async (x: number) => {
  if (!writer || !reader) return "closed";
  const answer = reader.read();
  await writer.write(x);
  return (await answer).value;
};
`,
};

/** What a leaf has besides where a server answers by it. */
const ANSWER =
  `export const answer = (request: Request) => new Response(value(Number(new URL(request.url).searchParams.get("x"))));\n`;

/** Something that was begun for a caller, and calls what has changed since. */
export const begun: Feature = {
  kind: "begun",
  weight: 5,
  draw: (random) => ({
    ...commonParams(random),
    style: random.pick(Object.keys(BEGUN)),
    arrow: random.chance(0.5),
  }),
  render(id, params) {
    const body = `"${params.word}:" + (x + ${params.step})`;
    const isServer = params.style === "server";
    const name = isServer ? "answer" : "value";
    return {
      files: {
        [`${id}.ts`]: `import { ${name} } from "./${id}_leaf.ts";\n${BEGUN[
          String(params.style)
        ]!}`,
        [`${id}_leaf.ts`]: `// note ${params.note}\n${
          params.arrow
            ? `export const value = (x: number): string => ${body};\n`
            : `export function value(x: number): string { return ${body}; }\n`
        }${isServer ? ANSWER : ""}`,
      },
      entry: `${id}.ts`,
      exports: ["open", "read"],
      probes: [asked(`${id}_read`, 4)],
      given: [{ name: `${id}_open`, args: [] }],
    };
  },
  edits: commonEdits,
};
