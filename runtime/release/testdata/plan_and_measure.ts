// deno-lint-ignore-file no-console -- it reports to the test that runs it
// Reads the image's files as a plan does and prints memory and the longest stall.
import { AppFiles } from "../app_files.ts";
import { ownCost } from "./own_cost.ts";

const files = new AppFiles(Deno.args[0]!);
const cost = ownCost();
const packages = [...await files.packages()];
const paths = await files.list();
const digests: (string | null)[] = [];
for (const path of paths) digests.push(await files.digest(path));
console.log(
  JSON.stringify({
    packages,
    count: paths.length,
    last: digests.at(-1),
    ...cost(),
  }),
);
