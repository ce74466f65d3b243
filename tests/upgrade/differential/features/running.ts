/** Pieces that run by themselves: timers, loops, services, servers that listen late.
 * @module
 */
import type { Feature, Params } from "../program/model.ts";
import { commonEdits, commonParams } from "./imports.ts";

const beat = (params: Params): string =>
  `(globalThis as any).beat("${params.word}/" + ${params.step})`;

const RUNNING: Readonly<
  Record<string, (params: Params, id: string) => string>
> = {
  interval: (params) => `setInterval(() => ${beat(params)}, 8);\n`,
  chain: (params) =>
    `const tick = () => { ${beat(params)}; setTimeout(tick, 8); };\ntick();\n`,
  loop: (params) =>
    `async function loop() {\n  while (true) {\n    await new Promise((done) => setTimeout(done, 8));\n    ${
      beat(params)
    };\n  }\n}\nloop();\n`,
  service: (params, id) =>
    `import { service } from "@flyhot/runtime";\nservice("${id}", {\n  start: () => setInterval(() => ${
      beat(params)
    }, 8),\n  stop: (timer) => clearInterval(timer),\n});\n`,
  "service with signal": (params, id) =>
    `import { service } from "@flyhot/runtime";\nservice("${id}", {\n  start: ({ signal }) => {\n    const timer = setInterval(() => ${
      beat(params)
    }, 8);\n    signal.addEventListener("abort", () => clearInterval(timer));\n  },\n});\n`,
};

/** Something that happens again and again; what it does shows in the beats of the process. */
export const running: Feature = {
  kind: "running",
  weight: 7,
  draw: (random) => ({
    ...commonParams(random),
    style: random.weighted([
      ["interval", 3],
      ["chain", 2],
      ["loop", 2],
      ["service", 3],
      ["service with signal", 2],
    ]),
  }),
  render: (id, params) => ({
    files: {
      [`${id}.ts`]: `// note ${params.note}\n${
        RUNNING[String(params.style)]!(params, id)
      }export const alive = () => true;\n`,
    },
    entry: `${id}.ts`,
    exports: ["alive"],
    probes: [],
  }),
  edits: commonEdits,
};

const handler = (params: Params): string =>
  `() => new Response("${params.word}" + value(${params.step}))`;

const listening = (id: string, params: Params): string => {
  const options =
    `{ port: Number(Deno.env.get("PORT_${id}")), hostname: "127.0.0.1", onListen() {} }`;
  switch (params.style) {
    case "service":
      return `import { service } from "@flyhot/runtime";\nservice("${id}", {\n  exclusive: true,\n  start: () => Deno.serve(${options}, ${
        handler(params)
      }),\n  stop: (server) => server.shutdown(),\n});\n`;
    case "top":
      return `Deno.serve(${options}, ${handler(params)});\n`;
    default:
      return `async function main() {\n  await new Promise((done) => setTimeout(done, 15));\n  Deno.serve(${options}, ${
        handler(params)
      });\n}\nmain();\n`;
  }
};

/** A server of the app's own on a port of its own. */
export const server: Feature = {
  kind: "server",
  weight: 2,
  draw: (random) => ({
    ...commonParams(random),
    style: random.weighted([["service", 3], ["late", 2], ["top", 1]]),
  }),
  render: (id, params) => ({
    files: {
      [`${id}.ts`]: `import { value } from "./${id}_value.ts";\n${
        listening(id, params)
      }export const alive = () => true;\n`,
      [`${id}_value.ts`]:
        `// note ${params.note}\nexport const value = (x: number) => "${params.word}" + x;\n`,
    },
    entry: `${id}.ts`,
    exports: ["alive"],
    probes: [{ name: id, args: [], how: "http", underLoad: false }],
  }),
  edits: commonEdits,
};
