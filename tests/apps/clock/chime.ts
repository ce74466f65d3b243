import { service } from "@flyhot/runtime";
import { clock } from "./clock.ts";
import { journal } from "./journal.ts";

const SOUND = "ding";
const EVERY = 60;

service("chime", {
  // Two at a time do no harm: the new one starts before the old one stops.
  async start({ signal }) {
    await journal.write(`${SOUND} starts`);
    clock.subscribe(({ slot }) => {
      if (slot % EVERY === 0) journal.write(`${SOUND} at ${slot}`);
    }, { signal });
  },
  stop: () => journal.write(`${SOUND} has stopped`),
});
