import { service } from "@flyhot/runtime";
import { clock } from "./clock.ts";

const sound = "ding";

service("chime", {
  // Two at a time do no harm: the new one starts before the old one stops, so the chime is never silent.
  start({ signal }) {
    console.log(`the ${sound} chime starts`);
    clock.subscribe(({ slot }) => {
      if (slot % 60 === 0) console.log(sound);
    }, { signal });
  },
  stop: () => console.log(`the ${sound} chime has stopped`),
});
