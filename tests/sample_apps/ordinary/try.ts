import { liveThrough } from "./live_through.ts";
import { CHAT } from "./chat/story.ts";
import { GAME } from "./game/story.ts";
import { DASHBOARD } from "./dashboard/story.ts";
const t = performance.now();
const s = [CHAT, GAME, DASHBOARD].find((x) => x.name === Deno.args[0])!;
setTimeout(() => {
  console.log("LATE");
  Deno.exit(9);
}, 110_000);
const life = await liveThrough(s, {
  onLine: (l) => console.log(Math.round(performance.now() - t), l),
});
console.log(
  life.lines.join("\n"),
  "\n",
  life.violations.join("\n"),
  life.answers,
  Math.round(performance.now() - t),
);
