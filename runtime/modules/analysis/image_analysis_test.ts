import { assert, assertEquals } from "@std/assert";
import { DrivenApp } from "../../../tests/support/driven_app.ts";

Deno.test("ImageAnalysis tells what scripts of the image do, at the lines that somebody wrote", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `
import { registerHooks } from "node:module";
import { appProcess } from "${
      new URL("../../process/process.ts", import.meta.url).href
    }";
import { ImageAnalysis } from "${
      new URL("./image_analysis.ts", import.meta.url).href
    }";
let loads = 0;
registerHooks({ load: (url, context, next) => (loads++, next(url, context)) });
// Each import would cost more the more modules there are.
export const readMany = async () => {
  loads = 0;
  const paths = Array.from({ length: 30 }, (_, at) => "many/m" + at + ".ts");
  const { size } = await new ImageAnalysis(appProcess.modules).of(paths);
  return { size, loads };
};
export const read = async () => Object.fromEntries(await new ImageAnalysis(appProcess.modules).of(["state.ts", "broken.ts", "data.json", "gone.ts"]));
`,
    "state.ts": `interface Room {
  name: string;
}

enum Kind { A, B = 5 }

let count: number = 0;
export const inc = () => { count++; return Kind.B as number; };
`,
    "broken.ts": `export const = ;`,
    "data.json": `{}`,
    ...Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [
        `many/m${at}.ts`,
        `export const value: number = ${at};`,
      ]),
    ),
  });
  const found = await app.call("read") as Record<string, {
    bindings: { name: string; line: number; column: number }[];
  }>;
  assertEquals(Object.keys(found), ["state.ts"]);
  const [binding] = found["state.ts"]!.bindings;
  assertEquals(
    [binding?.name, binding?.line, binding?.column],
    ["count", 7, 5],
  );
  const { size, loads } = await app.call("readMany") as {
    size: number;
    loads: number;
  };
  assertEquals(size, 30);
  // What parses them may be loaded here where there can be no worker.
  assert(loads < 30, `${loads} modules were loaded for it`);
});
