import { assertEquals } from "@std/assert";
import { events, subscribe } from "./events.ts";
import { appProcess } from "../process/process.ts";

const emit = (version: string) =>
  appProcess.events.emit({ type: "committed", version }, (error) => {
    throw error;
  });

Deno.test("subscribe() hears of the upgrades of this process until it is ended", () => {
  const heard: string[] = [];
  const end = subscribe(({ type, version }) => {
    heard.push(`${type} ${version}`);
  });
  emit("1");
  end();
  emit("2");
  assertEquals(heard, ["committed 1"]);
});

Deno.test("events() reads the upgrades of this process until its signal", async () => {
  const controller = new AbortController();
  const heard: string[] = [];
  const reading = (async () => {
    for await (const { version } of events({ signal: controller.signal })) {
      heard.push(version);
      if (version === "2") controller.abort();
    }
  })();
  emit("1");
  emit("2");
  await reading;
  emit("3");
  assertEquals(heard, ["1", "2"]);
});
