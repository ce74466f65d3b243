// deno-lint-ignore-file no-console -- it reports to the test that runs it
// Unpacks a release and prints by how much memory grew and how long the event loop stood still at the most.

import { unpack } from "../unpack/unpack.ts";
import { ownCost } from "./own_cost.ts";

const [tarball, folder] = Deno.args as [string, string];
const cost = ownCost();
let why: string | null = null;
try {
  await unpack(tarball, folder, new AbortController().signal);
} catch (error) {
  why = (error as Error).message;
}
console.log(JSON.stringify({ why, ...cost() }));
