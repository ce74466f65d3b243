import { assert, assertEquals } from "@std/assert";
import { denoJson, DrivenApp } from "../../support/driven_app.ts";
import { freePort } from "../../support/net/free_port.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Nothing waits for them to listen when the app starts. */
async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    try {
      const connection = await Deno.connect({ port, hostname: "127.0.0.1" });
      await new Response(connection.readable).text();
      return;
    } catch {
      await pause(10);
    }
  }
  throw new Error(`nobody listens on ${port}`);
}

const [deno, node] = [freePort(), freePort()];

/** An app with two servers that say their version to whoever connects, and a check that asks both, in both ways. */
const app = (version: string, wanted = version) => `
import net from "node:net";
import { health } from "@flyhot/runtime";
(async () => {
  for await (const connection of Deno.listen({ port: ${deno}, hostname: "127.0.0.1" })) {
    await connection.write(new TextEncoder().encode("${version}"));
    connection.close();
  }
})();
net.createServer((socket) => socket.end("${version}")).listen(${node}, "127.0.0.1");
const byDeno = async (port: number) => {
  const connection = await Deno.connect({ port, hostname: "127.0.0.1" });
  return await new Response(connection.readable).text();
};
const byNode = (port: number) => new Promise<string>((resolve, reject) => {
  let text = "";
  net.connect(port, "127.0.0.1").on("data", (data) => text += data).on("end", () => resolve(text)).on("error", reject);
});
health(async () => {
  // Others come meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const all = [await byDeno(${deno}), await byDeno(${node}), await byNode(${deno}), await byNode(${node})];
  Object.assign(globalThis, { heard: all.join(" ") });
  return all.every((it) => it === "${wanted}");
});
export const handle = () => (globalThis as { heard?: string }).heard;`;

Deno.test("connections that a check opens without HTTP meet the new code, and nobody else's do (P70)", async () => {
  await using driven = await DrivenApp.start({
    "settings.ts": `export const settings = {};`,
    "app.ts": app("v1"),
    // Somebody is connected at any moment.
    "deno.json": denoJson({ sockets: "keep" }),
  });
  await Promise.all([deno, node].map(listening));
  const heard: string[][] = [[], []];
  let isAsking = true;
  const asking = Promise.all([deno, node].map(async (port, at) => {
    while (isAsking) {
      try {
        const connection = await Deno.connect({ port, hostname: "127.0.0.1" });
        const text = await new Response(connection.readable).text();
        if (text !== heard[at]!.at(-1)) heard[at]!.push(text);
      } catch (error) {
        heard[at]!.push(String(error));
        await pause(50);
      }
      await pause(5);
    }
  }));
  try {
    await pause(100);
    const failed = await driven.upgrade({ "app.ts": app("bad", "good") });
    assert(failed.state === "failed", JSON.stringify(failed));
    assertEquals(failed.phase, "health", failed.message);
    assertEquals(await driven.call("handle"), "bad bad bad bad");
    const result = await driven.upgrade({ "app.ts": app("v2") });
    assertEquals(result.state, "applied", JSON.stringify(result));
    assertEquals(await driven.call("handle"), "v2 v2 v2 v2");
    await pause(100);
  } finally {
    isAsking = false;
    await asking;
  }
  assertEquals(heard, [["v1", "v2"], ["v1", "v2"]]);
});
