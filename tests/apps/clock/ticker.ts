import { service } from "@flyhot/runtime";
import { clock, INTERVAL_MS } from "./clock.ts";

const sound = "tick";

service("ticker", {
  // There must not be two at a time: the old one stops before the new one starts.
  exclusive: true,
  start() {
    console.log(`the ${sound} ticker starts`);
    return setInterval(() => clock.catchUp(sound), INTERVAL_MS);
  },
  stop(timer) {
    clearInterval(timer);
    console.log(`the ${sound} ticker has stopped`);
  },
});
