import { assertEquals } from "@std/assert";
import { withThreads } from "./module_source.ts";

const LONG = "node:worker_threads", SHORT = "worker_threads";

Deno.test("withThreads() shortens what is imported statically, and moves nothing", () => {
  for (
    const of of [
      (name: string, pad: string) => `import { Worker } from "${name}"${pad};`,
      (name: string, pad: string) =>
        `import{Worker as a}from'${name}'${pad};const b=1`,
      (name: string, pad: string) =>
        `import {\n  Worker,\n  parentPort,\n} from "${name}"${pad};\n`,
      (name: string, pad: string) => `import all from "${name}"${pad};`,
      (name: string, pad: string) => `export * from "${name}"${pad};`,
      (name: string, pad: string) =>
        `import a from "a"; import * as t from "${name}"${pad};`,
      (name: string, pad: string) =>
        `const a = 1;\n\nexport { Worker } from "${name}"${pad};\nconst b = a;`,
    ]
  ) assertEquals(withThreads(of(LONG, "")), of(SHORT, "     "));
});

Deno.test("withThreads() leaves alone what only names the module", () => {
  for (
    const text of [
      `const { Worker } = await import("node:worker_threads");`,
      `const name = "node:worker_threads";`,
      `const text = "import { Worker } from 'node:worker_threads'";`,
      `// import { Worker } from "node:worker_threads";`,
      ` * import { Worker } from "node:worker_threads";`,
      `import x from "x"; const from = ("node:worker_threads");`,
      `import "node:worker_threads";`,
    ]
  ) assertEquals(withThreads(text), text);
});
