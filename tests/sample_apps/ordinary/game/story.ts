/** The life of the game: Hono, with classes whose instances are made in `main()`, and players on WebSockets.
 * @module
 */
import { SocketTalker } from "../socket_talker.ts";
import type { Story } from "../story.ts";

/** What is done with the game. */
export const GAME: Story = {
  name: "game",
  versions: 13,
  packages: ["npm:hono@4.12.0", "npm:hono@4.13.19"],
  by: "preload",
  acts: [
    { method: "POST", path: "/games/g{v}", body: { stones: 6 } },
    { method: "POST", path: "/games/long", body: { stones: 1000 } },
    { method: "POST", path: "/games/long/join/ann" },
    { method: "POST", path: "/games/long/join/ben" },
    { method: "POST", path: "/games/long/take/ann/2" },
    { method: "POST", path: "/games/long/take/ann/2" },
    { method: "POST", path: "/games/long/take/ben/4" },
    { method: "POST", path: "/games/long/take/ben/3" },
    { method: "POST", path: "/games/g{v}/join/cyd" },
    { method: "POST", path: "/games/g{v}/take/cyd/3" },
    { method: "POST", path: "/games/none/join/cyd" },
    { method: "POST", path: "/games/g2/say/cyd", body: "hi {v}", from: 5 },
    { method: "POST", path: "/games/long/say/ann", body: "ho", from: 5 },
  ],
  questions: [
    "/",
    "/games",
    "/games/openings",
    "/games/long",
    "/games/g1",
    "/games/g2",
    "/games/none",
  ],
  load: ["/", "/games", "/games/long", "/games/g1", "/games/none"],
  talk: (url) =>
    SocketTalker.open(`${url}/play?game=long&player=ann`, {
      small: (count) => `echo ${count}`,
      answered: (message) =>
        message.startsWith("echo ") ? Number(message.slice(5)) : null,
      isGreeting: (message) => /^(?:hello|welcome) /.test(message),
      lines: () => ["look", "1", "look", "2"],
    }),
  expected: {
    12: {
      state: "refused",
      at: 'main.ts:7 main.lobby.games.get("g1"): ',
    },
  },
};
