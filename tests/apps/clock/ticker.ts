import { service } from "@flyhot/runtime";
import { clock, INTERVAL_MS } from "./clock.ts";
import { journal } from "./journal.ts";

const SOUND = "tick";

service("ticker", {
  // Two at a time would mix their sounds: the old one stops before the new one starts.
  exclusive: true,
  async start() {
    await journal.write(`${SOUND} starts`);
    return setInterval(() => clock.tick(SOUND), INTERVAL_MS);
  },
  async stop(timer) {
    clearInterval(timer);
    await clock.tick(SOUND);
    await journal.write(`${SOUND} has stopped`);
  },
});
