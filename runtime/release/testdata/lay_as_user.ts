// deno-lint-ignore-file no-console -- it reports to the test that runs it
// Prepares one change as whoever runs it, and prints why that fails.
import { openLaidFiles } from "../laid/open_laid_files.ts";

const { root, folder, changes } = JSON.parse(Deno.args[0]!);
const outcome = await openLaidFiles({ root, folder, imageRef: "i" });
if (outcome.status !== "open") throw new Error(outcome.why);
try {
  await (await outcome.files.prepare(changes)).discard();
  console.log(JSON.stringify(null));
} catch (error) {
  console.log(JSON.stringify((error as Error).message));
}
